package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/internal/terminal"
	"github.com/evenkeel/evenkeel/workflows"
)

func (a *audit) listCommand() *cobra.Command {
	var f ledger.Filter
	var since string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List entries of the ledger, the newest first",
		Long: `List entries of the ledger, the newest first. Who an entry is by is shown as the entry says it; starter audit
verify proves it. The kinds are:

` + kindLines(),
		Example: "  starter audit list --kind step.failed --since 24h\n  starter audit list --actor anna@gpu-1",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return usage("--limit", fmt.Sprintf("%d is no number of entries", limit), "write 1 or more")
			}
			if since != "" {
				ago, err := strictyaml.ParseDuration(since)
				if err != nil {
					return usage("--since", err.Error(), "write how long ago, such as 24h or 30d")
				}
				f.Since = time.Now().Add(-time.Duration(ago)).UTC().Format(time.RFC3339)
			}
			return a.list(cmd.Context(), f, limit)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Kind, "kind", "", "only entries of this kind, such as step.failed")
	flags.StringVar(&f.Subject, "subject", "", "only entries about this")
	flags.StringVar(&f.Actor, "actor", "", "only entries by this person or program")
	flags.StringVar(&since, "since", "", "only what happened within this time, such as 24h")
	flags.IntVar(&limit, "limit", 50, "at most so many entries")
	return cmd
}

func (a *audit) list(ctx context.Context, f ledger.Filter, limit int) error {
	f.NewestFirst = true
	entries := []ledger.Entry{}
	if err := a.with(ctx, func(r records) error {
		for len(entries) < limit {
			f.Limit = min(limit-len(entries), ledger.MaxLimit)
			page, err := r.Read(ctx, f)
			if err != nil || len(page) == 0 {
				return err
			}
			entries = append(entries, page...)
			f.BeforeSeq = page[len(page)-1].Seq
		}
		return nil
	}); err != nil {
		return err
	}
	if len(entries) == 0 {
		if err := noSuchKind(f.Kind); err != nil {
			return err
		}
	}
	return a.printEntries(entries)
}

func (a *audit) printEntries(entries []ledger.Entry) error {
	if a.output == "json" {
		return a.printJSON(map[string]any{"entries": entries})
	}
	rows := [][]string{{"ENTRY", "TIME", "KIND", "SUBJECT", "ACTOR", "DATA"}}
	proofs := false
	for _, e := range entries {
		rows = append(rows, []string{fmt.Sprint(e.Seq), localTime(e.At), shown(e.Kind), shown(e.Subject), actorText(e), dataText(e)})
		proofs = proofs || spoken(e) && hasProof(e)
	}
	a.table(rows)
	if proofs { // the keys that would show whether they hold are entries that are not read here
		a.Out.Printf("who signed is shown as the entries say it; starter audit verify proves it\n")
	}
	return nil
}

// actorText is who an entry is by: of a person's word that nobody vouches for, who it says it is by.
func actorText(e ledger.Entry) string {
	claimed := dataOf[struct {
		Claimed bool `json:"claimed"`
	}](e).Claimed
	if e.Actor != "" && claimed || spoken(e) && !hasProof(e) {
		return shown("says it is " + e.Actor)
	}
	return shown(e.Actor)
}

// spoken says that an entry is a person's word.
func spoken(e ledger.Entry) bool {
	family, _, _ := strings.Cut(e.Kind, ".")
	return e.Actor != "" && (family == "request" || family == "operator" || e.Kind == identity.UsedKind)
}

// hasProof says that an entry has what was signed, and a signature for the one that it is by: whether they hold is not
// looked at.
func hasProof(e ledger.Entry) bool {
	said := dataOf[struct {
		Statement string         `json:"statement"`
		Proof     identity.Proof `json:"proof"`
	}](e)
	return said.Statement != "" && said.Proof.Signature != "" && said.Proof.Who == e.Actor
}

// dataText is what a row says of an entry: of the end of a change the number, the outcome and the reason come first.
func dataText(e ledger.Entry) string {
	var run activities.ServiceRunData
	if e.Kind != activities.ServiceFinished || json.Unmarshal([]byte(e.Data), &run) != nil {
		return shown(e.Data)
	}
	text := workflows.ServiceResult{Service: run.Service, From: run.From, To: run.To}.Change() + ": " + strings.ReplaceAll(run.Outcome, "_", " ")
	if run.Reason != "" {
		text += ": " + run.Reason
	}
	return shownTo(text, reasonRunes)
}

// localTime shows a time of the ledger as the clock on the wall had it.
func localTime(at string) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return shown(at)
	}
	return t.Local().Format(time.DateTime)
}

// shownRunes is how much of a text a row shows, reasonRunes how much of why a change ended as it did.
const (
	shownRunes  = 80
	reasonRunes = 400
)

// shown makes one short line of a text.
func shown(text string) string { return shownTo(text, shownRunes) }

// shownTo makes one line of a text. Whoever tampers with a ledger may have put into it what a terminal would obey.
func shownTo(text string, limit int) string {
	runes := []rune(terminal.Line(text))
	if len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return string(runes)
}
