package pager

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/outside"
	"github.com/evenkeel/evenkeel/activities/pager/pagerfake"
)

var (
	_ activities.Pager = (*Duty)(nil)
	_ activities.Pager = (*Webhook)(nil)
)

const (
	key   = "0123456789abcdef0123456789abcdef"
	token = "hush-4711"
)

var page = activities.Page{
	DedupKey: "runbook/gpu-1/shop/restart/app", Severity: "Sev1", Summary: `Sev1 · <app> is "down"`, Source: "gpu-1",
	Details: map[string]string{"service": "app"}, Link: "https://runs.example/1",
}

// start returns a pager and its two clients, which give up after that time.
func start(t *testing.T, timeout time.Duration) (*pagerfake.Server, map[string]activities.Pager) {
	t.Helper()
	fake := pagerfake.New(pagerfake.Options{RoutingKey: key, Token: token})
	t.Cleanup(fake.Close)
	duty, hook := NewDuty(fake.URL()+"/", key), NewWebhook(fake.HookURL(), token)
	duty.calls, hook.calls = outside.New(timeout), outside.New(timeout)
	return fake, map[string]activities.Pager{"PagerDuty": duty, "webhook": hook}
}

// An alert is opened, taken and closed; what is said twice changes nothing.
func TestOneAlert(t *testing.T) {
	for name, severity := range map[string]string{"PagerDuty": "critical", "webhook": "Sev1"} {
		t.Run(name, func(t *testing.T) {
			fake, pagers := start(t, time.Minute)
			p, ctx := pagers[name], t.Context()
			require.NoError(t, p.Resolve(ctx, page.DedupKey), "what is not open stays so")
			require.Empty(t, fake.Open())
			require.NoError(t, p.Trigger(ctx, page))
			require.NoError(t, p.Trigger(ctx, page))
			require.Equal(t, map[string]pagerfake.State{page.DedupKey: pagerfake.Triggered}, fake.Open())
			require.NoError(t, p.Acknowledge(ctx, page.DedupKey))
			require.Equal(t, map[string]pagerfake.State{page.DedupKey: pagerfake.Acknowledged}, fake.Open())
			require.NoError(t, p.Resolve(ctx, page.DedupKey))
			require.Empty(t, fake.Open())
			event := pagerfake.Event{Action: "trigger", Severity: severity, Summary: page.Summary, Source: page.Source, Link: page.Link, Details: page.Details}
			require.Equal(t, []pagerfake.Event{{Action: "resolve"}, event, event, {Action: "acknowledge"}, {Action: "resolve"}}, fake.Events(page.DedupKey))
		})
	}
}

func TestSeverities(t *testing.T) {
	for ours, theirs := range map[string]string{"Sev1": "critical", "Sev2": "error", "Sev3": "warning", "Sev4": "info"} {
		fake, pagers := start(t, time.Minute)
		require.NoError(t, pagers["PagerDuty"].Trigger(t.Context(), activities.Page{DedupKey: "k", Severity: ours, Summary: "s", Source: "gpu-1"}))
		require.Equal(t, []pagerfake.Event{{Action: "trigger", Severity: theirs, Summary: "s", Source: "gpu-1"}}, fake.Events("k"))
	}
}

// After every fault another attempt leaves one open alert.
func TestFaults(t *testing.T) {
	for kind, taken := range map[pagerfake.Kind]int{
		pagerfake.Broken: 0, pagerfake.ResetBefore: 0, pagerfake.ResetAfter: 1, pagerfake.Slow: 1,
	} {
		for _, name := range []string{"PagerDuty", "webhook"} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				fake, pagers := start(t, 2*time.Second)
				fake.Fail(pagerfake.Fault{Kind: kind, Delay: time.Hour})
				err := pagers[name].Trigger(t.Context(), page)
				require.Equal(t, activities.Unavailable, activities.ClassOf(err))
				require.NotErrorIs(t, err, activities.ErrNotSent)
				require.ErrorContains(t, err, "trigger at ")
				require.Equal(t, 1, fake.Calls(), "nothing is repeated here")
				require.Len(t, fake.Events(page.DedupKey), taken)
				require.NoError(t, pagers[name].Trigger(t.Context(), page))
				require.Equal(t, map[string]pagerfake.State{page.DedupKey: pagerfake.Triggered}, fake.Open())
			})
		}
	}
}

func TestRateLimits(t *testing.T) {
	for said, want := range map[time.Duration]time.Duration{0: time.Minute, 7 * time.Second: 7 * time.Second} {
		fake, pagers := start(t, time.Minute)
		for _, p := range pagers {
			fake.Fail(pagerfake.Fault{Kind: pagerfake.RateLimited, RetryAfter: said})
			err := p.Resolve(t.Context(), "k")
			require.Equal(t, activities.RateLimited, activities.ClassOf(err))
			app, ok := errors.AsType[*temporal.ApplicationError](activities.Classify(t.Context(), err))
			require.True(t, ok)
			require.Equal(t, want, app.NextRetryDelay())
			require.False(t, app.NonRetryable())
		}
	}
}

// What the service refuses will be refused again, and no error has the key, the token or the address.
func TestRefusals(t *testing.T) {
	fake, _ := start(t, time.Minute)
	for class, err := range map[string]error{
		activities.InvalidInput:     NewDuty(fake.URL(), "wrong-hush").Trigger(t.Context(), page),
		activities.PermissionDenied: NewWebhook(fake.HookURL(), "wrong-hush").Acknowledge(t.Context(), "k"),
		activities.NotFound:         NewWebhook(fake.URL()+"/wrong-hush", token).Resolve(t.Context(), "k"),
	} {
		require.Equal(t, class, activities.ClassOf(err))
		require.True(t, activities.Final(err))
		require.NotContains(t, err.Error(), "hush")
	}
	require.Empty(t, fake.Open())

	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(other.Close)
	err := NewDuty(other.URL, key).Resolve(t.Context(), "k")
	require.EqualError(t, err, "resolve at PagerDuty: the service answers 200, and PagerDuty would answer 202")
	require.Equal(t, activities.Unavailable, activities.ClassOf(err))
}

// What no pager takes is not sent.
func TestNotSent(t *testing.T) {
	fake, pagers := start(t, time.Minute)
	long := strings.Repeat("x", 256)
	for says, change := range map[string]func(*activities.Page){
		"the key of a page has 1 to 255 characters":      func(p *activities.Page) { p.DedupKey = long },
		"the severity of a page is Sev1":                 func(p *activities.Page) { p.Severity = "critical" },
		"the summary of a page has 1 to 1024 characters": func(p *activities.Page) { p.Summary = strings.Repeat("🔥", 513) },
		"its source is empty":                            func(p *activities.Page) { p.Source = "" },
		"the link of a page is an http":                  func(p *activities.Page) { p.Link = "javascript:x" },
		"more than 500,000 bytes":                        func(p *activities.Page) { p.Details = map[string]string{"x": strings.Repeat("x", 500_000)} },
	} {
		for name, pager := range pagers {
			wrong := page
			change(&wrong)
			err := pager.Trigger(t.Context(), wrong)
			require.ErrorContains(t, err, says, name)
			require.ErrorIs(t, err, activities.ErrNotSent)
			require.Equal(t, activities.InvalidInput, activities.ClassOf(err))
		}
	}
	for _, pager := range pagers {
		for _, call := range []func(context.Context, string) error{pager.Acknowledge, pager.Resolve} {
			require.ErrorIs(t, call(t.Context(), ""), activities.ErrNotSent)
			require.ErrorIs(t, call(t.Context(), long), activities.ErrNotSent)
		}
	}
	require.Zero(t, fake.Calls())
	most := page
	most.DedupKey, most.Summary = long[1:], strings.Repeat("🔥", 512)
	require.NoError(t, pagers["PagerDuty"].Trigger(t.Context(), most))
}
