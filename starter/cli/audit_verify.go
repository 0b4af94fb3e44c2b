package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

func (a *audit) verifyCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "verify", Short: "Verify that nothing in the ledger was changed, moved, inserted or removed",
		Long: `Verify that nothing in the ledger was changed, moved, inserted or removed. The exit code is 1 when
something was, and each line says what.

It verifies the chain of hashes, the head row, and the anchor of the host that reads: the newest entry that
this host has seen. An export (--file) has only the chain: compare the head that is printed with one that you
noted elsewhere. It also verifies what people signed, by the keys that were in force then: those of people are in
identity.allowed_signers, with valid-before where they are retired, those of hosts in the ledger. What was signed
must be about what its entry says: the same decision, person, run, request or step, and plan.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return a.verify(cmd.Context())
			}
			if a.dsn != "" || a.dsnFile != "" {
				return usage("audit verify", "--file and --ledger both say what to verify", "leave one out")
			}
			return a.verifyFile(file)
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "verify a file that starter audit export has written")
	return a.configured(cmd)
}

func (a *audit) verify(ctx context.Context) error {
	words, e, err := a.words()
	if err != nil {
		return err
	}
	var report ledger.Report
	if err := a.with(ctx, func(r records) (err error) { report, err = r.Verify(ctx); return err }); err != nil {
		return err
	}
	if err := a.eachWord(ctx, e); err != nil {
		return err
	}
	anchor := "no anchor: the host that verified has not seen this ledger before"
	if report.Anchor != nil {
		anchor = fmt.Sprintf("anchor %s", report.Anchor)
	}
	return a.printReport(verified{report, *words}, anchor)
}

// eachWord has all words of the ledger looked at, the keys of the hosts first.
func (a *audit) eachWord(ctx context.Context, e *evidence) error {
	if _, err := a.each(ctx, ledger.Filter{Kind: ledger.HostKeyKind}, e.know); err != nil {
		return err
	}
	_, err := a.each(ctx, ledger.Filter{}, e.take)
	return err
}

// verified is what verifying a ledger found.
type verified struct {
	ledger.Report
	Evidence words `json:"evidence"`
}

// words says how many words of people are proven, and which are not: those in Faults, one line each.
type words struct {
	Statements int      `json:"statements"`
	Faults     []string `json:"faults"`
}

// words counts the words of people in the entries that are taken.
func (a *audit) words() (*words, *evidence, error) {
	c, err := a.configurationOrDefault()
	if err != nil {
		return nil, nil, err
	}
	w := &words{Faults: []string{}}
	e, err := newEvidence(c.Identity.AllowedSigners, func(of signed, why string) error {
		w.Statements++
		if why != "" {
			w.Faults = append(w.Faults, fmt.Sprintf("entry %d: %s is not proven: %s", of.Seq, of.Proof.Who, why))
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return w, e, nil
}

func (a *audit) verifyFile(file string) error {
	f, err := textfile.Open(file)
	if err != nil {
		return missing("audit verify", err.Error(), "name a file that starter audit export has written")
	}
	defer func() { _ = f.Close() }()
	words, e, err := a.words()
	if err != nil {
		return err
	}
	_ = ledger.Lines(f, e.know) // what is wrong with the file is said below
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return missing("audit verify", err.Error(), "name a file that starter audit export has written")
	}
	v := ledger.NewVerifier(nil, nil)
	if err := ledger.Lines(f, func(entry ledger.Entry) error { v.Add(entry); return e.take(entry) }); err != nil {
		return usage(file, err.Error(), "name a file that starter audit export has written")
	}
	report := v.End()
	if report.Clean && report.Entries == 0 { // what was cut off whole looks the same
		return no("audit verify", file+" has no entry, so nothing is verified", "name a file that starter audit export has written")
	}
	return a.printReport(verified{report, *words}, "no anchor: it is a file")
}

func (a *audit) printReport(r verified, anchor string) error {
	switch {
	case a.output == "json":
		if err := a.printJSON(r); err != nil {
			return err
		}
	case r.Clean:
		a.Out.Printf("unbroken: %s\nhead %s\n%s\n", count(r.Entries), r.Head, anchor)
	default:
		a.Out.Printf("BROKEN: %s\n", count(r.Entries))
		for _, fault := range r.Faults {
			a.Out.Printf("  %s\n", fault.Text)
		}
		if more := r.FaultCount - int64(len(r.Faults)); more > 0 {
			a.Out.Printf("  and %d more\n", more)
		}
		a.Out.Printf("head %s\n%s\n", r.Head, anchor)
	}
	if a.output != "json" && r.Evidence.Statements > 0 {
		a.Out.Printf("%d of %s proven\n", r.Evidence.Statements-len(r.Evidence.Faults), counted(r.Evidence.Statements, "signed word"))
		for _, fault := range r.Evidence.Faults {
			a.Out.Printf("  %s\n", fault)
		}
	}
	if !r.Clean || len(r.Evidence.Faults) > 0 {
		return answered(exitNo)
	}
	return nil
}

func count(entries int64) string {
	if entries == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", entries)
}
