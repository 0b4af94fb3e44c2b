package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
)

// localSocket is where the worker of this host listens for its users; empty where none does.
func localSocket() string {
	for _, path := range config.Sockets() {
		if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_ = conn.Close() // it was only looked at
			return path
		}
	}
	return ""
}

// vouchWait bounds how long the worker of this host may take to sign.
const vouchWait = 5 * time.Second

func vouch(ctx context.Context, socket string, req identity.VouchRequest) (said identity.Vouched, err error) {
	body, err := json.Marshal(req)
	if err != nil {
		return said, err
	}
	return said, callLocal(ctx, socket, http.MethodPost, identity.VouchPath, body, &said)
}

// whoCalls is who the worker of this host says that we are.
func whoCalls(ctx context.Context, socket string) (caller identity.Caller, err error) {
	return caller, callLocal(ctx, socket, http.MethodGet, identity.WhoPath, nil, &caller)
}

// callLocal calls the worker of this host.
func callLocal(ctx context.Context, socket, method, path string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, vouchWait)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	call, err := http.NewRequestWithContext(ctx, method, "http://local"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := client.Do(call)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return errors.New(strings.TrimSpace(string(text)))
	}
	return json.Unmarshal(text, into)
}
