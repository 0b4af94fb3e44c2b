package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// app answers requests in three modes, from the cache or from the models of the mode.
type app struct {
	s        *server
	slots    *slots
	cache    *cache
	breakers *breakers
	pool     *pool
	local    *models  // nil when model servers answer
	backend  backend  // local, or the client of the model servers
	trainer  *trainer // what the training orders reach when there is no TRAINER_URL

	mu         sync.Mutex
	downshift  map[string]string // asked mode → served mode
	downshifts int               // downshifts ordered
	downgraded int               // requests served in another mode than asked
}

func newApp(s *server) *app {
	a := &app{
		s: s, slots: newSlots(s.cfg.concurrency, s.cfg.queue), cache: newCache(),
		breakers: newBreakers(), pool: &pool{}, trainer: newTrainer(), downshift: map[string]string{},
	}
	if len(s.cfg.modelURL) > 0 {
		a.backend = newModelClient(s.cfg.modelURL)
	} else {
		a.local = newModels(s.cfg.models)
		a.local.collect(s.metrics)
		a.backend = a.local
	}
	a.slots.collect(s.metrics, s)
	a.cache.collect(s.metrics)
	a.pool.collect(s.metrics)
	s.metrics.collect(prometheus.GaugeValue, "breaker_open", "1 while a model is not called.", []string{"model"}, func(e emit) {
		for _, model := range modelsOf["creative"] {
			e(boolFloat(a.breakers.state(model) == "open"), model)
		}
	})
	s.metrics.total("downshifted_requests_total", "Requests served in a cheaper mode than asked.",
		func() float64 { a.mu.Lock(); defer a.mu.Unlock(); return float64(a.downgraded) })
	s.mux.HandleFunc("GET /generate", s.work(a.generate))
	s.mux.HandleFunc("POST /generate", s.work(a.generate))
	a.adminRoutes()
	return a
}

// answer is what /generate returns.
type answer struct {
	Mode   string `json:"mode"` // the mode it was served in
	Source string `json:"source"`
	Text   string `json:"text"`
}

// generate serves /generate?mode=…[&ms=…]. The body may be {"prompt":"…"}; only a request with a
// prompt goes through the cache.
func (a *app) generate(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query().Get("mode")
	if asked == "" {
		asked = "fast"
	}
	if !slices.Contains(modes, asked) {
		writeError(w, http.StatusBadRequest, fmt.Sprintf("mode %q: want one of %v", asked, modes))
		return
	}
	mode := a.served(asked)
	latency, err := latencyParam(r, a.s.cfg.latency[mode])
	if err != nil {
		writeError(w, http.StatusBadRequest, err.Error())
		return
	}
	var in struct {
		Prompt string `json:"prompt"`
	}
	if err := decode(r, &in); err != nil {
		writeError(w, func() *httpError {
			target := &httpError{}
			_ = errors.As(err, &target)
			return target
		}().code, err.Error())
		return
	}
	if in.Prompt != "" {
		if text, hit := a.cache.get(mode, in.Prompt, time.Now()); hit {
			writeJSON(w, http.StatusOK, answer{mode, "cache", text})
			return
		}
	}
	if !a.slots.take(w, r) {
		return
	}
	defer a.slots.give()
	defer a.pool.borrow()()
	out, err := a.ask(r.Context(), mode, in.Prompt, latency)
	if err != nil {
		writeError(w, http.StatusBadGateway, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, out)
}

// served follows the downshifts from the mode that was asked.
func (a *app) served(asked string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	mode := asked
	for a.downshift[mode] != "" { // ends: a downshift only goes to a cheaper mode
		mode = a.downshift[mode]
	}
	if mode != asked {
		a.downgraded++
	}
	return mode
}
