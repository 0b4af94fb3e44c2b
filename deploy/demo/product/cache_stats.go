package main

import "github.com/prometheus/client_golang/prometheus"

// cacheStats is one mode's part of GET /admin/cache/stats.
type cacheStats struct {
	TTLSeconds int     `json:"ttl_seconds"`
	Entries    int     `json:"entries"`
	Hits       int     `json:"hits"`
	Misses     int     `json:"misses"`
	Expired    int     `json:"ttl_expired"`
	HitRate    float64 `json:"hit_rate"`
}

func (c *cache) stats() (bypass bool, by map[string]cacheStats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	by = map[string]cacheStats{}
	for mode, m := range c.by {
		x := cacheStats{
			TTLSeconds: int(m.ttl.Seconds()), Entries: len(m.entries),
			Hits: m.hits, Misses: m.misses, Expired: m.expired,
		}
		if n := m.hits + m.misses; n > 0 {
			x.HitRate = float64(m.hits) / float64(n)
		}
		by[mode] = x
	}
	return c.bypass, by
}

func (c *cache) collect(r registry) {
	each := func(kind prometheus.ValueType, name, help string, value func(cacheStats) float64) {
		r.collect(kind, name, help, []string{"mode", "cache_type"}, func(e emit) {
			_, by := c.stats()
			for _, mode := range modes {
				e(value(by[mode]), mode, "memory")
			}
		})
	}
	each(prometheus.CounterValue, "cache_hits_total", "Answers from the cache.",
		func(x cacheStats) float64 { return float64(x.Hits) })
	each(prometheus.CounterValue, "cache_misses_total", "Lookups that found nothing fresh.",
		func(x cacheStats) float64 { return float64(x.Misses) })
	each(prometheus.CounterValue, "cache_ttl_expired_total", "Lookups that found an answer past its time.",
		func(x cacheStats) float64 { return float64(x.Expired) })
	each(prometheus.GaugeValue, "cache_hit_rate", "Hits per lookup since the start.",
		func(x cacheStats) float64 { return x.HitRate })
}
