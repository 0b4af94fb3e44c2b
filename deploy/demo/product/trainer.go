package main

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

const (
	stepsPerEpisode  = 50
	stepsPerSave     = 500
	baseLearningRate = 5e-5
	keptCheckpoints  = 100
)

// trainer is a PPO training in numbers: rewards climb and the loss falls while the learning rate is
// sane; far above it the policy runs away, which is what the rollback is for.
type trainer struct {
	mu           sync.Mutex
	now          progress
	learningRate float64
	running      chan struct{} // closed while training runs
	stopped      bool
	saved        int
	checkpoints  []checkpoint
}

// progress is what a checkpoint keeps.
type progress struct {
	Step      int     `json:"step"`
	Reward    float64 `json:"reward_mean"`
	RewardStd float64 `json:"reward_std"`
	Loss      float64 `json:"loss"`
	Entropy   float64 `json:"entropy"`
	KL        float64 `json:"kl"`
}

type checkpoint struct {
	Name string `json:"name"`
	Why  string `json:"why"`
	progress
}

// stable is the domain's rule for a checkpoint to which one may go back.
func (p progress) stable() bool { return p.KL < 0.03 && p.Reward >= 10 && p.Reward <= 20 }

func newTrainer() *trainer {
	t := &trainer{
		learningRate: baseLearningRate, running: make(chan struct{}),
		now: progress{Reward: 10.5, RewardStd: 2.5, Loss: 0.45, Entropy: 1.4, KL: 0.01},
	}
	close(t.running)
	t.checkpoints = []checkpoint{{Name: "step-0", Why: "start", progress: t.now}}
	return t
}

// gate waits while training is stopped.
func (t *trainer) gate(ctx context.Context) error {
	t.mu.Lock()
	running := t.running
	t.mu.Unlock()
	select {
	case <-running:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// episode learns for one episode and saves a checkpoint when one is due.
func (t *trainer) episode() {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, rate := &t.now, t.learningRate/baseLearningRate
	p.KL = 0.01 * rate * (0.8 + 0.4*rand.Float64())
	if p.KL > 0.1 {
		p.Reward += 20
		p.RewardStd += 5
		p.Loss = math.Min(p.Loss*1.2, 1e6)
	} else {
		p.Reward += (15-p.Reward)*0.02*math.Min(rate, 4) + 0.1*(rand.Float64()-0.5)
		p.RewardStd = 2 + rand.Float64()
		p.Loss = 0.1 + (p.Loss-0.1)*0.99
		p.Entropy = 0.8 + (p.Entropy-0.8)*0.995
	}
	p.Step += stepsPerEpisode
	if p.Step%stepsPerSave == 0 {
		t.keep("schedule")
	}
}

// save keeps a checkpoint of this moment.
func (t *trainer) save(why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keep(why)
}

func (t *trainer) keep(why string) {
	t.saved++
	t.checkpoints = append(t.checkpoints,
		checkpoint{Name: "step-" + strconv.Itoa(t.now.Step), Why: why, progress: t.now})
	if extra := len(t.checkpoints) - keptCheckpoints; extra > 0 {
		t.checkpoints = slices.Delete(t.checkpoints, 0, extra)
	}
}

// rollback sets the training to a checkpoint: the newest of that name, or without a name the newest
// stable one. Later ones are forgotten.
func (t *trainer) rollback(name string) (checkpoint, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, c := range slices.Backward(t.checkpoints) {
		if c.Name == name || name == "" && c.stable() {
			t.now = c.progress
			t.checkpoints = t.checkpoints[:i+1]
			return c, nil
		}
	}
	if name == "" {
		name = "a stable checkpoint"
	}
	return checkpoint{}, &httpError{http.StatusNotFound, name + ": there is none"}
}

// order stops or resumes training; a learning rate of 0 stays as it is.
func (t *trainer) order(stop bool, learningRate float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if learningRate > 0 {
		t.learningRate = learningRate
	}
	switch {
	case stop && !t.stopped:
		t.running = make(chan struct{})
	case !stop && t.stopped:
		close(t.running)
	}
	t.stopped = stop
}
