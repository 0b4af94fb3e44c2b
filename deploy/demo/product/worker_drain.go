package main

// drainState is what GET /drain tells.
type drainState struct {
	Draining bool  `json:"draining"`
	Active   int64 `json:"active"`
	Queued   int   `json:"queued"`
}

func (w *worker) state() drainState {
	return drainState{w.s.draining.Load(), w.active.Load(), len(w.queue)}
}

// drain takes no new work from now on; a trainer saves a checkpoint first.
func (w *worker) drain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.s.draining.Swap(true) && w.trainer != nil {
		w.trainer.save("drain")
	}
}

func (w *worker) resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ending {
		w.s.draining.Store(false)
	}
}

// finish drains for good and returns when nothing is in flight.
func (w *worker) finish() {
	w.drain()
	w.mu.Lock()
	w.ending = true
	w.s.draining.Store(true)
	w.mu.Unlock()
	w.inFlight.Wait()
}
