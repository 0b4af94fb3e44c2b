package runbooktest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// differences says, on one line each, what was expected and what was seen instead.
func differences(want Expect, got Result) []string {
	var all []string
	differ := func(what, want, got string) { all = append(all, what+": expected "+want+", saw "+got) }
	if got.Outcome != want.Outcome {
		why := ""
		if got.Reason != "" {
			why = " (" + got.Reason + ")"
		}
		differ("outcome", string(want.Outcome), string(or(got.Outcome, "none"))+why)
	}
	if re, err := regexp.Compile(want.Reason); err != nil || !re.MatchString(got.Reason) {
		differ("reason", want.Reason, strconv.Quote(got.Reason))
	}
	for _, l := range []struct {
		what      string
		want, got []string
	}{{"path", want.Path, got.Path}, {"undone", want.Undone, got.Undone}, {"not_undone", want.NotUndone, got.NotUndone}} {
		if l.want != nil && !slices.Equal(l.want, l.got) {
			i := 0
			for i < min(len(l.want), len(l.got)) && l.want[i] == l.got[i] {
				i++
			}
			differ(fmt.Sprintf("%s[%d]", l.what, i), at(l.want, i), at(l.got, i)+"; all of it: ["+strings.Join(l.got, ", ")+"]")
		}
	}
	if want.Denied != nil && *want.Denied != got.Denied {
		differ("denied", strconv.Itoa(*want.Denied), strconv.Itoa(got.Denied))
	}
	if want.Took != nil && *want.Took != got.Took {
		differ("took", strictyaml.Duration(*want.Took).String(), strictyaml.Duration(got.Took).String())
	}
	return all
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "the end"
}

func or[T ~string](text, otherwise T) T {
	if text == "" {
		return otherwise
	}
	return text
}
