package main

import (
	"errors"
	"net/http"
	"time"
)

// postTasks takes {"count":1,"ms":200}, both optional. It answers 202, or 503 when it took none or
// only some, and says how many.
func (w *worker) postTasks(rw http.ResponseWriter, r *http.Request) {
	in := struct {
		Count int `json:"count"`
		MS    int `json:"ms"`
	}{Count: 1, MS: int(w.s.cfg.taskTime.Milliseconds())}
	if err := decode(r, &in); err != nil {
		writeError(rw, func() *httpError {
			target := &httpError{}
			_ = errors.As(err, &target)
			return target
		}().code, err.Error())
		return
	}
	if in.Count < 1 || in.Count > 10_000 || in.MS < 0 || in.MS > 3_600_000 {
		writeError(rw, http.StatusBadRequest, "want count from 1 to 10000 and ms from 0 to 3600000")
		return
	}
	if why := w.s.notReady(); why != "" {
		rw.Header().Set("Retry-After", "1")
		writeError(rw, http.StatusServiceUnavailable, why)
		return
	}
	for n := range in.Count {
		if err := w.take(time.Duration(in.MS) * time.Millisecond); err != nil {
			writeJSON(rw, http.StatusServiceUnavailable, map[string]any{"error": err.Error(), "accepted": n})
			return
		}
	}
	writeJSON(rw, http.StatusAccepted, map[string]any{"accepted": in.Count, "queued": len(w.queue)})
}
