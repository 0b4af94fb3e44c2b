package main

import "net/http"

func (s *server) faultRoutes() {
	s.guard("POST /fault", "fault", func(r *http.Request) (any, error) {
		var x fault
		if err := decode(r, &x); err != nil {
			return nil, err
		}
		if err := x.check(); err != nil {
			return nil, &httpError{http.StatusBadRequest, err.Error()}
		}
		s.faults.set(x)
		return x, nil
	})
	s.guard("DELETE /fault", "fault_clear", func(*http.Request) (any, error) {
		s.faults.clear()
		return map[string]bool{"cleared": true}, nil
	})
}
