package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/ledger"
)

func (a *audit) exportCommand() *cobra.Command {
	var file, dir string
	cmd := &cobra.Command{
		Use: "export", Short: "Write all entries as lines of JSON, the oldest first",
		Long: `Write all entries as lines of JSON, the oldest first, with their hashes: starter audit verify --file, or
a program of your own, can verify them without the database.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case file != "" && dir != "":
				return usage("audit export", "--file and --evidence write different things", "give one of them")
			case dir != "":
				return a.exportEvidence(cmd.Context(), dir)
			case a.configFile != "":
				if _, err := a.configurationOrDefault(); err != nil {
					return err
				}
				return usage("--config", "it says where the keys of people are, and only --evidence writes those", "leave it out")
			case file != "":
				return a.exportTo(cmd.Context(), file)
			}
			_, err := a.export(cmd.Context(), a.Out)
			return err
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "write a new file in place of the standard output")
	cmd.Flags().StringVar(&dir, "evidence", "", "write what people signed into a new folder, for ssh-keygen -Y verify")
	return a.configured(cmd)
}

// each does something with all entries, the oldest first, and returns the last of them.
func (a *audit) each(ctx context.Context, of ledger.Filter, do func(ledger.Entry) error) (last ledger.Head, err error) {
	last = ledger.Beginning()
	err = a.with(ctx, func(r records) error {
		for {
			of.AfterSeq = last.Seq
			page, err := r.Read(ctx, of)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, e := range page {
				if err := do(e); err != nil {
					return err
				}
				last = e.Head()
			}
		}
	})
	return last, err
}

// export writes all entries and returns the last of them.
func (a *audit) export(ctx context.Context, to io.Writer) (ledger.Head, error) {
	out := bufio.NewWriter(to)
	last, err := a.each(ctx, ledger.Filter{}, func(e ledger.Entry) error {
		line, err := ledger.Line(e)
		if err == nil {
			_, err = out.Write(line)
		}
		if err != nil {
			return failed("audit export", err.Error(), "")
		}
		return nil
	})
	if err == nil && out.Flush() != nil {
		err = failed("audit export", "the output cannot be written", "")
	}
	return last, err
}

// exportTo writes a file that only its owner may read. It appears whole or not at all.
func (a *audit) exportTo(ctx context.Context, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return failed("audit export", err.Error(), "")
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return failed("audit export", err.Error(), "name another place with --file")
	}
	defer func() { _ = os.Remove(f.Name()) }()
	head, err := a.export(ctx, f)
	if err != nil {
		_ = f.Close()
		return err
	}
	err = errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = os.Link(f.Name(), file) // which, unlike a rename, writes over nothing
	}
	if errors.Is(err, fs.ErrExist) {
		return no("audit export", file+" is there already", "name a new file")
	}
	if err != nil {
		return failed("audit export", err.Error(), "")
	}
	if a.output == "json" {
		return a.printJSON(map[string]any{"file": file, "head": head})
	}
	a.Out.Printf("wrote %s: %s\nhead %s\n", file, count(head.Seq), head)
	return nil
}
