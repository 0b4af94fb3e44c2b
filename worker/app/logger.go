package app

import (
	"log/slog"
	"os"

	"github.com/evenkeel/evenkeel/internal/terminal"
)

// Logger writes text to a terminal and JSON to everything else.
func Logger(f *os.File) *slog.Logger {
	if terminal.Is(f) {
		return slog.New(slog.NewTextHandler(f, nil))
	}
	return slog.New(slog.NewJSONHandler(f, nil))
}
