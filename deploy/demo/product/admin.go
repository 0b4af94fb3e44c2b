package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// httpError is an error that knows its HTTP status.
type httpError struct {
	code int
	why  string
}

func (e *httpError) Error() string { return e.why }

func badRequest(format string, args ...any) error {
	return &httpError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// adminFunc carries out an admin call and returns what to answer.
type adminFunc func(r *http.Request) (any, error)

// admin serves an endpoint that needs the bearer token; without a configured token nobody has it.
// A non-empty action is counted when the call succeeds.
func (s *server) admin(pattern, action string, f adminFunc) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if s.cfg.adminToken == "" {
			writeError(w, http.StatusForbidden, "ADMIN_TOKEN is not set: admin endpoints are off")
			return
		}
		s.guarded(w, r, action, f)
	})
}

// guard serves an endpoint that needs the bearer token only where one is configured.
func (s *server) guard(pattern, action string, f adminFunc) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.guarded(w, r, action, f) })
}

func (s *server) guarded(w http.ResponseWriter, r *http.Request, action string, f adminFunc) {
	if s.cfg.adminToken != "" && !sameToken(r.Header.Get("Authorization"), s.cfg.adminToken) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		writeError(w, http.StatusUnauthorized, "bearer token missing or wrong")
		return
	}
	v, err := f(r)
	if err != nil {
		code := http.StatusInternalServerError
		if he, ok := errors.AsType[*httpError](err); ok {
			code = he.code
		}
		writeError(w, code, err.Error())
		return
	}
	if action != "" {
		s.actions.WithLabelValues(action).Inc()
	}
	code := http.StatusOK
	if action == "drain" {
		code = http.StatusAccepted
	}
	writeJSON(w, code, v)
}

// sameToken compares hashes: the time tells neither the token nor its length.
func sameToken(header, token string) bool {
	got, ok := strings.CutPrefix(header, "Bearer ")
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(token))
	return ok && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// decode reads a JSON body into v. An empty body leaves v as it is.
func decode(r *http.Request, v any) error {
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &httpError{http.StatusRequestEntityTooLarge, err.Error()}
	case err != nil:
		return badRequest("body: %v", err)
	case len(bytes.TrimSpace(body)) == 0:
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badRequest("body: %v", err)
	}
	if d.More() {
		return badRequest("body: more than one JSON value")
	}
	return nil
}

// forwarder passes admin calls on to the part of the product that they are about.
var forwarder = &http.Client{Timeout: 30 * time.Second}

// forward repeats an admin call, token included, at another replica and returns its answer.
func forward(r *http.Request, base string) (any, error) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, base+r.URL.Path, r.Body)
	if err != nil {
		return nil, fmt.Errorf("forward to %s: %w", base, err)
	}
	req.Header.Set("Authorization", r.Header.Get("Authorization"))
	resp, err := forwarder.Do(req)
	if err != nil {
		return nil, &httpError{http.StatusBadGateway, err.Error()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return nil, &httpError{http.StatusBadGateway, err.Error()}
	}
	if resp.StatusCode/100 != 2 {
		return nil, &httpError{resp.StatusCode, fmt.Sprintf("%s: %s", base, bytes.TrimSpace(body))}
	}
	return json.RawMessage(bytes.TrimSpace(body)), nil
}
