package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"text/tabwriter"
	"time"

	"github.com/evenkeel/evenkeel/deploy/demo/load"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// result is what the table needs of `starter scale -o json`.
type result struct {
	Service string  `json:"service"`
	From    int     `json:"from"`
	To      int     `json:"to"`
	Outcome string  `json:"outcome"`
	Phases  []phase `json:"phases"`
}

type phase struct {
	Name    string    `json:"name"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
}

// scale runs the command a person would type. Its progress goes to the terminal.
func scale(ctx context.Context, s *stack.Stack, target string) (result, error) {
	cmd := exec.CommandContext(ctx, s.Bin("starter"), "scale", target, "-o", "json")
	cmd.Env = append(os.Environ(), s.Env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("starter scale %s: %w\n%s", target, err, out)
	}
	var answer struct {
		Results []result `json:"results"`
	}
	if err := json.Unmarshal(out, &answer); err != nil || len(answer.Results) != 1 {
		return result{}, fmt.Errorf("starter scale %s: unexpected answer: %w\n%s", target, err, out)
	}
	return answer.Results[0], nil
}

// printTable shows how long each phase took, and what was served meanwhile.
func printTable(w io.Writer, report load.Report, results []result) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "scale\tphase\tseconds\trequests served\tfailed\t")
	for _, r := range results {
		for _, p := range r.Phases {
			requests, failed := report.Between(p.Started, p.Ended)
			fmt.Fprintf(t, "%s %d → %d\t%s\t%.1f\t%d\t%d\t\n", r.Service, r.From, r.To, p.Name, p.Ended.Sub(p.Started).Seconds(), requests-failed, failed)
		}
	}
	fmt.Fprintf(t, "all\t\t\t%d\t%d\t\n", report.Requests-report.Failed, report.Failed)
	_ = t.Flush() // only fails when standard output does
	for reason, n := range report.ByReason {
		fmt.Fprintf(w, "%d × %s\n", n, reason)
	}
}
