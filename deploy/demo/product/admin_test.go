package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// every is each admin call with a body that is right, and the action it is counted as.
var every = []struct{ method, path, body, action string }{
	{"GET", "/admin/cache/stats", "", ""},
	{"POST", "/admin/cache/ttl", `{"mode":"fast","ttl_seconds":600}`, "cache_ttl"},
	{"POST", "/admin/cache/bypass", "", "cache_bypass"},
	{"POST", "/admin/cache/warm", `{"mode":"fast","prompts":["a"]}`, "cache_warm"},
	{"GET", "/admin/downshift/stats", "", ""},
	{"POST", "/admin/downshift", `{"from":"creative","to":"fast"}`, "downshift"},
	{"POST", "/admin/breaker", `{"model":"qwen_32b","state":"open"}`, "breaker"},
	{"POST", "/admin/db/pool/reset", "", "db_pool_reset"},
	{"POST", "/admin/models/qwen_32b/unload", "", "model_unload"},
	{"POST", "/admin/models/qwen_32b/load", "", "model_load"},
	{"POST", "/admin/training", `{"action":"stop"}`, "training"},
	{"POST", "/admin/checkpoint/rollback", `{"checkpoint":"step-0"}`, "checkpoint_rollback"},
}

func TestEveryAdminCallNeedsTheTokenAndIsCounted(t *testing.T) {
	r := start(t, "app", "ADMIN_TOKEN=secret")
	off := start(t, "app")
	for _, call := range every {
		for _, header := range []string{"", "secret", "Bearer", "Bearer wrong", "Bearer secret2", "Basic secret"} {
			req, err := http.NewRequest(call.method, r.url+call.path, nil)
			require.NoError(t, err)
			req.Header.Set("Authorization", header)
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			_ = resp.Body.Close()
			require.Equal(t, 401, resp.StatusCode, "%s with %q", call.path, header)
		}
		off.want(403, call.method, call.path, call.body)
		series := `admin_actions_total{action="` + call.action + `"}`
		_, counted := r.metric(series)
		require.False(t, counted, "a refused call is not counted")
		r.want(200, call.method, call.path, call.body)
		if call.action != "" {
			r.wantMetric(1, series)
		}
	}
}

func TestWrongAdminCallsChangeNothing(t *testing.T) {
	r := start(t, "app", "ADMIN_TOKEN=secret")
	for _, tc := range []struct {
		code       int
		path, body string
	}{
		{400, "/admin/cache/ttl", `{"mode":"slow","ttl_seconds":600}`},
		{400, "/admin/cache/ttl", `{"mode":"fast","ttl_seconds":0}`},
		{400, "/admin/cache/ttl", `{"mode":"fast","ttl_seconds":86401}`},
		{400, "/admin/cache/ttl", `{"mode":"fast","ttl":600}`},
		{400, "/admin/cache/ttl", ""},
		{400, "/admin/cache/warm", `{"mode":"slow"}`},
		{400, "/admin/downshift", `{"from":"fast","to":"creative"}`},
		{400, "/admin/downshift", `{"from":"slow","to":"fast"}`},
		{400, "/admin/downshift", `{}`},
		{400, "/admin/breaker", `{"model":"qwen_32b","state":"ajar"}`},
		{404, "/admin/breaker", `{"model":"gpt","state":"open"}`},
		{404, "/admin/models/gpt/unload", ""},
		{400, "/admin/training", `{"action":"pause"}`},
		{400, "/admin/training", `{"action":"resume","learning_rate":-1}`},
		{404, "/admin/checkpoint/rollback", `{"checkpoint":"step-7"}`},
		{400, "/admin/cache/bypass", `{"enabled":true}{"enabled":false}`},
	} {
		r.want(tc.code, "POST", tc.path, tc.body)
	}
	code, text := r.do("GET", "/metrics", "")
	require.Equal(t, 200, code)
	require.NotContains(t, text, "admin_actions_total{")
}

func TestCacheCalls(t *testing.T) {
	r := start(t, "app", "ADMIN_TOKEN=secret")
	source := func() any { return r.want(200, "POST", "/generate?ms=0", `{"prompt":"a"}`)["source"] }
	require.EqualValues(t, 1, r.want(200, "POST", "/admin/cache/warm", `{"prompts":["a"]}`)["warmed"])
	require.Equal(t, "cache", source())
	r.want(200, "POST", "/admin/cache/bypass", "")
	require.Equal(t, "model", source())
	require.Equal(t, true, r.want(200, "GET", "/admin/cache/stats", "")["bypass"])
	r.want(200, "POST", "/admin/cache/bypass", `{"enabled":false}`)
	require.Equal(t, "cache", source())
	require.EqualValues(t, 1, r.want(200, "POST", "/admin/cache/warm", "")["warmed"], "what is kept is refreshed")
	r.want(200, "POST", "/admin/cache/ttl", `{"mode":"fast","ttl_seconds":1200}`)
	fast := r.want(200, "GET", "/admin/cache/stats", "")["modes"].(map[string]any)["fast"].(map[string]any)
	require.EqualValues(t, 1200, fast["ttl_seconds"])
	require.EqualValues(t, 2, fast["hits"], "a bypassed lookup is none")
	require.EqualValues(t, 0, fast["misses"])
}

func TestDownshift(t *testing.T) {
	r := start(t, "app", "ADMIN_TOKEN=secret")
	mode := func() any { return r.want(200, "POST", "/generate?mode=creative&ms=0", "")["mode"] }
	r.want(200, "POST", "/admin/downshift", `{"from":"creative","to":"balanced"}`)
	require.Equal(t, "balanced", mode())
	r.want(200, "POST", "/admin/downshift", `{"from":"balanced","to":"fast"}`)
	require.Equal(t, "fast", mode(), "downshifts follow each other")
	stats := r.want(200, "GET", "/admin/downshift/stats", "")
	require.Equal(t, map[string]any{"creative": "balanced", "balanced": "fast"}, stats["active"])
	require.EqualValues(t, 2, stats["requests"])
	r.want(200, "POST", "/admin/downshift", `{"from":"creative","to":"creative"}`)
	r.want(200, "POST", "/admin/downshift", `{"from":"balanced"}`)
	require.Equal(t, "creative", mode())
	r.wantMetric(2, "downshifted_requests_total")
}

func TestPoolReset(t *testing.T) {
	r := start(t, "app", "ADMIN_TOKEN=secret")
	r.want(200, "POST", "/generate?ms=0", "")
	r.want(200, "POST", "/generate?ms=0", "")
	r.wantMetric(1, "db_pool_opened_total")
	r.wantMetric(1, `db_pool_connections{state="idle"}`)
	require.EqualValues(t, 1, r.want(200, "POST", "/admin/db/pool/reset", "")["closed"])
	r.wantMetric(0, `db_pool_connections{state="idle"}`)

	p := &pool{}
	giveBack := p.borrow()
	p.reset()
	giveBack()
	require.Zero(t, p.idle+p.inUse, "one from before the reset is not kept")
}

func TestTrainingIsForwarded(t *testing.T) {
	trainer := start(t, "worker-rl", "ADMIN_TOKEN=secret")
	r := start(t, "app", "ADMIN_TOKEN=secret", "TRAINER_URL="+trainer.url)
	r.want(200, "POST", "/admin/training", `{"action":"stop","learning_rate":0.001}`)
	trainer.wantMetric(0, "rl_training_running")
	trainer.wantMetric(0.001, "rl_learning_rate")
	trainer.wantMetric(1, `admin_actions_total{action="training"}`)
	r.want(400, "POST", "/admin/training", `{"action":"pause"}`)
	trainer.want(202, "POST", "/drain", "")
	require.Equal(t, "drain", r.want(200, "POST", "/admin/checkpoint/rollback", "")["why"])
	r.want(404, "POST", "/admin/checkpoint/rollback", `{"checkpoint":"step-7"}`)

	gone := start(t, "app", "ADMIN_TOKEN=secret", "TRAINER_URL=http://127.0.0.1:1")
	gone.want(502, "POST", "/admin/training", `{"action":"stop"}`)
}
