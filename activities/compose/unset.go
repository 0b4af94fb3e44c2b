package compose

import (
	"errors"
	"maps"
	"regexp"
	"slices"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
)

// bare finds $NAME and ${NAME}, those within another's default included; the first branch is an escape.
var bare = regexp.MustCompile(`\$\$|\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})`)

// unsetNames are variables without a value and without a default, for which Compose puts nothing. It
// only warns of them, and without saying who uses them.
type unsetNames map[string]bool

// record notes them while the files are read, where included ones have variables of their own. It also
// keeps the reader from writing warnings to stderr, which are Compose's to give.
func (u unsetNames) record(o *loader.Options) {
	if o.Interpolate == nil {
		// The reader asks twice, and first only where the file is.
		return
	}
	o.Interpolate.Substitute = func(text string, lookup template.Mapping) (string, error) {
		asked := map[string]bool{}
		value, err := template.SubstituteWithOptions(text, func(name string) (string, bool) {
			value, ok := lookup(name)
			if !ok {
				asked[name] = true
			}
			return value, ok
		}, template.WithoutLogging)
		for _, m := range bare.FindAllStringSubmatch(text, -1) {
			if name := m[1] + m[2]; asked[name] {
				u[name] = true
			}
		}
		return value, unquoted(err)
	}
}

// errTemplate stands for the reader's own error, which quotes the whole text: that of the file, which may hold a
// secret.
var errTemplate = errors.New("a $ begins neither $NAME nor ${NAME} nor a form of it such as ${NAME:-default}; write $$ for a dollar sign")

// unquoted returns err without the text in which a variable is not written as it must be.
func unquoted(err error) error {
	if _, ok := errors.AsType[*template.InvalidTemplateError](err); ok {
		return errTemplate
	}
	return err
}

// usesUnset returns the unset variables that a service uses, sorted: in its own text, in that of the
// configs, secrets, networks and volumes that it names, and as the value of a secret or config. What only
// its build uses does not count.
func (m *model) usesUnset(s types.ServiceConfig) []string {
	used := map[string]bool{}
	if len(m.unset) > 0 && m.written() == nil {
		maps.Copy(used, m.unset)
	}
	m.find(used, "services", s.Name)
	for _, ref := range references(s) {
		m.find(used, ref.kind+"s", ref.Source)
		if o := m.object(ref); o.Environment != "" && o.Content == "" {
			if _, ok := m.Environment[o.Environment]; !ok {
				used[o.Environment] = true
			}
		}
	}
	for name := range s.Networks {
		m.find(used, "networks", name)
	}
	for _, v := range s.Volumes {
		if v.Type == types.VolumeTypeVolume {
			m.find(used, "volumes", v.Source)
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// find notes the unset variables in the text of one entry.
func (m *model) find(used map[string]bool, section, name string) {
	if len(m.unset) == 0 {
		return
	}
	entries, _ := m.written()[section].(map[string]any)
	entry, ok := entries[name].(map[string]any)
	if !ok {
		return
	}
	for option, value := range entry {
		if option != "build" {
			m.walk(used, value)
		}
	}
}

func (m *model) walk(used map[string]bool, value any) {
	switch value := value.(type) {
	case string:
		for _, found := range bare.FindAllStringSubmatch(value, -1) {
			if name := found[1] + found[2]; m.unset[name] {
				used[name] = true
			}
		}
	case map[string]any:
		for _, v := range value {
			m.walk(used, v)
		}
	case []any:
		for _, v := range value {
			m.walk(used, v)
		}
	}
}
