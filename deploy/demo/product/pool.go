package main

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// pool is the app's pool of database connections: one is borrowed for each answer. There is no
// database behind it; what can be seen is the pool's own bookkeeping.
type pool struct {
	mu         sync.Mutex
	generation int
	idle       int
	inUse      int
	opened     int
}

// borrow takes a connection and returns what gives it back. One from before a reset is then closed.
func (p *pool) borrow() (giveBack func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle > 0 {
		p.idle--
	} else {
		p.opened++
	}
	p.inUse++
	born := p.generation
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.inUse--
		if born == p.generation {
			p.idle++
		}
	}
}

// reset closes the idle connections at once and those in use when they come back. It returns how
// many were idle.
func (p *pool) reset() (closed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	closed = p.idle
	p.idle = 0
	p.generation++
	return closed
}

func (p *pool) collect(r registry) {
	r.collect(prometheus.GaugeValue, "db_pool_connections", "Connections of the pool.", []string{"state"}, func(e emit) {
		p.mu.Lock()
		defer p.mu.Unlock()
		e(float64(p.idle), "idle")
		e(float64(p.inUse), "in_use")
	})
	r.total("db_pool_opened_total", "Connections opened since the start.", func() float64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return float64(p.opened)
	})
}
