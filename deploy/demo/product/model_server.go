package main

import (
	"errors"
	"net/http"
)

// newModelServer serves the models of the configuration over HTTP.
func newModelServer(s *server) *models {
	m := newModels(s.cfg.models)
	m.collect(s.metrics)
	slots := newSlots(s.cfg.concurrency, s.cfg.queue)
	slots.collect(s.metrics, s)
	s.mux.HandleFunc("/generate", s.work(func(w http.ResponseWriter, r *http.Request) {
		latency, err := latencyParam(r, -1)
		if err != nil {
			writeError(w, http.StatusBadRequest, err.Error())
			return
		}
		if !slots.take(w, r) {
			return
		}
		defer slots.give()
		name := r.URL.Query().Get("model")
		if err := m.generate(r.Context(), name, latency); err != nil {
			writeError(w, modelStatus(err), err.Error())
			return
		}
		writeJSON(w, http.StatusOK, map[string]string{"model": name, "text": "an answer"})
	}))
	s.mux.HandleFunc("GET /health/llm", func(w http.ResponseWriter, r *http.Request) {
		err := m.health(r.Context(), r.URL.Query().Get("model"))
		if why := s.unhealthy() + s.notReady(); err == nil && why != "" {
			err = errors.New(why)
		}
		if err != nil {
			writeError(w, modelStatus(err), err.Error())
			return
		}
		probe(w, "")
	})
	s.admin("POST /admin/models/{model}/load", "model_load",
		func(r *http.Request) (any, error) { return m.setAction(r, true) })
	s.admin("POST /admin/models/{model}/unload", "model_unload",
		func(r *http.Request) (any, error) { return m.setAction(r, false) })
	return m
}

func modelStatus(err error) int {
	if errors.Is(err, errUnknownModel) {
		return http.StatusNotFound
	}
	return http.StatusServiceUnavailable
}
