package compose

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/activities"
)

// defaultMode is what Compose gives to a config or a secret without a mode.
const defaultMode = 0o444

// reference is a service's use of a config or a secret.
type reference struct {
	kind string // config or secret
	types.FileReferenceConfig
}

// references returns them in the order in which Compose writes them.
func references(s types.ServiceConfig) []reference {
	var out []reference
	for _, ref := range s.Secrets {
		out = append(out, reference{"secret", types.FileReferenceConfig(ref)})
	}
	for _, ref := range s.Configs {
		out = append(out, reference{"config", types.FileReferenceConfig(ref)})
	}
	return out
}

// what names it for people.
func (r reference) what() string { return r.kind + " " + r.Source }

// target is where it is in the container.
func (r reference) target() string {
	base := "/"
	if r.kind == "secret" {
		base = "/run/secrets"
	}
	switch {
	case r.Target == "":
		return path.Join(base, r.Source)
	case path.IsAbs(r.Target):
		return path.Clean(r.Target)
	}
	return path.Join(base, r.Target)
}

// object is the definition that a reference names.
func (m *model) object(r reference) types.FileObjectConfig {
	if r.kind == "secret" {
		return types.FileObjectConfig(m.Secrets[r.Source])
	}
	return types.FileObjectConfig(m.Configs[r.Source])
}

// given says where the bytes of a reference are from.
type given int

const (
	fromFile     given = iota // a bind mount
	fromText                  // written by Compose, and known
	fromNowhere               // written by Compose, but a variable is not set
	fromEmpty                 // `content: ""`: Compose mounts the project's folder
	fromEmptyVar              // a variable that is set to nothing: Compose writes nothing
)

func (m *model) source(r reference) given {
	o := m.object(r)
	if o.Content == "" && o.Environment != "" {
		switch value, ok := m.Environment[o.Environment]; {
		case !ok:
			return fromNowhere
		case value == "":
			return fromEmptyVar
		}
		return fromText
	}
	uses := map[string]bool{}
	if o.File == "" {
		m.find(uses, r.kind+"s", r.Source)
	}
	switch {
	case len(uses) > 0:
		return fromNowhere
	case o.Content != "":
		return fromText
	case o.File == "" && !bool(o.External) || o.File == m.WorkingDir:
		return fromEmpty
	}
	return fromFile
}

// Files returns what Compose would write into a container of the service: the configs and secrets that
// come from the text of the file or from a variable. Those that come from a file are mounts. What Compose
// itself refuses is PreconditionFailed.
func (p *Project) Files(ctx context.Context, service string) ([]activities.ContainerFile, error) {
	m, s, err := p.named(ctx, service)
	if err != nil {
		return nil, err
	}
	if err := m.refused(s); err != nil {
		return nil, activities.Fail(activities.PreconditionFailed, err)
	}
	var out []activities.ContainerFile
	for _, ref := range references(s) {
		from := m.source(ref)
		if from != fromText && from != fromNowhere {
			continue
		}
		file := activities.ContainerFile{
			What: ref.what(), Target: ref.target(), Mode: defaultMode, UID: ref.UID, GID: ref.GID, Known: from == fromText,
		}
		if ref.Mode != nil {
			file.Mode = int64(*ref.Mode)
		}
		if file.Known {
			o := m.object(ref)
			file.Bytes = []byte(o.Content)
			if o.Content == "" {
				file.Bytes = []byte(m.Environment[o.Environment])
			}
		}
		out = append(out, file)
	}
	return out, nil
}

// refused returns why Compose would not make or start a container of the service for its configs and
// secrets.
func (m *model) refused(s types.ServiceConfig) error {
	for _, ref := range references(s) {
		o, from := m.object(ref), m.source(ref)
		switch {
		case bool(o.External), o.Driver != "", o.TemplateDriver != "":
			return fmt.Errorf("the %s is external or has a driver, which Compose does not support", ref.what())
		case s.ReadOnly && (from == fromText || from == fromNowhere):
			return fmt.Errorf("the %s cannot be written into a service that is read_only; give it as a `file`", ref.what())
		case ref.UID != "" && !number(ref.UID), ref.GID != "" && !number(ref.GID):
			return errors.New("uid and gid of the " + ref.what() + " are not numbers")
		}
	}
	return nil
}

func number(text string) bool {
	for _, r := range text {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}
