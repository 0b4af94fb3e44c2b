package dockerd

import (
	"context"
	"fmt"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

// stubborn is an engine that starts nothing and leaves an exit code behind.
type stubborn struct {
	api
	says error
	code int
}

func (s stubborn) ContainerStart(context.Context, string, container.StartOptions) error {
	return s.says
}

func (s stubborn) ContainerInspect(context.Context, string) (container.InspectResponse, error) {
	return container.InspectResponse{ContainerJSONBase: &container.ContainerJSONBase{State: &container.State{ExitCode: s.code}}}, nil
}

// Where the words are not known, the exit code tells that a command cannot be run.
func TestStartByExitCode(t *testing.T) {
	strange := fmt.Errorf("words of another release: %w", errdefs.ErrInternal)
	for _, c := range []struct {
		name  string
		says  error
		code  int
		class string
	}{
		{"cannot be executed", strange, 126, activities.InvalidInput},
		{"is not there", strange, 127, activities.InvalidInput},
		{"the engine could not, which may pass", strange, 128, ""},
		{"known words go first", fmt.Errorf("port is already allocated: %w", errdefs.ErrInternal), 127, activities.PreconditionFailed},
		{"an engine that is going down", errdefs.ErrUnavailable, 127, activities.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := (&Engine{api: stubborn{says: c.says, code: c.code}}).start(t.Context(), "web", "start web")
			require.Equal(t, c.class, classOf(err))
			require.ErrorIs(t, err, c.says)
		})
	}
}
