package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/admin"
	settings "github.com/evenkeel/evenkeel/internal/config"
)

func requireClass(t *testing.T, class string, err error) {
	t.Helper()
	e, ok := errors.AsType[*activities.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, class, e.Class, "%v", err)
}

// evenkeel's client and its usual paths are held against this product: what it orders here shows.
func TestClientOfRunbooks(t *testing.T) {
	app := start(t, "app", "ADMIN_TOKEN=secret")
	c, paths, ctx := admin.New("secret"), settings.DefaultPaths(), t.Context()
	order := func(path string, body any) { require.NoError(t, c.Order(ctx, app.url+path, body)) }
	health := func() activities.ModelHealth {
		h, err := c.ModelHealth(ctx, app.url+paths.ModelHealth, "qwen_32b")
		require.NoError(t, err)
		return h
	}
	require.Equal(t, activities.ModelHealth{Healthy: true, Breaker: "closed"}, health())
	order("/admin/models/qwen_32b/unload", nil)
	require.Equal(t, activities.ModelHealth{Breaker: "closed"}, health())
	order("/admin/models/qwen_32b/load", nil)
	order(paths.Breaker, map[string]string{"model": "qwen_32b", "state": "open"})
	require.Equal(t, activities.ModelHealth{Healthy: true, Breaker: "open"}, health())
	order(paths.Breaker, map[string]string{"model": "qwen_32b", "state": "closed"})
	require.Equal(t, "closed", health().Breaker)

	order(paths.Downshift, map[string]string{"from": "creative", "to": "fast"})
	active, err := c.Downshifts(ctx, app.url+paths.DownshiftStats)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"creative": "fast"}, active)
	order(paths.Downshift, map[string]string{"from": "creative", "to": "creative"})
	active, err = c.Downshifts(ctx, app.url+paths.DownshiftStats)
	require.NoError(t, err)
	require.Empty(t, active)

	for _, mode := range []string{"fast", "fast", "balanced"} {
		app.want(200, "POST", "/generate?ms=1&mode="+mode, `{"prompt":"a"}`)
	}
	stats := func() activities.CacheStats {
		s, err := c.CacheStats(ctx, app.url+paths.CacheStats)
		require.NoError(t, err)
		return s
	}
	require.Equal(t, activities.CacheStats{Hits: 1, Misses: 2}, stats())
	order(paths.CacheBypass, map[string]any{"enabled": true})
	require.True(t, stats().Bypass)
	order(paths.CacheBypass, map[string]any{"enabled": false})
	require.False(t, stats().Bypass)
	order(paths.CacheWarm, nil)
	order(paths.DBPoolReset, nil)
	_, metrics := app.do("GET", "/metrics", "")
	for action, times := range map[string]string{"cache_warm": "1", "db_pool_reset": "1", "breaker": "2", "downshift": "2", "cache_bypass": "2"} {
		require.Contains(t, metrics, `admin_actions_total{action="`+action+`"} `+times+"\n")
	}
	require.Contains(t, metrics, `db_pool_connections{state="idle"} 0`)
}

func TestClientOfRunbooksIsRefused(t *testing.T) {
	app := start(t, "app", "ADMIN_TOKEN=secret")
	c, paths := admin.New("secret"), settings.DefaultPaths()
	_, err := c.ModelHealth(t.Context(), app.url+paths.ModelHealth, "gpt")
	requireClass(t, activities.NotFound, err)
	requireClass(t, activities.PreconditionFailed, c.Order(t.Context(), app.url+paths.Breaker, map[string]string{"model": "qwen_32b", "state": "ajar"}))
	requireClass(t, activities.NotFound, c.Order(t.Context(), app.url+paths.Breaker, map[string]string{"model": "gpt", "state": "open"}))
	requireClass(t, activities.NotFound, c.Order(t.Context(), app.url+"/admin/nothing", nil))
	requireClass(t, activities.PermissionDenied, admin.New("wrong").Order(t.Context(), app.url+paths.CacheWarm, nil))
}
