package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Program is one of evenkeel's programs, or Prometheus, as a child process.
type Program struct {
	// LogFile receives everything that the program prints.
	LogFile string
	cmd     *exec.Cmd
	exited  chan struct{}
	err     error
}

// Start runs a program of bin/ with its output in a file and, unless ready is empty, waits until
// that URL answers 200.
func (s *Stack) Start(ctx context.Context, ready, name string, args ...string) (*Program, error) {
	return s.start(ctx, ready, s.Bin(name), args...)
}

func (s *Stack) start(ctx context.Context, ready, file string, args ...string) (*Program, error) {
	name := filepath.Base(file)
	p := &Program{LogFile: filepath.Join(s.Dir, "log", name+".log"), exited: make(chan struct{})}
	log, err := os.OpenFile(p.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(file, args...)
	p.cmd.Env = append(os.Environ(), s.Env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	// A Ctrl-C at the terminal is for the parent, which then stops its children in order; a parent
	// that dies takes them with it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	if ready == "" {
		return p, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.exited: // what has ended will not get ready
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := s.await(ctx, ready, 2*time.Minute); err != nil {
		p.Kill()
		return nil, fmt.Errorf("%s did not get ready: %w; it said: %s", name, err, p.lastWords())
	}
	return p, nil
}

// lastWords is the end of what the program printed.
func (p *Program) lastWords() string {
	text, err := os.ReadFile(p.LogFile)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-500):]))
}

// PID is the process id.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Stop asks the program to end and returns how it did; after limit it is killed.
func (p *Program) Stop(limit time.Duration) error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.exited:
		return p.err
	case <-time.After(limit):
		p.Kill()
		return fmt.Errorf("%s did not stop within %s", p.cmd.Path, limit)
	}
}

// Kill ends the program with SIGKILL and waits until it is gone.
func (p *Program) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.exited
}
