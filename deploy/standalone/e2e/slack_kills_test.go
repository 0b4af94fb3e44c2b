//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"

	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/workflows"
)

const (
	// shortPresses is the number of kills around presses in `make e2e`; soakPresses that of `make soak`.
	shortPresses = 30
	soakPresses  = 1000
)

// presser is an evenkeel, server and worker in one process, that asks in a stand-in of Slack. No product runs.
type presser struct {
	*stack.Stack
	t        *testing.T
	evenkeel *stack.Program
	flags    []string
	ready    string
	slack    *slackfake.Server
	client   client.Client
}

// TestPressesAndKills kills evenkeel around presses, server and worker at once.
func TestPressesAndKills(t *testing.T) { newPresser(t).pressesAndKills(shortPresses, 1) }

// TestSoakPressesAndKills is the long form.
func TestSoakPressesAndKills(t *testing.T) {
	if os.Getenv("EVENKEEL_SOAK") == "" {
		t.Skip("make soak runs it; make e2e has the short form")
	}
	newPresser(t).pressesAndKills(soakPresses, uint64(time.Now().UnixNano()))
}

func newPresser(t *testing.T) *presser {
	t.Helper()
	root := os.Getenv("EVENKEEL_ROOT")
	require.NotEmpty(t, root, "run it with make e2e")
	slack, page := openSlack(t, "127.0.0.1:0")
	s, err := stack.New(root, t.TempDir(), t.Logf)
	require.NoError(t, err)
	require.NoError(t, s.LetIn(stack.StandIn(page)))
	temporal, ui, health := freeAddress(t), freeAddress(t), freeAddress(t)
	s.Env = append(s.Env, "TEMPORAL_ADDRESS="+temporal)
	p := &presser{Stack: s, t: t, slack: slack, flags: []string{"--port", portOf(t, temporal), "--ui-port", portOf(t, ui), "--http", health}, ready: "http://" + health + "/readyz"}
	p.start()
	t.Cleanup(func() { p.evenkeel.Kill() })
	p.client, err = client.NewLazyClient(client.Options{HostPort: temporal, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(p.client.Close)
	return p
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	return port
}

func (p *presser) start() {
	p.t.Helper()
	var err error
	p.evenkeel, err = p.Start(p.t.Context(), p.ready, "evenkeel", p.flags...)
	require.NoError(p.t, err)
}

// pressesAndKills asks for so many presses and kills evenkeel in the moment of each. A press that was not acknowledged is
// repeated as long as the message has its button, as a person does who saw Slack's warning. Each that was is in a history, and
// counts once.
func (p *presser) pressesAndKills(n int, seed uint64) {
	p.t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	acknowledged := 0
	const together = 30 // messages that wait for their press at a time
	for begun := 0; begun < n; begun += together {
		var runs []client.WorkflowRun
		for range min(together, n-begun) {
			runs = append(runs, p.ask(random))
		}
		presses := map[string]int{} // those that were acknowledged, by run
		for range runs {
			m := p.open(presses)
			answered := make(chan error, 1)
			go func() { answered <- p.press(m) }()
			time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond)
			p.evenkeel.Kill()
			err := <-answered
			p.start()
			for tries := 0; err != nil && p.waits(m); err = p.press(m) {
				require.Less(p.t, tries, 100, "%v", err)
				time.Sleep(100 * time.Millisecond)
				tries++
			}
			presses[m.run] = 0
			if err == nil {
				presses[m.run] = 1
				acknowledged++
			}
		}
		require.Len(p.t, presses, len(runs))
		for _, run := range runs {
			p.requirePressed(run, presses[run.GetID()])
		}
	}
	p.t.Logf("%d of %d presses were acknowledged; the others were recorded by a process that was killed before it said so", acknowledged, n)
	require.Positive(p.t, acknowledged)
}

// ask starts a run that posts a message with a button and waits for its press.
func (p *presser) ask(random *rand.Rand) client.WorkflowRun {
	p.t.Helper()
	start := workflows.StartSlackTest(workflows.SlackTestRequest{
		Host: "demo", Groups: []string{"oncall"}, LimitSeconds: int(workflows.MaxSlackTest / time.Second), By: "nobody@demo",
	}, fmt.Sprintf("%016x", random.Uint64()))
	run, err := p.client.ExecuteWorkflow(p.t.Context(), start.Options, start.Workflow, start.Request)
	require.NoError(p.t, err)
	return run
}

// waiting is a message with a button, and the run that waits for its press.
type waiting struct {
	run string
	slackfake.Press
}

// open finds a message that waits for its press, of a run that is not among those.
func (p *presser) open(done map[string]int) (found waiting) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		for _, m := range p.slack.Messages("C0OPS") {
			w, ok := button(m, "Confirm")
			if _, pressed := done[w.run]; ok && !pressed {
				found = w
				return true
			}
		}
		return false
	}, 2*time.Minute, 20*time.Millisecond, "no message waits for a press")
	return found
}

// waits says whether the message has its button still: a press may have been recorded by who was killed before it said so.
func (p *presser) waits(w waiting) bool {
	for _, m := range p.slack.Messages(w.Channel) {
		if m.TS == w.TS {
			_, ok := button(m, "Confirm")
			return ok
		}
	}
	return false
}

// button is one of a message by what it says.
func button(m slackfake.Message, says string) (waiting, bool) {
	var blocks []struct {
		ID       string `json:"block_id"`
		Elements []struct {
			ID    string          `json:"action_id"`
			Value string          `json:"value"`
			Text  json.RawMessage `json:"text"`
		} `json:"elements"`
	}
	if json.Unmarshal(m.Blocks, &blocks) != nil {
		return waiting{}, false
	}
	for _, b := range blocks {
		for _, e := range b.Elements {
			id, _, _ := strings.Cut(e.Value, " ")
			if run, _, _, ok := request.Split(id); ok && strings.Contains(string(e.Text), `"`+says+`"`) {
				return waiting{run, slackfake.Press{User: "U0ALICE", Channel: m.Channel, TS: m.TS, Block: b.ID, Action: e.ID}}, true
			}
		}
	}
	return waiting{}, false
}

// press presses, and once more the same when it was acknowledged: Slack may send twice. The error says that nothing was
// acknowledged.
func (p *presser) press(w waiting) error {
	answer, err := p.slack.Press(p.t.Context(), w.Press)
	if err != nil {
		return err
	}
	_, _ = p.slack.Repeat(p.t.Context(), answer) // whether there is anybody to hear it or not
	return nil
}

// requirePressed says of a run that its history has every press that was acknowledged, none twice, and that one counted.
func (p *presser) requirePressed(run client.WorkflowRun, acknowledged int) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Minute)
	defer cancel()
	var result workflows.SlackTestResult
	require.NoError(p.t, run.Get(ctx, &result))
	require.Equal(p.t, workflows.SlackTestResult{Outcome: request.Granted, By: "slack:T0EVENKEEL/U0ALICE", Via: request.ViaSlack}, result)
	heard := map[string]bool{}
	signals := 0
	events := p.client.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(p.t, err)
		signal := event.GetWorkflowExecutionSignaledEventAttributes()
		if signal.GetSignalName() != workflows.PressedSignal {
			continue
		}
		var pressed workflows.Pressed
		require.NoError(p.t, converter.GetDefaultDataConverter().FromPayloads(signal.GetInput(), &pressed))
		heard[pressed.ID] = true
		signals++
	}
	require.GreaterOrEqual(p.t, len(heard), acknowledged)
	require.Len(p.t, heard, signals, "a press that came again was taken again")
}
