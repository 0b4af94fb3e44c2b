package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// ui is the Web UI, serving in a goroutine of its own.
type ui struct {
	server *uiserver.Server
	done   chan struct{}
	url    string
}

// startUI starts the Web UI. Its pages work without the internet: the news feed and the look for
// newer versions are off.
func startUI(a addresses, namespace string) *ui {
	host := strings.TrimSuffix(net.JoinHostPort(a.ui.IP, ""), ":") // brackets around IPv6
	u := &ui{
		server: uiserver.NewServer(server_options.WithConfigProvider(&config.Config{
			Host:                host,
			Port:                a.ui.Port,
			TemporalGRPCAddress: a.frontend.dial(),
			DefaultNamespace:    namespace,
			EnableUI:            true,
			DisableNewsFetch:    true,
			HideLogs:            true,
			// The page is plain HTTP on the host itself: a browser would drop a secure cookie.
			CORS: config.CORS{CookieInsecure: true},
		})),
		done: make(chan struct{}),
		url:  "http://" + a.ui.dial() + "/",
	}
	go func() {
		defer close(u.done)
		_ = u.server.Start() // it ends the process itself when it cannot listen; claim has just probed
	}()
	return u
}

// ready waits until the start page is served.
func (u *ui) ready(ctx context.Context) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.url, nil)
		if err != nil {
			return fmt.Errorf("web UI: %w", err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("status %d", resp.StatusCode)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("web UI does not answer on %s: %w", u.url, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop closes the listener and every connection, and waits for the goroutine.
func (u *ui) stop() {
	if u != nil {
		u.server.Stop()
		<-u.done
	}
}
