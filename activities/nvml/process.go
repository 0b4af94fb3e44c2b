package nvml

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// maxAnswer is the longest line that a probe may answer, in bytes: 8 GPUs with 4,000 processes each.
const maxAnswer = 4 << 20

// process is one probe, asked by one caller at a time. After any error it can only be ended.
type process struct {
	cmd   *exec.Cmd
	in    *os.File
	out   *os.File
	lines *bufio.Scanner
	said  words
	asked int
	// done is closed when the process has left and was reaped.
	done chan struct{}
	// library is the file that the probe has loaded, as it was then.
	library string
	loaded  os.FileInfo
}

// start runs the probe. It gets nothing of the environment but what the library needs: no secrets,
// and no LD_BIND_NOW, which would end it before main on most drivers.
func start(file, library string) (*process, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childIn.Close(), in.Close())
	}
	p := &process{cmd: exec.Command(file), in: in, out: out, lines: bufio.NewScanner(out), done: make(chan struct{})}
	p.lines.Buffer(nil, maxAnswer)
	p.cmd.Env = []string{"EVENKEEL_NVML_LIBRARY=" + library, "LD_LIBRARY_PATH=" + os.Getenv("LD_LIBRARY_PATH")}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = childIn, childOut, &p.said
	// Ctrl-C on a terminal is for the caller alone.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = time.Second
	err = p.cmd.Start()
	_, _ = childIn.Close(), childOut.Close() // the child has its own
	if err != nil {
		_, _ = in.Close(), out.Close()
		return nil, fail(NoProbe, 0, err.Error())
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is read from ProcessState
		close(p.done)
	}()
	return p, nil
}

// ask sends one question and waits for its answer.
func (p *process) ask(ctx context.Context, q gpu.Question, within time.Duration) (gpu.Answer, error) {
	var a gpu.Answer
	p.asked++
	q.ID = p.asked
	line, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	p.said.Forget()
	p.expire(time.Now().Add(within))
	stop := context.AfterFunc(ctx, func() { p.expire(time.Unix(1, 0)) })
	_, err = p.in.Write(append(line, '\n'))
	if err == nil && !p.lines.Scan() {
		err = p.lines.Err()
		if err == nil {
			err = os.ErrClosed
		}
	}
	switch {
	case !stop():
		return a, ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return a, fail(Hung, 0, fmt.Sprintf("no answer within %s", within))
	case errors.Is(err, bufio.ErrTooLong):
		return a, fail(Garbage, 0, err.Error())
	case err != nil:
		return a, fail(Died, 0, p.lastWords())
	}
	if err := json.Unmarshal(p.lines.Bytes(), &a); err != nil {
		return a, fail(Garbage, 0, fmt.Sprintf("%.60q", p.lines.Text()))
	}
	if a.Protocol != gpu.Protocol || a.ID != q.ID {
		return a, fail(Garbage, 0, fmt.Sprintf("protocol %d, answer %d; want protocol %d, answer %d", a.Protocol, a.ID, gpu.Protocol, q.ID))
	}
	return a, nil
}

func (p *process) expire(at time.Time) {
	_, _ = p.in.SetWriteDeadline(at), p.out.SetReadDeadline(at) // pipes always can
}

// alive says that the process has not left.
func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// left waits until the process has left, at most for a while.
func (p *process) left(ctx context.Context, within time.Duration) bool {
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-p.done:
		return true
	case <-late.C:
	case <-ctx.Done():
	}
	return !p.alive()
}

// lastWords says how the process ended and what it wrote before.
func (p *process) lastWords() string {
	if !p.left(context.Background(), time.Second) {
		return "it closed its output"
	}
	words := p.cmd.ProcessState.String()
	if said := p.said.String(); said != "" {
		words += ": " + said
	}
	return words
}

// end makes the process leave, each time with more force: the end of its input, SIGTERM and, if
// mayKill allows it, SIGKILL. It returns when the process has left; one that hangs in the kernel
// leaves only when the driver lets go of it.
func (p *process) end(l limits, mayKill func() bool) {
	_ = p.in.Close() // a second time is no fault
	if !p.left(context.Background(), l.leave) {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may just have left
		if !p.left(context.Background(), l.term) && mayKill() {
			_ = p.cmd.Process.Kill() // as above
		}
	}
	<-p.done
	_ = p.out.Close()
}

// replaced says that the file of the library is not the one that was loaded.
func (p *process) replaced() bool {
	now, err := os.Stat(p.library)
	return err != nil || p.loaded == nil || !os.SameFile(now, p.loaded) || now.Size() != p.loaded.Size() || !now.ModTime().Equal(p.loaded.ModTime())
}
