package cli

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func (a *audit) listCommand() *cobra.Command {
	var f ledger.Filter
	var since string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List entries of the ledger, the newest first", Args: cobra.NoArgs,
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
	flags.StringVar(&f.Kind, "kind", "", "only entries of this kind")
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
	if a.output == "json" {
		return a.printJSON(map[string]any{"entries": entries})
	}
	rows := [][]string{{"ENTRY", "TIME", "KIND", "SUBJECT", "ACTOR", "DATA"}}
	for _, e := range entries {
		rows = append(rows, []string{fmt.Sprint(e.Seq), localTime(e.At), shown(e.Kind), shown(e.Subject), shown(e.Actor), shown(e.Data)})
	}
	a.table(rows)
	return nil
}

// localTime shows a time of the ledger as the clock on the wall had it.
func localTime(at string) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return shown(at)
	}
	return t.Local().Format(time.DateTime)
}

// shownRunes is how much of a text a row shows.
const shownRunes = 80

// shown makes one short line of a text. Whoever tampers with a ledger may have put into it what a
// terminal would obey.
func shown(text string) string {
	line := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	runes := []rune(oneLine(line))
	if len(runes) > shownRunes {
		return string(runes[:shownRunes-1]) + "…"
	}
	return string(runes)
}
