package main

import (
	"maps"
	"net/http"
	"slices"
)

func (a *app) adminRoutes() {
	s := a.s
	s.mux.HandleFunc("GET /health/llm", a.modelHealth)
	s.admin("GET /admin/cache/stats", "", a.cacheStats)
	s.admin("POST /admin/cache/ttl", "cache_ttl", a.setTTL)
	s.admin("POST /admin/cache/bypass", "cache_bypass", a.setBypass)
	s.admin("POST /admin/cache/warm", "cache_warm", a.warm)
	s.admin("GET /admin/downshift/stats", "", a.downshiftStats)
	s.admin("POST /admin/downshift", "downshift", a.setDownshift)
	s.admin("POST /admin/breaker", "breaker", a.setBreaker)
	s.admin("POST /admin/db/pool/reset", "db_pool_reset", func(*http.Request) (any, error) {
		return map[string]int{"closed": a.pool.reset()}, nil
	})
	s.admin("POST /admin/models/{model}/load", "model_load",
		func(r *http.Request) (any, error) { return a.setModel(r, true) })
	s.admin("POST /admin/models/{model}/unload", "model_unload",
		func(r *http.Request) (any, error) { return a.setModel(r, false) })
	if url := s.cfg.trainerURL; url != "" {
		s.trainingRoutes(func(r *http.Request) (any, error) { return forward(r, url) },
			func(r *http.Request) (any, error) { return forward(r, url) })
	} else {
		s.trainingRoutes(a.trainer.control, a.trainer.rollbackCall)
	}
}

// modelHealth answers 200 when the model asked for, or every model, could answer.
func (a *app) modelHealth(w http.ResponseWriter, r *http.Request) {
	names := modelsOf["creative"]
	if name := r.URL.Query().Get("model"); name != "" {
		if !slices.Contains(names, name) {
			writeError(w, http.StatusNotFound, name+": "+errUnknownModel.Error())
			return
		}
		names = []string{name}
	}
	type health struct {
		Healthy bool   `json:"healthy"`
		Breaker string `json:"breaker"`
		Error   string `json:"error,omitempty"`
	}
	out, code := map[string]health{}, http.StatusOK
	for _, name := range names {
		h := health{Healthy: true, Breaker: a.breakers.state(name)}
		if err := a.backend.health(r.Context(), name); err != nil {
			h.Healthy, h.Error, code = false, err.Error(), http.StatusServiceUnavailable
		}
		out[name] = h
	}
	writeJSON(w, code, map[string]any{"models": out})
}

func (a *app) downshiftStats(*http.Request) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return map[string]any{
		"active": maps.Clone(a.downshift), "downshifts": a.downshifts,
		"requests": a.downgraded,
	}, nil
}

// setDownshift serves mode from as the cheaper mode to; to equal to from, or empty, ends that.
func (a *app) setDownshift(r *http.Request) (any, error) {
	var in struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	from, to := slices.Index(modes, in.From), slices.Index(modes, in.To)
	if from < 0 || in.To != "" && (to < 0 || to > from) {
		return nil, badRequest("want from and a cheaper or equal to, of %v", modes)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if in.To == "" || to == from {
		delete(a.downshift, in.From)
	} else {
		a.downshift[in.From] = in.To
		a.downshifts++
	}
	return map[string]any{"active": maps.Clone(a.downshift)}, nil
}

func (a *app) setBreaker(r *http.Request) (any, error) {
	var in struct {
		Model string `json:"model"`
		State string `json:"state"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.State != "open" && in.State != "closed" {
		return nil, badRequest("state %q: want open or closed", in.State)
	}
	if !a.breakers.force(in.Model, in.State == "open") {
		return nil, &httpError{http.StatusNotFound, in.Model + ": " + errUnknownModel.Error()}
	}
	return in, nil
}

func (a *app) setModel(r *http.Request, load bool) (any, error) {
	if a.local != nil {
		return a.local.setAction(r, load)
	}
	url := a.s.cfg.modelURL[r.PathValue("model")]
	if url == "" {
		return nil, &httpError{http.StatusNotFound, r.PathValue("model") + ": " + errUnknownModel.Error()}
	}
	return forward(r, url)
}
