package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	errUnknownModel = errors.New("no such model")
	errNotLoaded    = errors.New("model is not loaded")
)

// models are the models that one process holds.
type models struct {
	mu sync.Mutex
	by map[string]*model
}

type model struct {
	latency  time.Duration
	loaded   bool
	requests float64
}

func newModels(latency map[string]time.Duration) *models {
	m := &models{by: map[string]*model{}}
	for name, d := range latency {
		m.by[name] = &model{latency: d, loaded: true}
	}
	return m
}

// generate answers after latency, or after the model's own when latency is negative.
func (m *models) generate(ctx context.Context, name string, latency time.Duration) error {
	m.mu.Lock()
	x, err := m.loaded(name)
	if err == nil {
		x.requests++
		if latency < 0 {
			latency = x.latency
		}
	}
	m.mu.Unlock()
	if err != nil {
		return err
	}
	return sleep(ctx, latency)
}

// health says whether a model could answer.
func (m *models) health(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.loaded(name)
	return err
}

func (m *models) loaded(name string) (*model, error) {
	x := m.by[name]
	switch {
	case x == nil:
		return nil, fmt.Errorf("%s: %w", name, errUnknownModel)
	case !x.loaded:
		return nil, fmt.Errorf("%s: %w", name, errNotLoaded)
	}
	return x, nil
}

// set loads or unloads a model; doing it twice is no error.
func (m *models) set(name string, loaded bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.by[name]
	if x == nil {
		return &httpError{http.StatusNotFound, name + ": " + errUnknownModel.Error()}
	}
	x.loaded = loaded
	return nil
}

func (m *models) collect(r registry) {
	each := func(value func(*model) float64) func(emit) {
		return func(e emit) {
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, name := range slices.Sorted(maps.Keys(m.by)) {
				e(value(m.by[name]), name)
			}
		}
	}
	r.collect(prometheus.GaugeValue, "model_loaded", "1 when the model is loaded.", []string{"model"},
		each(func(x *model) float64 { return boolFloat(x.loaded) }))
	r.collect(prometheus.CounterValue, "model_requests_total", "Answers asked of the model.", []string{"model"},
		each(func(x *model) float64 { return x.requests }))
}

// setAction is the admin call that loads or unloads the model in the path.
func (m *models) setAction(r *http.Request, load bool) (any, error) {
	name := r.PathValue("model")
	if err := m.set(name, load); err != nil {
		return nil, err
	}
	return map[string]any{"model": name, "loaded": load}, nil
}
