//go:build linux && cgo

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// claimStdout keeps the pipe to the parent and lets whatever the library prints go to standard error.
func claimStdout() (*os.File, error) {
	fd, err := syscall.Dup(int(os.Stdout.Fd()))
	if err != nil {
		return nil, fmt.Errorf("keep standard output: %w", err)
	}
	syscall.CloseOnExec(fd)
	if err := syscall.Dup3(int(os.Stderr.Fd()), int(os.Stdout.Fd()), 0); err != nil {
		return nil, fmt.Errorf("redirect standard output: %w", err)
	}
	return os.NewFile(uintptr(fd), "answers"), nil
}

// serve answers until in ends. Answers are made beside the reading, so that the end of in is seen
// while the driver hangs.
func serve(in io.Reader, out io.Writer, d *driver) error {
	questions := make(chan gpu.Question)
	failed := make(chan error, 1)
	go func() {
		encoder := json.NewEncoder(out)
		for q := range questions {
			if err := encoder.Encode(answer(d, q)); err != nil {
				failed <- err
				return
			}
		}
	}()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var q gpu.Question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return fmt.Errorf("question: %w", err)
		}
		select {
		case questions <- q:
		case err := <-failed:
			return fmt.Errorf("answer: %w", err)
		}
	}
	return lines.Err()
}

func answer(d *driver, q gpu.Question) gpu.Answer {
	a := gpu.Answer{Protocol: gpu.Protocol, ID: q.ID}
	switch q.Ask {
	case gpu.AskOpen:
		if a.Failure = d.open(); a.Failure == nil {
			a.Library = d.path
		}
	case gpu.AskSnapshot:
		a.Snapshot = d.snapshot(time.Duration(q.GPUDeadlineMS) * time.Millisecond)
	}
	return a
}
