package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
)

// registry writes the Prometheus text format by hand: the product has no dependency outside the
// standard library. Families are written in the order in which they were made.
type registry struct {
	families []family
}

type family struct {
	name, help, kind string
	write            func(w io.Writer, name string)
}

// emit hands out one sample; labels are ready-made pairs such as `mode="fast"`, or empty.
type emit func(labels string, value float64)

// label formats one label pair. Values are from closed sets, so that Go's quoting is Prometheus's.
func label(name, value string) string { return name + "=" + strconv.Quote(value) }

// collect adds a family whose samples f gives at each scrape; kind is gauge or counter.
func (r *registry) collect(kind, name, help string, f func(emit)) {
	r.families = append(r.families, family{name, help, kind, func(w io.Writer, name string) {
		f(func(labels string, v float64) { writeSample(w, name, labels, v) })
	}})
}

// value adds a family of a single sample without labels.
func (r *registry) value(kind, name, help string, f func() float64) {
	r.collect(kind, name, help, func(e emit) { e("", f()) })
}

// counter adds a family that is counted up by label pairs.
func (r *registry) counter(name, help string) *counter {
	c := &counter{values: map[string]float64{}}
	r.collect("counter", name, help, c.collect)
	return c
}

// histogram adds a latency histogram in seconds.
func (r *registry) histogram(name, help string) *histogram {
	h := &histogram{series: map[string]*buckets{}}
	r.families = append(r.families, family{name, help, "histogram", h.write})
	return h
}

func (r *registry) writeTo(w io.Writer) {
	for _, f := range r.families {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		f.write(w, f.name)
	}
}

func writeSample(w io.Writer, name, labels string, v float64) {
	if labels != "" {
		labels = "{" + labels + "}"
	}
	fmt.Fprintf(w, "%s%s %s\n", name, labels, strconv.FormatFloat(v, 'g', -1, 64))
}

type counter struct {
	mu     sync.Mutex
	values map[string]float64
}

func (c *counter) inc(labels string) {
	c.mu.Lock()
	c.values[labels]++
	c.mu.Unlock()
}

func (c *counter) collect(e emit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, labels := range slices.Sorted(maps.Keys(c.values)) {
		e(labels, c.values[labels])
	}
}

// bounds hold the domain's p95 targets (2, 2.5, 3.2, 4, 4.5 s …) as bucket borders: a p95 can only
// be compared with a target that lies on one.
var bounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 2.5, 3.2, 4, 4.5, 6, 10, 30, 60}

type histogram struct {
	mu     sync.Mutex
	series map[string]*buckets
}

type buckets struct {
	counts []uint64 // one more than bounds: the last is above them all
	sum    float64
}

func (h *histogram) observe(labels string, seconds float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.series[labels]
	if b == nil {
		b = &buckets{counts: make([]uint64, len(bounds)+1)}
		h.series[labels] = b
	}
	i, _ := slices.BinarySearch(bounds, seconds)
	b.counts[i]++
	b.sum += seconds
}

func (h *histogram) write(w io.Writer, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, labels := range slices.Sorted(maps.Keys(h.series)) {
		b, total := h.series[labels], uint64(0)
		for i, n := range b.counts {
			total += n
			le := "+Inf"
			if i < len(bounds) {
				le = strconv.FormatFloat(bounds[i], 'g', -1, 64)
			}
			writeSample(w, name+"_bucket", labels+","+label("le", le), float64(total))
		}
		writeSample(w, name+"_sum", labels, b.sum)
		writeSample(w, name+"_count", labels, float64(total))
	}
}
