package cli

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// requestForm is how people write the id of a request: RUN:STEP.N, with or without @ and the run.
var requestForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*:[A-Za-z0-9][A-Za-z0-9._/-]*\.[0-9]+(@[A-Za-z0-9-]+)?$`)

// requestID is the id of a request as a person wrote it.
func requestID(id string) (string, error) {
	id = strings.TrimSpace(id)
	if !requestForm.MatchString(id) {
		return "", usage("gate", strconv.Quote(id)+" is no request", "write an id of starter gate list, such as llm_failure_response/llama3_8b:approve.1")
	}
	return id, nil
}

// notOpenNow says of a run at work why a request of that id is none of those that it asks.
func notOpenNow(ctx context.Context, c *connect.Connection, run, id string, open []request.Request) error {
	status, err := runbookStatus(ctx, c, run, "")
	if err != nil {
		return notOpen(run, id)
	}
	step, number := stepAndNumber(id)
	highest := 0
	for _, r := range open {
		_, n := stepAndNumber(r.ID)
		highest = max(highest, n)
	}
	begun := slices.ContainsFunc(status.Steps, func(s workflows.RunbookStep) bool { return s.Path == step })
	switch {
	case !begun && !slices.ContainsFunc(open, func(r request.Request) bool { return r.Step == step }):
		return no("", runName(run)+" has asked nothing at a step "+condition.Quoted(step), "see starter gate list")
	case highest > 0 && number > highest: // they are counted
		return no("", fmt.Sprintf("%s has not asked %s.%d so far", runName(run), step, number), "see starter gate list")
	}
	return notOpen(run, id)
}

// stepAndNumber are the two in an id of a request.
func stepAndNumber(id string) (step string, number int) {
	_, both, _, _ := request.Split(id)
	at := strings.LastIndex(both, ".")
	if at < 0 {
		return both, 0
	}
	number, _ = strconv.Atoi(both[at+1:]) // 0 is none
	return both[:at], number
}

// requestNamed is the request that a person named, with or without the run.
func requestNamed(open []request.Request, id string) (request.Request, bool) {
	for _, r := range open {
		if r.ID == id || r.Short() == id {
			return r, true
		}
	}
	return request.Request{}, false
}

// notOpen says that a request is answered, withdrawn or was never there. It names no other: whoever repeats an answer
// must not be led to approve something else.
func notOpen(run, id string) error {
	return no("", id+" is not open", "see what became of it with starter runbook status "+runName(run))
}
