package server

import (
	"context"
	"log/slog"
	"os"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logger passes on to slog what the server logs at its level or above. Its info lines are about its
// own parts and would drown what evenkeel has to say; and a server that comes up or goes down warns of
// every part that is not there yet or any more.
type logger struct {
	slog  *slog.Logger
	level *slog.LevelVar
}

// The levels of a server's life. Nothing but Fatal is logged at the level silent.
const (
	starting = slog.LevelError
	running  = slog.LevelWarn
	silent   = slog.LevelError + 1
)

var _ log.Logger = logger{}

// Debug drops everything, see logger.
func (l logger) Debug(string, ...tag.Tag) {}

// Info drops everything, see logger.
func (l logger) Info(string, ...tag.Tag) {}

// Warn logs a warning.
func (l logger) Warn(msg string, tags ...tag.Tag) { l.log(slog.LevelWarn, msg, tags) }

// Error logs an error.
func (l logger) Error(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// DPanic logs an error: it panics in development only.
func (l logger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// Panic logs and panics: the server's code relies on not coming back from it.
func (l logger) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic(msg)
}

// Fatal logs, whatever the level, and ends the process.
func (l logger) Fatal(msg string, tags ...tag.Tag) {
	l.level.Set(running)
	l.log(slog.LevelError, msg, tags)
	os.Exit(1) //nolint:forbidigo // the server asks for the end of the process, and goes on wrongly without it
}

// With keeps tags on every later line; the server builds a logger per component and shard.
func (l logger) With(tags ...tag.Tag) log.Logger {
	return logger{slog.New(l.slog.Handler().WithAttrs(attrs(tags))), l.level}
}

func (l logger) log(level slog.Level, msg string, tags []tag.Tag) {
	if level < l.level.Level() {
		return
	}
	l.slog.LogAttrs(context.Background(), level, "temporal server: "+msg, attrs(tags)...)
}

func attrs(tags []tag.Tag) []slog.Attr {
	out := make([]slog.Attr, len(tags))
	for i, t := range tags {
		out[i] = slog.Any(t.Key(), t.Value())
	}
	return out
}
