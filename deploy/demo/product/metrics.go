package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// registry holds the metrics of one replica.
type registry struct{ *prometheus.Registry }

func newRegistry() registry { return registry{prometheus.NewRegistry()} }

func (r registry) handler() http.Handler { return promhttp.HandlerFor(r, promhttp.HandlerOpts{}) }

// emit hands out one sample with the values of its labels.
type emit func(value float64, labels ...string)

// sampled is a family whose samples are taken at each scrape.
type sampled struct {
	description *prometheus.Desc
	kind        prometheus.ValueType
	samples     func(emit)
}

// Describe implements prometheus.Collector.
func (f sampled) Describe(out chan<- *prometheus.Desc) { out <- f.description }

// Collect implements prometheus.Collector.
func (f sampled) Collect(out chan<- prometheus.Metric) {
	f.samples(func(value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(f.description, f.kind, value, labels...)
	})
}

// collect adds a family whose samples f gives at each scrape.
func (r registry) collect(kind prometheus.ValueType, name, help string, labels []string, f func(emit)) {
	r.MustRegister(sampled{prometheus.NewDesc(name, help, labels, nil), kind, f})
}

// gauge and total add a family of a single sample without labels.
func (r registry) gauge(name, help string, f func() float64) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
}

func (r registry) total(name, help string, f func() float64) {
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, f))
}

// counter adds a family that is counted up by the values of a label.
func (r registry) counter(name, help, label string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	r.MustRegister(c)
	return c
}

// bounds hold the domain's p95 targets (2, 2.5, 3.2, 4, 4.5 s …) as bucket borders: a p95 can only
// be compared with a target that lies on one.
var bounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 2.5, 3.2, 4, 4.5, 6, 10, 30, 60}

// histogram adds a latency histogram in seconds by the values of a label.
func (r registry) histogram(name, help, label string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, []string{label})
	r.MustRegister(h)
	return h
}
