package main

import (
	"net/http"
	"slices"
	"time"
)

func (a *app) cacheStats(*http.Request) (any, error) {
	bypass, by := a.cache.stats()
	return map[string]any{"bypass": bypass, "modes": by}, nil
}

func (a *app) setTTL(r *http.Request) (any, error) {
	var in struct {
		Mode string `json:"mode"`
		TTL  int    `json:"ttl_seconds"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if !slices.Contains(modes, in.Mode) || in.TTL < 1 || in.TTL > maxTTL {
		return nil, badRequest("want a mode of %v and ttl_seconds from 1 to %d", modes, maxTTL)
	}
	a.cache.setTTL(in.Mode, time.Duration(in.TTL)*time.Second)
	return in, nil
}

func (a *app) setBypass(r *http.Request) (any, error) {
	in := struct {
		Enabled bool `json:"enabled"`
	}{Enabled: true}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	a.cache.setBypass(in.Enabled)
	return in, nil
}

// warm stores answers to the given prompts, or without any makes what is kept as good as new.
func (a *app) warm(r *http.Request) (any, error) {
	in := struct {
		Mode    string   `json:"mode"`
		Prompts []string `json:"prompts"`
	}{Mode: "fast"}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if !slices.Contains(modes, in.Mode) {
		return nil, badRequest("mode %q: want one of %v", in.Mode, modes)
	}
	if len(in.Prompts) == 0 {
		return map[string]int{"warmed": a.cache.refresh(time.Now())}, nil
	}
	for _, prompt := range in.Prompts {
		a.cache.put(in.Mode, prompt, answerText(in.Mode, prompt), time.Now())
	}
	return map[string]int{"warmed": len(in.Prompts)}, nil
}
