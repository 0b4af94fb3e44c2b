package server

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/route"
	uiassets "github.com/temporalio/ui-server/v2/ui"
)

// ui is the Web UI, serving in a goroutine of its own.
type ui struct {
	server *http.Server
	done   chan struct{}
}

// startUI starts the Web UI behind its door. Connections are bounded in time and size, because whoever
// reaches the port needs no password.
func startUI(a addresses, namespace string, logger *slog.Logger) (*ui, error) {
	pages, err := newPages(a.frontend.dial(), namespace)
	if err != nil {
		return nil, fmt.Errorf("web UI: %w", err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(a.ui.IP, strconv.Itoa(a.ui.Port)))
	if err != nil {
		return nil, a.ui.busy(err)
	}
	u := &ui{done: make(chan struct{}), server: &http.Server{
		Handler:           newDoor(a.ui, pages),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute, // a page waits for news of its run in long polls
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug), // what strangers send wrongly
	}}
	go func() {
		defer close(u.done)
		if err := u.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("the Web UI has ended", "error", err)
		}
	}()
	return u, nil
}

// newPages are ui-server's pages and the API that they ask, without its own listener. They work without
// the internet: the news feed and the look for newer versions are off. So is whatever changes a run:
// people act with starter, and the ledger knows of it.
func newPages(frontend, namespace string) (http.Handler, error) {
	settings, err := config.NewConfigProviderWithRefresh(&config.Config{
		TemporalGRPCAddress: frontend,
		DefaultNamespace:    namespace,
		EnableUI:            true,
		DisableNewsFetch:    true,
		DisableWriteActions: true,
	})
	if err != nil {
		return nil, err
	}
	assets, err := uiassets.Assets()
	if err != nil {
		return nil, err
	}
	if assets, err = fs.Sub(assets, "local"); err != nil {
		return nil, err
	}
	e := echo.New()
	e.Use(middleware.Gzip(), middleware.Secure())
	if err := route.SetAPIRoutes(e, settings, nil); err != nil {
		return nil, err
	}
	if err := route.SetUIRoutes(e, "", assets, settings); err != nil {
		return nil, err
	}
	route.SetRenderRoute(e, "/")
	return e, nil
}

// stop closes the listener and every connection, and waits for the goroutine.
func (u *ui) stop() {
	if u != nil {
		_ = u.server.Close()
		<-u.done
	}
}
