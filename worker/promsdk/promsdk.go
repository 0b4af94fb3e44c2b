// Package promsdk serves the Temporal SDK's own metrics from a Prometheus registry, under the names
// that public dashboards expect: counters end in _total, timers are histograms in _seconds.
package promsdk

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// buckets reach from a call to the server (milliseconds) to a run that waits for people (a day), in
// seconds.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400}

// New returns a handler for client.Options.MetricsHandler whose metrics reg serves. Call it once per
// registry: a second handler there would serve the same series twice, so registering it panics.
func New(reg prometheus.Registerer) client.MetricsHandler {
	s := &store{kinds: map[string]kind{}, vecs: map[string]vec{}}
	reg.MustRegister(s)
	return handler{store: s}
}

// handler is one set of tags over the shared store.
type handler struct {
	store  *store
	labels []string // names, made valid for Prometheus and sorted
	values []string
	tags   map[string]string // as the SDK gave them
}

// WithTags returns a handler that also has tags; a new value replaces an old one.
func (h handler) WithTags(tags map[string]string) client.MetricsHandler {
	all := maps.Clone(h.tags)
	if all == nil {
		all = make(map[string]string, len(tags))
	}
	maps.Copy(all, tags)
	labels, values := labelsOf(all)
	return handler{store: h.store, labels: labels, values: values, tags: all}
}

// Counter returns the counter NAME_total. Prometheus counters never fall: a negative step is dropped.
func (h handler) Counter(name string) client.MetricsCounter {
	v := h.store.vec(counter, metricName(name, "_total"), h.labels)
	if v.counter == nil {
		return client.MetricsNopHandler.Counter(name)
	}
	one := v.counter.WithLabelValues(h.values...)
	return counterFunc(func(step int64) {
		if step > 0 {
			one.Add(float64(step))
		}
	})
}

// Gauge returns the gauge NAME.
func (h handler) Gauge(name string) client.MetricsGauge {
	v := h.store.vec(gauge, metricName(name, ""), h.labels)
	if v.gauge == nil {
		return client.MetricsNopHandler.Gauge(name)
	}
	return gaugeFunc(v.gauge.WithLabelValues(h.values...).Set)
}

// Timer returns the histogram NAME_seconds.
func (h handler) Timer(name string) client.MetricsTimer {
	v := h.store.vec(timer, metricName(name, "_seconds"), h.labels)
	if v.timer == nil {
		return client.MetricsNopHandler.Timer(name)
	}
	one := v.timer.WithLabelValues(h.values...)
	return timerFunc(func(d time.Duration) { one.Observe(d.Seconds()) })
}

type (
	counterFunc func(int64)
	gaugeFunc   func(float64)
	timerFunc   func(time.Duration)
)

func (f counterFunc) Inc(step int64)       { f(step) }
func (f gaugeFunc) Update(value float64)   { f(value) }
func (f timerFunc) Record(d time.Duration) { f(d) }

type kind int

const (
	counter kind = iota + 1
	gauge
	timer
)

// vec is the one of the three that its kind says; none, when another kind has the name.
type vec struct {
	counter *prometheus.CounterVec
	gauge   *prometheus.GaugeVec
	timer   *prometheus.HistogramVec
}

// store is the collector behind every handler. A vector has one set of label names, and a registry
// refuses a second vector of the same name; the SDK promises neither. So the store keeps a vector per
// name and label set, and describes none of them in advance, which the registry takes as "do not
// check": every series keeps exactly the labels that it was given.
type store struct {
	mu    sync.RWMutex
	kinds map[string]kind
	vecs  map[string]vec
}

// Describe sends nothing, see store.
func (s *store) Describe(chan<- *prometheus.Desc) {}

// Collect sends every series.
func (s *store) Collect(out chan<- prometheus.Metric) {
	s.mu.RLock()
	vecs := slices.Collect(maps.Values(s.vecs))
	s.mu.RUnlock() // not held while sending: the receiver may be slow
	for _, v := range vecs {
		switch {
		case v.counter != nil:
			v.counter.Collect(out)
		case v.gauge != nil:
			v.gauge.Collect(out)
		case v.timer != nil:
			v.timer.Collect(out)
		}
	}
}

// vec returns the vector of a name and a label set. One name of two kinds would make the whole scrape
// fail, so the kind that came first keeps the name.
func (s *store) vec(k kind, name string, labels []string) vec {
	key := name + "\x00" + strings.Join(labels, "\x00")
	s.mu.RLock()
	v, ok := s.vecs[key]
	first := s.kinds[name]
	s.mu.RUnlock()
	if ok && first == k {
		return v
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds[name] == 0 {
		s.kinds[name] = k
	}
	if s.kinds[name] != k {
		return vec{}
	}
	if v, ok := s.vecs[key]; ok {
		return v
	}
	v = newVec(k, name, labels)
	s.vecs[key] = v
	return v
}

func newVec(k kind, name string, labels []string) vec {
	const help = "Temporal SDK metric."
	switch k {
	case counter:
		return vec{counter: prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)}
	case gauge:
		return vec{gauge: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)}
	default:
		return vec{timer: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)}
	}
}
