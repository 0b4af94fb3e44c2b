package app

import (
	"log/slog"
	"os"
)

// Logger writes text to a terminal and JSON to everything else.
func Logger(f *os.File) *slog.Logger {
	if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return slog.New(slog.NewTextHandler(f, nil))
	}
	return slog.New(slog.NewJSONHandler(f, nil))
}
