package dockerd

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// executed is a command that has ended. With a terminal all that it wrote is in stdout.
type executed struct {
	stdout head
	stderr tail
	code   int
}

// exec runs a command in a container and waits for its end.
func (e *Engine) exec(ctx context.Context, id string, o container.ExecOptions) (*executed, error) {
	o.AttachStdout, o.AttachStderr = true, true
	created, err := e.api.ContainerExecCreate(ctx, id, o)
	if err != nil {
		return nil, err
	}
	stream, err := e.api.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{Tty: o.Tty})
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	// Reading a hijacked connection does not heed the context.
	defer context.AfterFunc(ctx, stream.Close)()
	done := &executed{stdout: head{size: maxOutput}, stderr: tail{size: maxLog}}
	if o.Tty {
		_, err = io.Copy(&done.stdout, stream.Reader)
	} else {
		_, err = stdcopy.StdCopy(&done.stdout, &done.stderr, stream.Reader)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	done.code, err = e.exitCode(ctx, created.ID)
	return done, err
}

// exitCode waits for the end of a command, which the engine may notice a little after its output
// has ended.
func (e *Engine) exitCode(ctx context.Context, exec string) (int, error) {
	for {
		state, err := e.api.ContainerExecInspect(ctx, exec)
		if err != nil || !state.Running {
			return state.ExitCode, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// head keeps the first size bytes that are written to it. It takes the rest too, because a full pipe
// would keep a command from ending.
type head struct {
	size int
	kept bytes.Buffer
}

func (h *head) Write(p []byte) (int, error) {
	h.kept.Write(p[:min(len(p), h.size-h.kept.Len())])
	return len(p), nil
}

func (h *head) String() string { return h.kept.String() }
