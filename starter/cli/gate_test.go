package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// What a person decides by is there, by deadline, and nothing in it can move the cursor.
func TestGateList(t *testing.T) {
	restart := approval("runbook/gpu1/shop/llm/llama3_8b", "approve")
	restart.Request.Message = "Restart llama3_8b?\nIt \x1b[2Kis ill."
	restart.Request.Not, restart.Request.Min, restart.Request.Answers = []string{"anna@gpu-1"}, 2, []string{"bob@gpu-1"}
	restart.Request.Deadline = opened.Add(20 * time.Minute)
	restart.Request.Allows = []request.Effect{{Step: "restart", Attempt: 2, Uses: "service.restart", Arguments: condition.Values{
		"service": "llama 3", "replicas": float64(1000000), "drain": true, "grace": 0.5,
	}}}
	asks := approval("runbook/gpu1/shop/handover", "ask")
	asks.Request.Kind, asks.Request.Message, asks.Request.PlanSHA256 = request.Input, "Fill it in.", ""
	asks.Request.Fields = []input.Field{{Name: "request_id", Type: condition.String, Pattern: "REQ-[0-9]+", Description: "the ticket"}}
	paused := approval("runbook/gpu1/-/cache/redis", "flush")
	paused.Request.Kind, paused.Request.Groups, paused.Request.Message = request.Order, nil, "paused by anna@gpu-1 before flush"
	paused.Request.Choices = []string{runbook.Resume, runbook.SkipStep, runbook.UndoAll, runbook.Abort}
	paused.Request.Deadline = opened.Add(time.Hour)
	calm := approval("runbook/gpu1/shop/calm", "x")
	calm.Request = nil
	h := &house{atWork: map[string]workflows.RunbookStatus{
		"runbook/gpu1/shop/llm/llama3_8b": restart, "runbook/gpu1/shop/handover": asks, "runbook/gpu1/-/cache/redis": paused, "runbook/gpu1/shop/calm": calm,
	}}
	list := func(output string, all bool) (int, string, string) {
		return says(t, output, func(s *starter) error {
			open, err := listOpen(t.Context(), h.connection())
			require.NoError(t, err)
			listed := gatesOf(open, all)
			complete(t.Context(), h.connection(), listed.Requests)
			return s.printGates(listed)
		})
	}
	code, out, errs := list("text", false)
	require.Equal(t, exitDone, code)
	require.Empty(t, errs)
	require.Equal(t, `gpu1/shop/handover:ask.1
  | Fill it in.
  input by oncall on gpu1/shop until 2026-11-25 12:15:00
  field request_id: string like REQ-[0-9]+; the ticket
  > starter gate approve runbook/gpu1/shop/handover:ask.1@0123abcd -p request_id=STRING
  > starter gate reject runbook/gpu1/shop/handover:ask.1@0123abcd --reason REASON

gpu1/shop/llm/llama3_8b:approve.1
  | Restart llama3_8b?
  | It \u001b[2Kis ill.
  approval by oncall on gpu1/shop until 2026-11-25 12:20:00
  not by anna@gpu-1, who started the run
  approved by 1 of 2: bob@gpu-1
  allows restart: service.restart drain=true grace=0.5 replicas=1000000 service="llama 3"
  > starter gate approve runbook/gpu1/shop/llm/llama3_8b:approve.1@0123abcd
  > starter gate reject runbook/gpu1/shop/llm/llama3_8b:approve.1@0123abcd --reason REASON

gpu1/-/cache/redis:flush.1
  | paused by anna@gpu-1 before flush
  an operator's order on gpu1 until 2026-11-25 13:00:00
  > starter runbook resume runbook/gpu1/-/cache/redis:flush.1@0123abcd
  > starter runbook skip runbook/gpu1/-/cache/redis:flush.1@0123abcd --reason REASON
  > starter runbook undo runbook/gpu1/-/cache/redis:flush.1@0123abcd --reason REASON
  > starter runbook abort runbook/gpu1/-/cache/redis:flush.1@0123abcd --reason REASON
`, out)

	_, out, _ = list("json", false)
	require.Equal(t, 1, strings.Count(out, `"whole"`), "of the others the memo has all")

	h.silent = true
	_, out, _ = list("text", false)
	require.Contains(t, out, "  not all is shown: starter runbook status gpu1/shop/handover\n")
	h.silent = false

	h.atWork = nil
	_, out, _ = list("text", false)
	require.Equal(t, "nothing waits for a person\n", out)
	_, out, _ = list("json", false)
	require.JSONEq(t, `{"open":0,"requests":[]}`, out)

	h.atWork = map[string]workflows.RunbookStatus{}
	for i := range gatesShown + 3 {
		run := fmt.Sprintf("runbook/gpu1/shop/llm/%02d", i)
		h.atWork[run] = approval(run, "approve")
	}
	_, out, _ = list("text", false)
	require.Equal(t, gatesShown, strings.Count(out, "Restart it?"))
	require.Contains(t, out, "and 3 more with a later deadline: starter gate list --all\n")
	_, out, _ = list("text", true)
	require.Equal(t, gatesShown+3, strings.Count(out, "Restart it?"))
}

// Two requests that ask for different things never look the same, wherever a person reads one.
func TestGatesLookDifferent(t *testing.T) {
	const run = "runbook/gpu1/shop/llm/llama3_8b"
	seen := map[string]string{}
	for _, c := range []struct {
		message string
		with    condition.Values
	}{
		{"Run it?", condition.Values{"a": "1", "b": "2"}},
		{"Run it?", condition.Values{"a": "1 b=2"}},
		{"Run it?", condition.Values{"a": `1" b="2`}},
		{"Run it?", condition.Values{"a": "x y"}},
		{"Run it?", condition.Values{"a": "x  y"}},
		{"Run it?", condition.Values{"a": "x\ny"}},
		{"Run it?", condition.Values{"a": `x\ny`}},
		{"Run it?", condition.Values{"a": " x y"}},
		{"Run it?", condition.Values{"a": "x\u00a0y"}},
		{"Run it?", condition.Values{"a": "x\u200by"}},
		{"Run it?", condition.Values{"a": "xy"}},
		{"Run it?", condition.Values{"a": ""}},
		{"Run  it?", condition.Values{"a": "xy"}},
		{"Run\nit?", condition.Values{"a": "xy"}},
		{"Run\tit?", condition.Values{"a": "xy"}},
	} {
		status := approval(run, "approve")
		status.Request.Message = c.message
		status.Request.Allows = []request.Effect{{Step: "work", Attempt: 1, Uses: "command.run", Arguments: c.with}}
		h := &house{atWork: map[string]workflows.RunbookStatus{run: status}}
		for name, show := range map[string]func(s *starter) error{
			"gate list": func(s *starter) error {
				open, err := listOpen(t.Context(), h.connection())
				require.NoError(t, err)
				return s.printGates(gatesOf(open, true))
			},
			"runbook status": func(s *starter) error { s.printRunbookRun(runbookRun{RunbookStatus: &status}); return nil },
			"runbook run":    func(s *starter) error { s.newRunbookProgress(run).request(*status.Request, opened); return nil },
		} {
			for _, output := range []string{"text", "json"} {
				if name != "gate list" && output == "json" || name == "runbook run" && c.message == "Run it?" {
					continue // it is another document, or shows the message alone
				}
				_, out, _ := says(t, output, show)
				key, this := name+" "+output+out, fmt.Sprintf("%q %q", c.message, c.with)
				require.Empty(t, seen[key], "%s looks like %s: %s", this, seen[key], out)
				seen[key] = this
			}
		}
	}
}

// What is asked cannot show a command that it is not.
func TestMessageForgesNoLine(t *testing.T) {
	const run = "runbook/gpu1/shop/llm/x"
	forged := "  > starter gate approve evil"
	for _, message := range []string{"It is ill.\n" + forged, forged, "a\n         starter gate approve evil", "a\n\n> starter gate approve evil"} {
		status := approval(run, "approve")
		status.Request.Message = message
		h := &house{atWork: map[string]workflows.RunbookStatus{run: status}}
		for name, show := range map[string]func(s *starter) error{
			"gate list":      func(s *starter) error { return s.listGates(t.Context(), h.connection(), true, false) },
			"runbook status": func(s *starter) error { s.printRunbookRun(runbookRun{RunbookStatus: &status}); return nil },
			"runbook run":    func(s *starter) error { s.newRunbookProgress(run).request(*status.Request, opened); return nil },
		} {
			_, out, _ := says(t, "text", show)
			for line := range strings.Lines(out) {
				if strings.Contains(line, "evil") {
					require.True(t, strings.HasPrefix(strings.TrimSpace(line), "| ") || strings.Contains(line, "waits: "), "%s: %q", name, out)
				}
			}
		}
	}
}

// A text that is there by default is told from there being none, and nobody's answers from somebody's.
func TestGateWords(t *testing.T) {
	require.Equal(t, `note: string, "none" by default`, field(input.Field{Name: "note", Type: condition.String, Default: "none"}))
	require.Equal(t, `n: int, 3 by default`, field(input.Field{Name: "n", Type: condition.Int, Default: int64(3)}))
	_, out, _ := says(t, "text", func(s *starter) error { s.printWho(request.Request{Min: 2}, ""); return nil })
	require.Contains(t, out, "\n  approved by 0 of 2\n")
}

// Whose yes is proven and whose is a claim is what the run says.
func TestAnswersThatAreClaims(t *testing.T) {
	r := request.Request{RunID: "r", Min: 3, Answers: []string{"anna@gpu-1", "bob@gpu-1"}, Words: []identity.Word{{Statement: identity.Statement{Who: "anna@gpu-1"}}}}
	_, out, _ := says(t, "text", func(s *starter) error { s.printWho(r, ""); return nil })
	require.Contains(t, out, "\n  approved by 2 of 3: anna@gpu-1, someone who says it is bob@gpu-1\n")
}

func TestAnswer(t *testing.T) {
	const run, open = "runbook/gpu1/shop/llm/llama3_8b", "runbook/gpu1/shop/llm/llama3_8b:approve.1"
	closed := temporal.NewApplicationError(open+" is not open", activities.PreconditionFailed)
	const notOpen = "starter: " + open + " is not open; see what became of it with starter runbook status gpu1/shop/llm/llama3_8b\n"
	for name, c := range map[string]struct {
		house house
		id    string
		plan  string
		code  int
		out   string
		errs  string
	}{
		"accepted":             {house{reply: request.Reply{Accepted: true, Message: open + " is approved"}}, open, "", exitDone, open + " is approved\n", ""},
		"by its whole id":      {house{reply: request.Reply{Accepted: true, Message: open + " is approved"}}, open + "@0123abcd", "", exitDone, open + " is approved\n", ""},
		"denied":               {house{reply: request.Reply{Message: "x@y is in none of the groups oncall"}}, open, "", exitNo, "", "starter: " + open + ": x@y is in none of the groups oncall\n"},
		"the run is over":      {house{fault: noRun}, open, "", exitNo, "", notOpen},
		"another run's":        {house{}, open + "@ffffffff", "", exitNo, "", strings.Replace(notOpen, " is", "@ffffffff is", 1)},
		"another is open":      {house{fault: closed}, open, "", exitNo, "", notOpen},
		"malformed":            {house{fault: temporal.NewApplicationError("who is it", activities.InvalidInput)}, open, "", exitUsage, "", "starter: gpu1/shop/llm/llama3_8b: who is it\n"},
		"the server is away":   {house{fault: serviceerror.NewUnavailable("gone")}, open, "", exitMissing, "", "starter: Temporal: gone; see starter doctor\n"},
		"the plan that is":     {house{reply: request.Reply{Accepted: true, Message: "done"}}, open, "0123456789ab", exitDone, "done\n", ""},
		"the plan has changed": {house{}, open, "ffffffffffff", exitNo, "", "starter: --plan: the plan is 0123456789ab; look at it with starter runbook status gpu1/shop/llm/llama3_8b\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c.house.atWork = map[string]workflows.RunbookStatus{run: approval(run, "approve")}
			code, out, errs := says(t, "text", func(s *starter) error {
				return s.answerRun(t.Context(), c.house.connection(), run, c.id, request.Answer{Decision: request.Approve}, c.plan)
			})
			require.Equal(t, c.errs, errs)
			require.Equal(t, c.out, out)
			require.Equal(t, c.code, code)
			if c.house.heard.WorkflowID == "" {
				require.Contains(t, []string{"the plan has changed", "another run's"}, name)
				return
			}
			require.Equal(t, client.UpdateWorkflowOptions{
				WorkflowID: run, UpdateName: "answer", WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{request.Answer{
					Request: open + "@0123abcd", Shown: approval(run, "approve").Request.ShownSHA256(), Decision: request.Approve, By: by(), Via: activities.ViaCLI,
				}},
			}, c.house.heard)
		})
	}
}

// A run that has the hash of something else than it shows gets no answer.
func TestAnswerOfAnotherHash(t *testing.T) {
	const run = "runbook/gpu1/shop/llm/llama3_8b"
	status := approval(run, "approve")
	status.Request.Shown = strings.Repeat("0", 64)
	h := house{atWork: map[string]workflows.RunbookStatus{run: status}}
	code, _, errs := says(t, "text", func(s *starter) error {
		return s.answerRun(t.Context(), h.connection(), run, run+":approve.1", request.Answer{Decision: request.Approve}, "")
	})
	require.Equal(t, exitNo, code)
	require.Equal(t, "starter: "+run+":approve.1: the run asks one thing and has the hash of another: it says 000000000000, and what it asks has "+shortHash(status.Request.ShownSHA256())+
		"; nothing was signed; see that starter and the workers are of one version\n", errs)
	require.Empty(t, h.heard.WorkflowID)
}

// An order that names what was asked is for that alone.
func TestOrderOnARequest(t *testing.T) {
	const run = "runbook/gpu1/shop/llm/llama3_8b"
	status := approval(run, "wipe")
	status.Request.Kind, status.Request.Choices = request.Order, []string{runbook.MarkDone, runbook.Abort}
	for id, code := range map[string]int{run + ":wipe.1@0123abcd": exitDone, run + ":wipe.2@0123abcd": exitNo, run + ":wipe.1@ffffffff": exitNo} {
		h := house{reply: request.Reply{Accepted: true, Message: "wipe counts as done"}, atWork: map[string]workflows.RunbookStatus{run: status}}
		got, _, errs := says(t, "text", func(s *starter) error {
			return s.answerRun(t.Context(), h.connection(), run, id, request.Answer{Decision: runbook.MarkDone, Reason: "seen"}, "")
		})
		require.Equal(t, code, got, errs)
		if code == exitNo {
			require.Empty(t, h.heard.WorkflowID)
			continue
		}
		require.Equal(t, []any{request.Answer{
			Request: run + ":wipe.1@0123abcd", Shown: status.Request.ShownSHA256(), Decision: runbook.MarkDone, Reason: "seen", By: by(), Via: activities.ViaCLI,
		}}, h.heard.Args)
	}
}

// A run that does not answer in time may still do as it was told.
func TestAnswerOfNobody(t *testing.T) {
	h := &house{fault: client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded)}
	_, err := tell(t.Context(), h, "runbook/gpu1/shop/llm", "answer", request.Answer{})
	requireFailure(t, err, exitMissing, activities.Unavailable)
	require.ErrorContains(t, err, "one may still do as it was told")
}

// Whoever mistypes an id is told what is wrong with it, and no command with the slip in it.
func TestAnswerMistyped(t *testing.T) {
	const run = "runbook/gpu1/shop/llm/llama3_8b"
	asks := approval(run, "restart/approve")
	asks.Request.ID = run + ":restart/approve.3@0123abcd"
	asks.Steps = []workflows.RunbookStep{{Path: "restart"}, {Path: "look"}, {Path: "restart/approve"}}
	const list = "; see starter gate list\n"
	const form = "is no request; write an id of starter gate list, such as llm_failure_response/llama3_8b:approve.1\n"
	for id, c := range map[string]struct {
		code int
		want string
	}{
		" llm/llama3_8b:restart/approve.3 \n":     {exitDone, ""},
		run + ":restart/approve.3@0123abcd":       {exitDone, ""},
		"llm/llama3_8b:restart/aprove.3":          {exitNo, "gpu1/shop/llm/llama3_8b has asked nothing at a step restart/aprove" + list},
		"llm/llama3_8b:approve.3":                 {exitNo, "gpu1/shop/llm/llama3_8b has asked nothing at a step approve" + list},
		"llm/llama3_8b:restart/approve.4":         {exitNo, "gpu1/shop/llm/llama3_8b has not asked restart/approve.4 so far" + list},
		"llm/llama3_8b:restart/approve.1":         {exitNo, run + ":restart/approve.1 is not open; see what became of it with starter runbook status gpu1/shop/llm/llama3_8b\n"},
		"llm/llama3_8b:look.2":                    {exitNo, run + ":look.2 is not open; see what became of it with starter runbook status gpu1/shop/llm/llama3_8b\n"},
		"llm/lama3_8b:restart/approve.3":          {exitNo, "no run has the name llm/lama3_8b" + list},
		"llm:restart/approve.3":                   {exitNo, "no run has the name llm" + list},
		"llm/llama3_8b:restart/approve":           {exitUsage, form},
		"http://x:8233/namespaces/default/x":      {exitUsage, form},
		"http://x/workflows/runbook%2Fgpu1:a.1":   {exitUsage, form},
		"llm/llama3_8b: restart/approve.3":        {exitUsage, form},
		"llm/llama3_8b:restart/approve.3 approve": {exitUsage, form},
	} {
		t.Run(id, func(t *testing.T) {
			h := &house{atWork: map[string]workflows.RunbookStatus{run: asks}, reply: request.Reply{Accepted: true, Message: "done"}}
			code, _, errs := says(t, "text", func(s *starter) error {
				id, err := requestID(id)
				if err != nil {
					return err
				}
				return s.answerNamed(t.Context(), h.connection(), id, request.Answer{Decision: request.Approve}, "")
			})
			require.Equal(t, c.code, code, errs)
			require.True(t, strings.HasSuffix(errs, c.want), errs)
			require.Equal(t, c.code == exitDone, h.heard.UpdateName != "")
		})
	}
}

// Ctrl-C before a word is given takes nothing back; behind it, the word may count.
func TestAnswerInterrupted(t *testing.T) {
	const run = "runbook/gpu1/shop/llm/llama3_8b"
	ctx, cancel := context.WithCancel(t.Context())
	h := &house{atWork: map[string]workflows.RunbookStatus{run: approval(run, "approve")}, fault: context.Canceled, interrupt: cancel}
	answer := func(s *starter) error {
		return s.answerRun(ctx, h.connection(), run, run+":approve.1", request.Answer{Decision: request.Approve}, "")
	}
	code, _, errs := says(t, "text", answer)
	require.Equal(t, exitDetached, code)
	require.Equal(t, "starter: interrupted; your answer may still count; see starter runbook status "+run+"\n", errs)
	code, _, errs = says(t, "text", answer) // which now ends before anything is asked
	require.Equal(t, exitDetached, code)
	require.Equal(t, "starter: interrupted; nothing was started\n", errs)
	_, _, errs = says(t, "json", answer)
	require.JSONEq(t, `{"error":{"type":"`+activities.Unknown+`","message":"interrupted","hint":"nothing was started"}}`, errs)

	for _, verb := range runbook.Verbs {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		code, _, errs = says(t, "text", func(s *starter) error {
			root := s.root()
			root.SetArgs([]string{"runbook", verb, "llm/x", "--reason", "x"})
			return root.ExecuteContext(ctx)
		})
		require.Equal(t, exitDetached, code)
		require.Equal(t, "starter: interrupted; your order may still count; see starter runbook status llm/x\n", errs)
	}
}

func TestOrder(t *testing.T) {
	for name, c := range map[string]struct {
		house house
		run   string
		code  int
		out   string
		errs  string
	}{
		"accepted":    {house{reply: request.Reply{Accepted: true, Message: "pause: restart"}}, "gpu1/shop/llm/llama3_8b", exitDone, "pause: restart\n", ""},
		"denied":      {house{reply: request.Reply{Message: "it is paused already"}}, "gpu1/shop/llm/llama3_8b", exitNo, "", "starter: gpu1/shop/llm/llama3_8b: it is paused already\n"},
		"over":        {house{fault: temporal.NewApplicationError("the run is over: failed", activities.PreconditionFailed)}, "gpu1/shop/llm/llama3_8b", exitNo, "", "starter: gpu1/shop/llm/llama3_8b: the run is over: failed\n"},
		"misspelled":  {house{fault: noRun}, "gpu1/shop/llm/lama3_8b", exitNo, "", "starter: gpu1/shop/llm/lama3_8b does not run; see starter runbook status\n"},
		"without key": {house{fault: noRun}, "gpu1/shop/llm", exitNo, "", "starter: gpu1/shop/llm does not run; at work with more in its name: gpu1/shop/llm/llama3_8b\n"},
		"unlike":      {house{fault: noRun}, "gpu2/bank/database/main", exitNo, "", "starter: gpu2/bank/database/main does not run; see starter runbook status\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c.house.atWork = map[string]workflows.RunbookStatus{"runbook/gpu1/shop/llm/llama3_8b": approval("runbook/gpu1/shop/llm/llama3_8b", "approve")}
			order := workflows.RunbookOrder{Verb: runbook.Pause, By: by(), Via: activities.ViaCLI}
			code, out, errs := says(t, "text", func(s *starter) error { return s.order(t.Context(), c.house.connection(), runPrefix+c.run, order) })
			require.Equal(t, c.errs, errs)
			require.Equal(t, c.out, out)
			require.Equal(t, c.code, code)
			if errors.Is(c.house.fault, noRun) {
				require.Empty(t, c.house.heard.UpdateName, "there is nobody to tell")
				return
			}
			require.Equal(t, "operate", c.house.heard.UpdateName)
			order.Run = "run of " + runPrefix + c.run // the one that the person saw
			require.Equal(t, []any{order}, c.house.heard.Args)
		})
	}
}
