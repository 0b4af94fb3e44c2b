package compose

import (
	"context"
	"path"

	"github.com/compose-spec/compose-go/v2/types"
)

// Mount is a folder or a file of the host in the containers of a service.
type Mount struct {
	// Source is the absolute path on the host, Target the one in the container.
	Source, Target string
}

// Mounts returns what the containers of a service have of the host's folders and files, configs and secrets
// that are files included. Errors are those of Services; a service that is not there is NotFound.
func (p *Project) Mounts(ctx context.Context, service string) ([]Mount, error) {
	m, s, err := p.named(ctx, service)
	if err != nil {
		return nil, err
	}
	var out []Mount
	for _, v := range s.Volumes {
		if v.Type == types.VolumeTypeBind {
			out = append(out, Mount{Source: v.Source, Target: path.Clean(v.Target)})
		}
	}
	for _, ref := range references(s) {
		if file := m.object(ref).File; file != "" && m.source(ref) == fromFile {
			out = append(out, Mount{Source: file, Target: ref.target()})
		}
	}
	return out, nil
}
