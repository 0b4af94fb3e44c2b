package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/terminal"
	"github.com/evenkeel/evenkeel/workflows"
)

// runbookProgress prints the steps of a run as they end, and what it waits for.
type runbookProgress struct {
	out *terminal.Writer
	// live says that out is a terminal of that many columns, where the line of the step at work is written
	// over by what comes next.
	live    bool
	columns int
	open    bool
	// run is the run's name, told the end of each step that was told: a step that is done again ends again.
	run  string
	told map[string]time.Time
	// asked is the request that was told, with how far it was answered.
	asked  string
	waits  string
	silent bool
	server outage
	// atWork is the step at work as the live line shows it while nothing is retried.
	atWork   string
	retrying bool
	news     retryNews
}

// newRunbookProgress writes to standard error in JSON mode, so that standard output stays one document.
func (s *starter) newRunbookProgress(run string) *runbookProgress {
	out := s.Out
	if s.output == "json" {
		out = s.Err
	}
	return &runbookProgress{out: out, live: isTerminal(out), columns: columns(out), run: run, told: map[string]time.Time{}, news: retryNews{}}
}

// show tells what is new in a run's answer.
func (p *runbookProgress) show(status workflows.RunbookStatus, now time.Time) {
	if p.silent {
		p.silent = false
		p.line(now, "a worker answers again", false)
	}
	p.steps(status.Steps)
	if status.Waits != p.waits {
		if p.waits = status.Waits; p.waits != "" {
			p.line(now, "held up: "+status.Waits, false)
		}
	}
	p.atWork = ""
	switch r := status.Request; {
	case r != nil:
		p.request(*r, now)
	case p.live && status.At != "":
		p.atWork = string(status.Phase) + " " + status.At + " …"
		p.line(now, p.atWork, true)
	}
}

// steps tells of those that have ended since, in the order in which they did.
func (p *runbookProgress) steps(all []workflows.RunbookStep) {
	var ended []workflows.RunbookStep
	for _, step := range all {
		if step.Outcome != "" && !step.Ended.Equal(p.told[step.Path]) {
			ended = append(ended, step)
			p.told[step.Path] = step.Ended
		}
	}
	slices.SortStableFunc(ended, func(a, b workflows.RunbookStep) int { return a.Ended.Compare(b.Ended) })
	for _, step := range ended {
		text := string(step.Outcome) + " " + step.Path
		if step.Message != "" {
			text += ": " + step.Message
		}
		p.line(step.Ended, text, false)
	}
}

// request tells what a person is asked, and again when others may answer as well or one has.
func (p *runbookProgress) request(r request.Request, now time.Time) {
	told := fmt.Sprint(r.ID, r.Escalated, len(r.Answers))
	if told == p.asked {
		return
	}
	at := now
	if !r.Escalated && len(r.Answers) == 0 {
		at = r.Opened
	}
	p.asked = told
	lines := messageLines(r.Message)
	lines[len(lines)-1] += terminal.Line(" (" + whoAnswers(r.Kind, r.Groups) + ", until " + local(r.Deadline) + ")")
	p.line(at, "waits: "+lines[0], false)
	for _, line := range lines[1:] {
		fmt.Fprintln(p.out, "       "+messageMark+line)
	}
	for _, command := range workflows.Commands(r) {
		p.out.Printf("         %s\n", command)
	}
}

// silence tells once that nobody answers for the run.
func (p *runbookProgress) silence(now time.Time) {
	if !p.silent {
		p.silent = true
		p.line(now, "no worker answers; the run goes on when one does", false)
	}
}

// answered tells when the server stops answering and when it answers again.
func (p *runbookProgress) answered(seen retriesSeen) {
	text := ""
	if seen.failed {
		text = p.server.silent(seen.at)
	} else {
		text = p.server.answers()
	}
	if text != "" {
		p.line(seen.at, text, false)
	}
}

// retries tells what is retried: a line when that is new, and on a terminal the time until the next attempt in
// the line that is written over.
func (p *runbookProgress) retries(all []retry, now time.Time) {
	for _, r := range p.news.changed(all, p.live) {
		p.line(now, r.line(now), false)
	}
	switch {
	case !p.live:
	case len(all) > 0:
		p.line(now, liveLine(all, now)+" …", true)
	case p.retrying && p.open && p.atWork != "":
		p.line(now, p.atWork, true)
	}
	p.retrying = len(all) > 0
}

// line writes what happened when; atWork is for what goes on, whose line is written over.
func (p *runbookProgress) line(at time.Time, text string, atWork bool) {
	if p.open {
		p.out.Control("\r\x1b[K")
	}
	text = at.Local().Format(time.TimeOnly) + " " + terminal.Line(text)
	if p.open = atWork; p.open {
		fmt.Fprint(p.out, clip(text, p.columns-1))
		return
	}
	p.out.Printf("%s\n", text)
}
