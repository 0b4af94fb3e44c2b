// Package gpumetrics serves GPUs to Prometheus from the last snapshot: a scrape never touches the
// driver.
package gpumetrics

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// Monitor takes snapshots and is a prometheus.Collector of the last one. One that is older than two
// intervals and a half is not served: no figure is better than one that was true once.
type Monitor struct {
	source   Source
	interval time.Duration
	now      func() time.Time

	mu       sync.Mutex
	last     *gpu.Snapshot
	took     time.Duration
	failures float64
}

// Source reads the GPUs of this host.
type Source interface {
	Snapshot(ctx context.Context) (gpu.Snapshot, error)
}

// New returns a monitor that has read nothing. now is the clock by which snapshots grow old.
func New(source Source, interval time.Duration, now func() time.Time) *Monitor {
	return &Monitor{source: source, interval: interval, now: now}
}

// Run takes a snapshot at every interval until ctx is done.
func (m *Monitor) Run(ctx context.Context) {
	tick := time.NewTicker(m.interval)
	defer tick.Stop()
	for {
		m.Take(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Take takes one snapshot.
func (m *Monitor) Take(ctx context.Context) {
	began := m.now()
	s, err := m.source.Snapshot(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		m.last, m.took = &s, m.now().Sub(began)
	case errors.Is(err, gpu.ErrReleased):
		m.last = nil // somebody is at the GPUs: nothing is known of them, and nothing failed
	case ctx.Err() == nil:
		m.failures++
	}
}

var labels = []string{"index", "uuid", "name"}

func metric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("evenkeel_gpu_"+name, help, labels, nil)
}

var (
	up          = metric("up", "1 while a snapshot of this host's GPUs is fresh.")
	failures    = metric("probe_failures_total", "Snapshots that could not be taken.")
	took        = metric("probe_duration_seconds", "How long the last snapshot took.")
	age         = metric("snapshot_age_seconds", "How old the last snapshot is.")
	info        = metric("driver_info", "The driver's version; always 1.", "driver_version")
	answering   = metric("answering", "1 while the GPU answers.", labels...)
	total       = metric("memory_total_bytes", "VRAM of the GPU.", labels...)
	used        = metric("memory_used_bytes", "VRAM that is not free, what the driver reserves included.", labels...)
	free        = metric("memory_free_bytes", "VRAM that is free.", labels...)
	reserved    = metric("memory_reserved_bytes", "VRAM that the driver reserves.", labels...)
	headroom    = metric("memory_free_ratio", "Share of the VRAM that is free.", labels...)
	utilisation = metric("utilization_ratio", "Share of time in which the GPU was at work.", labels...)
	temperature = metric("temperature_celsius", "Temperature of the GPU.", labels...)
	processes   = metric("processes", "Processes that hold VRAM.", labels...)
)

// Describe sends the descriptions of all metrics.
func (m *Monitor) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{up, failures, took, age, info, answering, total, used, free, reserved, headroom, utilisation, temperature, processes} {
		out <- d
	}
}

// Collect sends the last snapshot unless it is stale. What is not available is left out.
func (m *Monitor) Collect(out chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	send := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	out <- prometheus.MustNewConstMetric(failures, prometheus.CounterValue, m.failures)
	if m.last == nil {
		send(up, 0)
		return
	}
	old := m.now().Sub(m.last.At)
	send(age, old.Seconds())
	if old > m.interval*5/2 {
		send(up, 0)
		return
	}
	send(up, 1)
	send(took, m.took.Seconds())
	send(info, 1, m.last.DriverVersion)
	for _, g := range m.last.GPUs {
		id := []string{strconv.Itoa(g.Index), g.UUID, g.Name}
		if g.Fault != nil {
			send(answering, 0, id...)
			continue
		}
		send(answering, 1, id...)
		for d, mb := range map[*prometheus.Desc]*int64{total: g.TotalMB, used: g.UsedMB, free: g.FreeMB, reserved: g.ReservedMB} {
			if mb != nil {
				send(d, float64(*mb<<20), id...)
			}
		}
		if ratio, ok := g.FreeRatio(); ok {
			send(headroom, ratio, id...)
		}
		if g.UtilizationRatio != nil {
			send(utilisation, *g.UtilizationRatio, id...)
		}
		if g.TemperatureCelsius != nil {
			send(temperature, float64(*g.TemperatureCelsius), id...)
		}
		if g.Processes != nil {
			send(processes, float64(len(g.Processes)), id...)
		}
	}
}
