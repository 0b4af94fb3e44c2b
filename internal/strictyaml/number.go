package strictyaml

import (
	"fmt"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Exact is the largest whole number up to which a float64, and so JSON, has all of them.
const Exact = 1 << 53

var whole = regexp.MustCompile(`^[-+]?[0-9]+$`)

// TooLarge says what is wrong with a whole number beyond Exact, which would be another one behind JSON; empty when
// nothing is, or text is no whole number.
func TooLarge(text string) string {
	if n, err := strconv.ParseInt(text, 10, 64); whole.MatchString(text) && (err != nil || n < -Exact || n > Exact) {
		return fmt.Sprintf("is too large; whole numbers go from %d to %d", -Exact, Exact)
	}
	return ""
}

// tooLarge is TooLarge of what stands in the file.
func (d *Document) tooLarge(n *yaml.Node, path string) bool {
	problem := ""
	if isNumber(n.ShortTag()) {
		problem = TooLarge(n.Value)
	}
	if problem != "" {
		d.breakAt(n, path, "%s %s", plain(n.Value), problem)
	}
	return problem != ""
}

func isNumber(tag string) bool { return tag == "!!int" || tag == "!!float" }
