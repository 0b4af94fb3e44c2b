package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/worker/ingress"
)

// parts are what the worker needs to do its work and to remember it.
func (a *App) parts() []ingress.Part {
	return []ingress.Part{
		{Name: "temporal", Check: a.serverAnswers},
		{Name: "worker", Check: a.polls},
		{Name: "ledger", Check: a.ledger.Check},
		{Name: "state", Check: a.state.check},
	}
}

func (a *App) polls(context.Context) error {
	if !a.polling.Load() {
		return errors.New("it does not poll")
	}
	return nil
}

func (a *App) serverAnswers(ctx context.Context) error {
	if _, err := a.client.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	return nil
}

// stateOf is the state of a process with this ledger and these further files.
func stateOf(book *ledger.Store, files []string) (*state, error) {
	dir, err := config.StateDir()
	if err != nil {
		return nil, err
	}
	if file := book.File(); file != "" {
		files = append([]string{file}, files...)
	}
	files = append(files, filepath.Join(dir, config.SocketName)) // without which people here can prove nothing
	return openState(dir, files...)
}
