package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGenerate(t *testing.T) {
	r := start(t, "app")
	for _, tc := range []struct {
		path, body string
		code       int
		mode       any
	}{
		{"/generate?ms=0", "", 200, "fast"},
		{"/generate?mode=creative&ms=0", "{}", 200, "creative"},
		{"/generate?mode=slow", "", 400, nil},
		{"/generate?ms=-1", "", 400, nil},
		{"/generate?ms=soon", "", 400, nil},
		{"/generate", `{"prompt":`, 400, nil},
		{"/generate", `{"question":"?"}`, 400, nil},
	} {
		require.Equal(t, tc.mode, r.want(tc.code, "POST", tc.path, tc.body)["mode"], tc.path)
	}
	r.want(200, "GET", "/generate?ms=0", "")
	code, _ := r.do("DELETE", "/generate", "")
	require.Equal(t, http.StatusMethodNotAllowed, code)
}

func TestLatencyIsThatOfTheModeOrTheRequest(t *testing.T) {
	r := start(t, "app", "LATENCY_FAST_MS=0", "LATENCY_CREATIVE_MS=120")
	took := func(path string) time.Duration {
		begin := time.Now()
		r.want(200, "POST", path, "")
		return time.Since(begin)
	}
	require.GreaterOrEqual(t, took("/generate?mode=creative"), 120*time.Millisecond)
	require.GreaterOrEqual(t, took("/generate?mode=fast&ms=120"), 120*time.Millisecond)
}

func TestOnlyPromptsAreCached(t *testing.T) {
	r := start(t, "app")
	source := func(body string) any { return r.want(200, "POST", "/generate?mode=fast&ms=0", body)["source"] }
	require.Equal(t, []any{"model", "model"}, []any{source("{}"), source("{}")})
	r.wantMetric(0, `cache_misses_total{cache_type="memory",mode="fast"}`)
	require.Equal(t, []any{"model", "cache", "model", "cache"},
		[]any{source(`{"prompt":"a"}`), source(`{"prompt":"a"}`), source(`{"prompt":"b"}`), source(`{"prompt":"a"}`)})
	r.wantMetric(2, `cache_hits_total{cache_type="memory",mode="fast"}`)
	r.wantMetric(2, `cache_misses_total{cache_type="memory",mode="fast"}`)
	r.wantMetric(.5, `cache_hit_rate{cache_type="memory",mode="fast"}`)
	r.wantMetric(0, `cache_hits_total{cache_type="memory",mode="creative"}`)
}

func TestCacheExpiresByTheTTLOfNow(t *testing.T) {
	c, t0 := newCache(), time.Unix(1_800_000_000, 0)
	c.put("fast", "a", "answer", t0)
	_, hit := c.get("fast", "a", t0.Add(299*time.Second))
	require.True(t, hit)
	_, hit = c.get("balanced", "a", t0)
	require.False(t, hit, "modes do not share answers")

	c.setTTL("fast", time.Minute)
	_, hit = c.get("fast", "a", t0.Add(time.Minute))
	require.False(t, hit, "a shorter TTL holds for what is kept, too")
	_, by := c.stats()
	require.Equal(t, cacheStats{TTLSeconds: 60, Hits: 1, Misses: 1, Expired: 1, HitRate: .5}, by["fast"])
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache()
	for i := range maxEntries + 10 {
		c.put("fast", string(rune(i+0x10000)), "x", time.Now())
	}
	_, by := c.stats()
	require.Equal(t, maxEntries, by["fast"].Entries)
}

func TestBreaker(t *testing.T) {
	b, now := newBreakers(), time.Unix(1_800_000_000, 0)
	fail := func() { b.report("qwen_32b", http.ErrHandlerTimeout, now) }
	for range breakerFailures - 1 {
		fail()
	}
	b.report("qwen_32b", nil, now)
	fail()
	require.True(t, b.allow("qwen_32b", now), "a success in between starts the count again")
	for range breakerFailures {
		fail()
	}
	require.Equal(t, "open", b.state("qwen_32b"))
	require.False(t, b.allow("qwen_32b", now))
	require.True(t, b.allow("mistral_7b", now), "each model has its own")

	now = now.Add(breakerPause)
	require.True(t, b.allow("qwen_32b", now), "one caller may try")
	require.False(t, b.allow("qwen_32b", now), "and only one")
	b.report("qwen_32b", nil, now)
	require.Equal(t, "closed", b.state("qwen_32b"))

	require.True(t, b.force("qwen_32b", true))
	require.False(t, b.allow("qwen_32b", now.Add(time.Hour)), "what a person opened, time does not close")
	require.False(t, b.force("gpt", true))
}

func TestModelServers(t *testing.T) {
	m := start(t, "model", "ADMIN_TOKEN=secret")
	r := start(t, "app", "ADMIN_TOKEN=secret", "MODEL_URL="+m.url)

	require.Equal(t, "model", r.want(200, "POST", "/generate?mode=balanced&ms=2", `{"prompt":"a"}`)["source"])
	m.wantMetric(1, `model_requests_total{model="qwen_32b"}`)
	m.wantMetric(1, `model_requests_total{model="mistral_7b"}`)
	m.wantMetric(0, `model_requests_total{model="llama3_8b"}`)
	r.want(200, "GET", "/health/llm", "")

	// Unloading goes through to the server; the mode that needs the model fails until the breaker opens.
	r.want(200, "POST", "/admin/models/mistral_7b/unload", "")
	m.wantMetric(0, `model_loaded{model="mistral_7b"}`)
	m.wantMetric(1, `admin_actions_total{action="model_unload"}`)
	r.want(503, "GET", "/health/llm?model=mistral_7b", "")
	r.want(200, "GET", "/health/llm?model=qwen_32b", "")
	r.want(404, "GET", "/health/llm?model=gpt", "")
	for range breakerFailures {
		r.want(502, "POST", "/generate?mode=balanced&ms=0", "")
	}
	r.wantMetric(1, `breaker_open{model="mistral_7b"}`)
	require.Equal(t, "fallback", r.want(200, "POST", "/generate?mode=balanced&ms=0", "")["source"])
	require.Equal(t, "model", r.want(200, "POST", "/generate?mode=fast&ms=0", "")["source"])

	r.want(200, "POST", "/admin/models/mistral_7b/load", "")
	r.want(200, "POST", "/admin/breaker", `{"model":"mistral_7b","state":"closed"}`)
	require.Equal(t, "model", r.want(200, "POST", "/generate?mode=balanced&ms=0", "")["source"])
	r.want(404, "POST", "/admin/models/gpt/load", "")

	// What is kept answers when a person opens the breaker, even past its time.
	r.want(200, "POST", "/admin/breaker", `{"model":"qwen_32b","state":"open"}`)
	r.want(200, "POST", "/admin/cache/bypass", "")
	require.Equal(t, "fallback", r.want(200, "POST", "/generate?mode=balanced", `{"prompt":"a"}`)["source"])
	r.want(200, "POST", "/admin/cache/bypass", `{"enabled":false}`)
	require.Equal(t, "cache", r.want(200, "POST", "/generate?mode=balanced", `{"prompt":"a"}`)["source"])
}
