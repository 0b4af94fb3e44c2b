package nvml

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// Options say what is run.
type Options struct {
	// Probe is the path of gpuprobe; empty is the one beside this program, else the one on PATH.
	Probe string
	// Library is the path of NVML; empty is $EVENKEEL_NVML_LIBRARY, else the driver's own.
	Library string
}

// limits are how long things may take.
type limits struct {
	open      time.Duration // loading the library and opening the driver
	gpu       time.Duration // reading one GPU
	snapshot  time.Duration // reading all
	leave     time.Duration // leaving when the input has ended
	term      time.Duration // leaving after SIGTERM
	killAgain time.Duration // from one SIGKILL to the next
}

// A driver without persistence mode takes seconds to wake each GPU. SIGKILL in the middle of a call
// can upset a driver, so it is the last means and a rare one.
var defaults = limits{
	open: 30 * time.Second, gpu: time.Second, snapshot: 3 * time.Second,
	leave: 300 * time.Millisecond, term: 10 * time.Second, killAgain: 10 * time.Minute,
}

// Supervisor reads the GPUs of this host through one probe at a time. It starts a probe when it is
// asked and keeps it while all is well. As long as a former probe has not left, no other is started:
// what is stuck in the driver is stuck once. Its methods may be called from several goroutines.
type Supervisor struct {
	options Options
	limits  limits
	closing context.Context
	close   context.CancelFunc
	turn    chan struct{} // whoever put something in it has the fields below
	probe   *process      // nil when none is ready
	leaving *process      // nil when none is on its way out
	until   time.Time     // no probe is started before; see Release

	mu     sync.Mutex
	killed time.Time // the last SIGKILL
}

// New returns a supervisor that has not started anything.
func New(o Options) *Supervisor {
	closing, cancel := context.WithCancel(context.Background())
	return &Supervisor{options: o, limits: defaults, closing: closing, close: cancel, turn: make(chan struct{}, 1)}
}

// Snapshot reads all GPUs. A GPU that does not answer is in the snapshot with its fault. An error is an
// *Error within an activities.Error, or that of ctx.
func (s *Supervisor) Snapshot(ctx context.Context) (gpu.Snapshot, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return gpu.Snapshot{}, err
	}
	defer done()
	p, err := s.ready(ctx)
	if err != nil {
		return gpu.Snapshot{}, s.orClosed(err)
	}
	answer, err := p.ask(ctx, gpu.Question{Ask: gpu.AskSnapshot, GPUDeadlineMS: int(s.limits.gpu.Milliseconds())}, s.limits.snapshot)
	switch {
	case err != nil:
	case answer.Snapshot == nil:
		err = fail(Garbage, 0, "an answer without a snapshot")
	case len(answer.Snapshot.GPUs) == 0:
		err = fail(NoGPU, 0, "")
	}
	if err != nil {
		s.dismiss()
		return gpu.Snapshot{}, s.orClosed(err)
	}
	if spent(*answer.Snapshot) {
		s.dismiss()
	}
	complete(answer.Snapshot)
	return *answer.Snapshot, nil
}

// spent says that a probe which saw this must be replaced. Only a fresh one sees a GPU again that was
// lost and has come back, and an old one would stand in the way of its reset. A probe with a call
// that hangs is kept: another would hang beside it.
func spent(s gpu.Snapshot) bool {
	for _, g := range s.GPUs {
		if g.Fault != nil && g.Fault.Kind != gpu.Hung {
			return true
		}
	}
	return false
}

// Release lets go of all GPUs, so that one can be reset or its mode changed, and reads none for a
// while or until Resume; it returns when that while is over. No process holds a GPU any more when it
// returns. The error is Hung when the driver does not let go of the probe; none is read even then.
func (s *Supervisor) Release(ctx context.Context, d time.Duration) (until time.Time, err error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return until, err
	}
	defer done()
	s.until = time.Now().Add(d)
	s.dismiss()
	return s.until, s.orClosed(s.gone(ctx))
}

// Resume ends what Release began, if anything.
func (s *Supervisor) Resume(ctx context.Context) error {
	_, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	s.until = time.Time{}
	return nil
}

// Close ends the probe and gives up on whoever is waiting for it. It never waits for a probe that
// hangs.
func (s *Supervisor) Close() {
	s.close()
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.dismiss()
	if s.leaving != nil {
		s.leaving.left(context.Background(), 2*s.limits.leave)
	}
}

// begin waits for the turn of one caller. The context it returns ends with the supervisor too.
func (s *Supervisor) begin(ctx context.Context) (context.Context, func(), error) {
	if s.closing.Err() != nil {
		return nil, nil, errClosed
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case <-s.closing.Done():
		return nil, nil, errClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.closing, cancel)
	return ctx, func() { stop(); cancel(); <-s.turn }, nil
}

var errClosed = fail(Leaving, 0, "")

func (s *Supervisor) orClosed(err error) error {
	if errors.Is(err, context.Canceled) && s.closing.Err() != nil {
		return errClosed
	}
	return err
}

// ready returns a probe that has opened the driver.
func (s *Supervisor) ready(ctx context.Context) (*process, error) {
	if wait := time.Until(s.until); wait > 0 {
		return nil, fail(Released, 0, fmt.Sprintf("%s to go", wait.Round(time.Second)))
	}
	if s.probe != nil && (!s.probe.alive() || s.probe.replaced()) {
		s.dismiss()
	}
	if s.probe != nil {
		return s.probe, nil
	}
	if err := s.gone(ctx); err != nil {
		return nil, err
	}
	file, err := s.find()
	if err != nil {
		return nil, err
	}
	if s.probe, err = start(file, cmp.Or(s.options.Library, os.Getenv("EVENKEEL_NVML_LIBRARY"))); err != nil {
		return nil, err
	}
	answer, err := s.probe.ask(ctx, gpu.Question{Ask: gpu.AskOpen}, s.limits.open)
	if err == nil && answer.Failure != nil {
		_, none := os.Stat(kernelDriver)
		err = diagnose(*answer.Failure, none == nil)
	}
	if err != nil {
		s.dismiss()
		return nil, err
	}
	s.probe.library = answer.Library
	s.probe.loaded, _ = os.Stat(answer.Library) // a file that is gone counts as replaced
	return s.probe, nil
}

// find is where gpuprobe is.
func (s *Supervisor) find() (string, error) {
	if s.options.Probe != "" {
		return s.options.Probe, nil
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "gpuprobe")
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	file, err := exec.LookPath("gpuprobe")
	if err != nil {
		return "", fail(NoProbe, 0, err.Error())
	}
	return file, nil
}

// dismiss makes the probe leave, without waiting for it.
func (s *Supervisor) dismiss() {
	if s.probe == nil {
		return
	}
	s.leaving, s.probe = s.probe, nil
	go s.leaving.end(s.limits, s.mayKill)
}

// gone waits a moment for the former probe to leave.
func (s *Supervisor) gone(ctx context.Context) error {
	if s.leaving == nil {
		return nil
	}
	if !s.leaving.left(ctx, 2*s.limits.leave) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fail(Hung, 0, fmt.Sprintf("process %d is stuck in it", s.leaving.cmd.Process.Pid))
	}
	s.leaving = nil
	return nil
}

// mayKill says whether enough time has passed since the last SIGKILL, and if so counts one.
func (s *Supervisor) mayKill() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.killed.IsZero() && time.Since(s.killed) < s.limits.killAgain {
		return false
	}
	s.killed = time.Now()
	return true
}
