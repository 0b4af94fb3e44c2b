//go:build e2e

package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
	"github.com/evenkeel/evenkeel/deploy/demo/load"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// slackSite is a site whose runs ask in a stand-in of Slack.
type slackSite struct {
	*runbookSite
	slack *slackfake.Server
	page  string
}

// TestSlack mends a model server that was killed, as a person in Slack would see it: in a browser, and with Slack away
// for the whole of a request.
func TestSlack(t *testing.T) {
	slack, page := openSlack(t, "127.0.0.1:0")
	s := &slackSite{slack: slack, page: page}
	s.runbookSite = onSite(newSiteWith(t, func(product *stack.Stack) error { return product.LetIn(stack.StandIn(page)) }))
	fast := load.Start(s.ctx, load.Options{URL: s.URL() + "/generate?mode=fast", Rate: rate}) // by which the p95 is soon well again
	t.Cleanup(func() { fast.Stop() })
	s.sub("approved in a browser", s.pressedInBrowser)
	s.sub("away for the whole request", s.away)
}

// openSlack serves a stand-in of Slack until the test ends.
func openSlack(t *testing.T, address string) (*slackfake.Server, string) {
	t.Helper()
	slack := slackfake.New(slackfake.Options{})
	page, err := slack.Start(address)
	require.NoError(t, err)
	t.Cleanup(slack.Close)
	return slack, page
}

// JavaScript that finds what is on the page of the stand-in.
const (
	approveButton = `[...document.querySelectorAll("form[action='/press'] button")].find(b => b.textContent === "Approve")`
	form          = `document.querySelector("form[action='/submit']")`
	anyPress      = `document.querySelector("form[action='/press']")`
)

// pressedInBrowser approves as a person does: by the button of the message, and by the form that opens then.
func (s *slackSite) pressedInBrowser() {
	began := time.Now()
	s.kill()
	s.begin()
	browser := newTab(s.t, 900, 1030)
	alice := s.page + "/?user=U0ALICE"
	browser.look(alice, `!!`+approveButton, limit)
	browser.picture(filepath.Join(s.t.ArtifactDir(), "slack.png")) // docs/images/slack.png is one
	require.False(s.t, s.serverRuns(), "nothing is restarted before somebody approves")
	browser.await(approveButton + `.click() === undefined`)
	browser.await(`!!` + form)
	require.True(s.t, browser.holds(form+`.textContent.includes("`+s.run+`")`), "what is signed is shown")
	require.False(s.t, s.serverRuns(), "a form that was not sent approves nothing")
	browser.await(form + `.querySelector("textarea").value = "the server is gone"` + ` !== ""`)
	browser.await(form + `.querySelector("button").click() === undefined`)
	browser.await(`!` + form)
	result := s.end()
	require.Equal(s.t, runbook.Succeeded, result.Outcome, "%s", result.Reason)
	require.Equal(s.t, 1, s.starts(began))
	s.requireMended()
	browser.look(alice, `document.body.textContent.includes("Granted") && !`+anyPress+` && !`+form, time.Minute)
	list, err := s.Starter(s.ctx, "audit", "list")
	require.NoError(s.t, err)
	require.Contains(s.t, list, "slack:T0EVENKEEL/U0ALICE")
	s.requireLedgerWhole()
}

// away has Slack gone before the run asks and back after it has ended: everything is told once, in one message that
// nobody can press.
func (s *slackSite) away() {
	s.slack.Close()
	s.kill()
	s.begin()
	s.approve()
	result := s.end()
	require.Equal(s.t, runbook.Succeeded, result.Outcome, "%s", result.Reason)
	s.slack, s.page = openSlack(s.t, strings.TrimPrefix(s.page, "http://"))
	var said []string
	s.eventually("what was missed", func(context.Context) bool {
		said = nil
		for _, m := range s.slack.Messages("C0OPS") {
			if m.Thread == "" {
				said = append(said, m.Text)
			}
		}
		return len(said) > 0 && s.nothingToTell()
	})
	granted := 0
	for _, m := range s.slack.Messages("C0OPS") {
		require.NotContains(s.t, string(m.Blocks), `"actions"`)
		if strings.Contains(m.Text, "Granted") {
			granted++
		}
	}
	require.Equal(s.t, 1, granted, "%q", said)
	require.Len(s.t, said, 3, "what on-call is told first, the request, and that it is done: %q", said)
}

// nothingToTell says that no run is at work that tells people something.
func (s *slackSite) nothingToTell() bool {
	s.t.Helper()
	listed, err := s.client.ListWorkflow(s.ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowType = 'Tell' AND ExecutionStatus = 'Running'"})
	require.NoError(s.t, err)
	return len(listed.GetExecutions()) == 0
}
