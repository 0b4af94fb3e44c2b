package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	errDraining = errors.New("draining: no new work is taken")
	errFull     = errors.New("queue is full")
)

// worker is a queue consumer. Its queue is in memory, so that a drain must also finish what waits
// in it: tasks_in_flight counts every task from the moment it was taken until it is done.
type worker struct {
	s       *server
	trainer *trainer // nil for worker-llm
	queue   chan time.Duration
	active  atomic.Int64

	mu       sync.Mutex // orders a drain against the taking of tasks
	ending   bool       // SIGTERM: a drain that is never taken back
	inFlight sync.WaitGroup
	taken    atomic.Int64 // what inFlight counts, for the gauge

	tasks     *prometheus.CounterVec
	durations *prometheus.HistogramVec
}

func newWorker(s *server, t *trainer) *worker {
	w := &worker{s: s, trainer: t, queue: make(chan time.Duration, s.cfg.queue)}
	s.finish = w.finish
	m := s.metrics
	m.gauge("tasks_in_flight", "Tasks taken and not yet done.",
		func() float64 { return float64(w.taken.Load()) })
	m.gauge("queue_length", "Tasks taken and not yet begun.",
		func() float64 { return float64(len(w.queue)) })
	w.tasks = m.counter("tasks_total", "Tasks by result: ok, failed or refused.", "result")
	w.durations = m.histogram("task_duration_seconds", "Time at work on a task.", "role")
	if t != nil {
		t.collect(m)
		s.trainingRoutes(t.control, t.rollbackCall)
	}
	s.mux.HandleFunc("POST /tasks", w.postTasks)
	s.mux.HandleFunc("GET /drain", func(rw http.ResponseWriter, _ *http.Request) {
		writeJSON(rw, http.StatusOK, w.state())
	})
	s.guard("POST /drain", "drain", func(*http.Request) (any, error) { w.drain(); return w.state(), nil })
	s.guard("DELETE /drain", "resume", func(*http.Request) (any, error) { w.resume(); return w.state(), nil })
	for range s.cfg.concurrency {
		go w.consume()
	}
	if s.cfg.taskRate > 0 {
		go w.selfDrive()
	}
	return w
}

// take puts a task into the queue, or counts it as refused.
func (w *worker) take(d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.s.draining.Load() {
		w.tasks.WithLabelValues("refused").Inc()
		return errDraining
	}
	// Counted before it can be done, so that the gauge never goes below what is in flight.
	w.inFlight.Add(1)
	w.taken.Add(1)
	select {
	case w.queue <- d:
		return nil
	default:
		w.inFlight.Done()
		w.taken.Add(-1)
		w.tasks.WithLabelValues("refused").Inc()
		return errFull
	}
}

func (w *worker) consume() {
	for d := range w.queue {
		result := "ok"
		if w.run(d) != nil {
			result = "failed"
		}
		w.tasks.WithLabelValues(result).Inc()
		w.taken.Add(-1)
		w.inFlight.Done()
	}
}

func (w *worker) run(d time.Duration) error {
	ctx := context.Background() // a task that was taken is finished
	if w.trainer != nil {       // a stopped training holds its tasks back, during a drain too
		if err := w.trainer.gate(ctx); err != nil {
			return err
		}
	}
	w.active.Add(1)
	defer w.active.Add(-1)
	start := time.Now()
	defer func() { w.durations.WithLabelValues(w.s.cfg.role).Observe(time.Since(start).Seconds()) }()
	if err := w.s.faults.work(ctx); err != nil {
		return err
	}
	if err := sleep(ctx, d); err != nil {
		return err
	}
	if w.trainer != nil {
		w.trainer.episode()
	}
	return nil
}

// selfDrive gives the worker tasks of its own, as a queue with a steady inflow would.
func (w *worker) selfDrive() {
	tick := time.NewTicker(time.Duration(float64(time.Second) / w.s.cfg.taskRate))
	defer tick.Stop()
	for range tick.C {
		if w.s.notReady() == "" {
			_ = w.take(w.s.cfg.taskTime) // a refusal is counted
		}
	}
}
