package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// outputLimit bounds what is kept of a command's output, in bytes.
const outputLimit = 16 << 10

// exec runs a command in a container and returns what it wrote and its exit code.
func (e *engine) exec(ctx context.Context, id string, command ...string) (output string, code int, err error) {
	var made struct {
		ID string `json:"Id"`
	}
	create := map[string]any{"Cmd": command, "AttachStdout": true, "AttachStderr": true, "Tty": true}
	text, err := e.post(ctx, "/containers/"+url.PathEscape(id)+"/exec", create)
	if err != nil {
		return "", 0, err
	}
	if err := json.Unmarshal(text, &made); err != nil {
		return "", 0, fmt.Errorf("its answer: %w", err)
	}
	text, err = e.post(ctx, "/exec/"+url.PathEscape(made.ID)+"/start", map[string]any{"Detach": false, "Tty": true})
	if err != nil {
		return "", 0, err
	}
	for {
		var state struct {
			Running  bool
			ExitCode int
		}
		if err := e.get(ctx, "/exec/"+url.PathEscape(made.ID)+"/json", &state); err != nil || !state.Running {
			return string(text), state.ExitCode, err
		}
		// The engine may notice the end a little after the output has ended.
		select {
		case <-ctx.Done():
			return "", 0, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// post sends a document and returns the beginning of the answer.
func (e *engine) post(ctx context.Context, path string, document any) ([]byte, error) {
	if e.fault != nil {
		return nil, e.fault
	}
	body, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := e.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		return nil, &statusError{response.StatusCode}
	}
	return io.ReadAll(io.LimitReader(response.Body, outputLimit))
}
