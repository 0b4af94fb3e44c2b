package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/starter/backup"
)

func (s *starter) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup [FILE]",
		Short: "Copy the state directory of this host into one file",
		Long: `Write $EVENKEEL_STATE, else /var/lib/evenkeel for root, else the XDG state directory, into a new .tar.gz.
evenkeel may keep running. The file holds the histories of all runs, so only its owner may read it.`,
		Example: "  starter backup\n  starter backup /mnt/backups/gpu1.tar.gz",
		RunE: func(cmd *cobra.Command, args []string) error {
			now := time.Now()
			file := fmt.Sprintf("evenkeel-%s-%s.tar.gz", machineName(), now.UTC().Format("20060102T150405Z"))
			if len(args) == 1 {
				file = args[0]
			}
			return s.backup(cmd.Context(), file, now)
		},
	}
}

func (s *starter) backup(ctx context.Context, file string, now time.Time) error {
	dir, err := config.StateDir()
	if err != nil {
		return missing("backup", err.Error(), "")
	}
	manifest, err := backup.Create(ctx, dir, file, machineName(), now)
	if err != nil {
		return ofBackup("backup", err, "run it on the host whose state it is, as evenkeel's user, or set EVENKEEL_STATE")
	}
	if absolute, err := filepath.Abs(file); err == nil {
		file = absolute
	}
	if s.output == "json" {
		return s.printJSON(map[string]any{"file": file, "state_dir": dir, "manifest": manifest})
	}
	s.Out.Printf("wrote %s: %s of %s\n", file, size(manifest), dir)
	return nil
}

func (s *starter) restoreBackupCommand() *cobra.Command {
	var replace bool
	cmd := &cobra.Command{
		Use:   "restore-backup FILE",
		Short: "Put the state directory of this host back from a backup",
		Long: `Check the whole backup, then put it in place in one step. Neither evenkeel nor a worker may run on that
state. Existing state is replaced only with --replace, and is then moved aside, not deleted.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.restoreBackup(cmd.Context(), args[0], replace)
		},
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "move the state that is there aside")
	return cmd
}

func (s *starter) restoreBackup(ctx context.Context, file string, replace bool) error {
	dir, err := config.StateDir()
	if err != nil {
		return missing("restore-backup", err.Error(), "")
	}
	done, err := backup.Restore(ctx, file, dir, replace, time.Now())
	if err != nil {
		return ofBackup("restore-backup", err, "name a file that starter backup has written")
	}
	if s.output == "json" {
		return s.printJSON(done)
	}
	s.Out.Printf("restored %s: %s, made on %s at %s\n", done.StateDir, size(done.Manifest), done.Manifest.Host, done.Manifest.MadeAt.Format(time.RFC3339))
	if done.MovedTo != "" {
		s.Out.Printf("the state from before is in %s\n", done.MovedTo)
	}
	return nil
}

func size(m backup.Manifest) string {
	files := "files"
	if len(m.Files) == 1 {
		files = "file"
	}
	return fmt.Sprintf("%d %s, %.1f MB", len(m.Files), files, float64(m.Bytes())/(1<<20))
}

// ofBackup gives an error of package backup its exit code; hint is for what is not there.
func ofBackup(where string, err error, hint string) error {
	var refused *backup.RefusedError
	var damaged *backup.DamagedError
	switch {
	case errors.Is(err, context.Canceled):
		return &failure{code: exitDetached, class: activities.Unknown, where: where, what: "interrupted", hint: "nothing was changed"}
	case errors.As(err, &refused):
		return no(where, refused.What, refused.Hint)
	case errors.As(err, &damaged):
		return usage(where, damaged.Error(), "use another backup")
	case errors.Is(err, fs.ErrNotExist):
		return missing(where, err.Error(), hint)
	default:
		return failed(where, err.Error(), "")
	}
}
