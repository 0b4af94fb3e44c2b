package main

import (
	"log/slog"
	"sync"
	"time"
)

const (
	maxEntries  = 10_000 // per mode
	maxTTL      = 86_400 // seconds
	judgeOver   = 100    // lookups after which the hit rate is judged
	wantHitRate = 0.60   // of every mode but creative, which has no target
)

// cache keeps answers in memory, by mode and prompt.
type cache struct {
	mu     sync.Mutex
	bypass bool
	by     map[string]*modeCache
}

type modeCache struct {
	ttl                   time.Duration
	entries               map[string]entry
	hits, misses, expired int
	windowHits, window    int // since the hit rate was last judged
}

type entry struct {
	text string
	at   time.Time
}

func newCache() *cache {
	c := &cache{by: map[string]*modeCache{}}
	for mode, ttl := range map[string]int{"fast": 300, "balanced": 600, "creative": 1800} {
		c.by[mode] = &modeCache{ttl: time.Duration(ttl) * time.Second, entries: map[string]entry{}}
	}
	return c
}

// get looks an answer up and counts the lookup. A bypassed cache neither answers nor counts.
func (c *cache) get(mode, prompt string, now time.Time) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bypass {
		return "", false
	}
	m := c.by[mode]
	e, found := m.entries[prompt]
	if found && now.Sub(e.at) >= m.ttl {
		delete(m.entries, prompt)
		m.expired++
		found = false
	}
	m.window++
	if found {
		m.hits++
		m.windowHits++
	} else {
		m.misses++
	}
	if m.window == judgeOver {
		if rate := float64(m.windowHits) / judgeOver; mode != "creative" && rate < wantHitRate {
			slog.Warn("cache hit rate is low", "mode", mode, "hit_rate", rate, "lookups", judgeOver)
		}
		m.window, m.windowHits = 0, 0
	}
	return e.text, found
}

// peek answers the fallback of an open breaker: whatever is kept, counted as no lookup.
func (c *cache) peek(mode, prompt string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, found := c.by[mode].entries[prompt]
	return e.text, found && !c.bypass
}

func (c *cache) put(mode, prompt, text string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.by[mode]
	if len(m.entries) >= maxEntries {
		for victim := range m.entries { // the map's order is random enough
			delete(m.entries, victim)
			break
		}
	}
	m.entries[prompt] = entry{text, now}
}

// refresh makes every kept answer as good as new and returns how many there are.
func (c *cache) refresh(now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, m := range c.by {
		for prompt, e := range m.entries {
			m.entries[prompt] = entry{e.text, now}
			n++
		}
	}
	return n
}

// setTTL holds for what is already kept, too.
func (c *cache) setTTL(mode string, ttl time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by[mode].ttl = ttl
}

func (c *cache) setBypass(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bypass = on
}
