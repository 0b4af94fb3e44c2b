package nvml

import (
	"strings"
	"sync"
)

// words keeps the beginning of what a process writes from one question on: a crash says first what it is.
type words struct {
	mu   sync.Mutex
	text []byte
}

const maxWords = 300 // bytes

// Write takes everything and never fails.
func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, b[:min(len(b), maxWords-len(w.text))]...)
	return len(b), nil
}

// Forget begins anew.
func (w *words) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = w.text[:0]
}

// String is what was kept, on one line.
func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(w.text), "?")), " ")
}
