package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// envReader reads typed values and keeps the first error.
type envReader struct {
	get func(string) string
	err error
}

func (e *envReader) fail(name, value, why string) {
	if e.err == nil {
		e.err = fmt.Errorf("%s=%q: %s", name, value, why)
	}
}

func (e *envReader) number(name string, fallback float64) float64 {
	v := e.get(name)
	if v == "" {
		return fallback
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || n < 0 || n > 1e6 {
		e.fail(name, v, "want a number from 0 to 1000000")
		return fallback
	}
	return n
}

func (e *envReader) whole(name string, fallback int) int {
	n := e.number(name, float64(fallback))
	if n != float64(int(n)) {
		e.fail(name, e.get(name), "want a whole number")
	}
	return int(n)
}

func (e *envReader) models(name, fallback string) map[string]time.Duration {
	v := e.get(name)
	if v == "" {
		v = fallback
	}
	out := map[string]time.Duration{}
	for pair := range strings.SplitSeq(v, ",") {
		model, ms, _ := strings.Cut(pair, "=")
		n, err := strconv.Atoi(ms)
		if model == "" || err != nil || n < 0 {
			e.fail(name, v, "want model=milliseconds, joined by commas")
			return nil
		}
		out[model] = time.Duration(n) * time.Millisecond
	}
	return out
}

func (e *envReader) modelURLs(name string) map[string]string {
	v := e.get(name)
	out := map[string]string{}
	if v == "" {
		return out
	}
	if !strings.Contains(v, "=") {
		for _, model := range modelsOf["creative"] {
			out[model] = strings.TrimSuffix(v, "/")
		}
		return out
	}
	for pair := range strings.SplitSeq(v, ",") {
		model, url, ok := strings.Cut(pair, "=")
		if !ok || model == "" || url == "" {
			e.fail(name, v, "want one URL, or model=URL joined by commas")
			return nil
		}
		out[model] = strings.TrimSuffix(url, "/")
	}
	for _, model := range modelsOf["creative"] {
		if out[model] == "" {
			e.fail(name, v, "no URL for "+model)
		}
	}
	return out
}
