package main

import (
	"context"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

type faults struct {
	exit func(code int)

	mu      sync.Mutex
	on      map[string]fault
	until   map[string]time.Time // absent: no end
	crash   *time.Timer
	ballast []byte
}

func newFaults() *faults {
	return &faults{exit: os.Exit, on: map[string]fault{}, until: map[string]time.Time{}}
}

// set turns a checked fault on; it takes the place of an earlier one of its kind.
func (f *faults) set(x fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on[x.Kind] = x
	delete(f.until, x.Kind)
	duration := time.Duration(x.ForSeconds * float64(time.Second))
	if duration > 0 {
		f.until[x.Kind] = time.Now().Add(duration)
	}
	switch x.Kind {
	case "crash":
		if f.crash != nil {
			f.crash.Stop()
		}
		f.crash = time.AfterFunc(time.Duration(x.MS)*time.Millisecond, func() { f.exit(1) })
	case "memory":
		f.ballast = make([]byte, x.MB<<20)
		for i := 0; i < len(f.ballast); i += 4096 {
			f.ballast[i] = 1 // untouched pages cost no memory
		}
		if duration > 0 {
			time.AfterFunc(duration, f.release)
		}
	}
}

// release gives the memory back unless a later memory fault has taken it over.
func (f *faults) release() {
	if _, on := f.get("memory"); on {
		return
	}
	f.mu.Lock()
	f.ballast = nil
	f.mu.Unlock()
	debug.FreeOSMemory()
}

// clear ends every fault.
func (f *faults) clear() {
	f.mu.Lock()
	clear(f.on)
	clear(f.until)
	if f.crash != nil {
		f.crash.Stop()
	}
	f.mu.Unlock()
	f.release()
}

func (f *faults) get(kind string) (fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, on := f.on[kind]
	if end, ends := f.until[kind]; on && ends && !time.Now().Before(end) {
		delete(f.on, kind)
		return fault{}, false
	}
	return x, on
}

func (f *faults) is(kind string) bool {
	_, on := f.get(kind)
	return on
}

// work is called for each request or task: it takes longer or fails as the faults say.
func (f *faults) work(ctx context.Context) error {
	if x, on := f.get("latency"); on && x.hits() {
		if err := sleep(ctx, time.Duration(x.MS)*time.Millisecond); err != nil {
			return err
		}
	}
	if x, on := f.get("errors"); on && x.hits() {
		return errFault
	}
	return nil
}

// hang blocks while the process hangs. It answers false when the client went away first.
func (f *faults) hang(ctx context.Context) bool {
	for f.is("hang") {
		if sleep(ctx, 20*time.Millisecond) != nil {
			return false
		}
	}
	return true
}

// sleep waits for d or until ctx ends, and says which by its error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
