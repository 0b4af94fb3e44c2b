package main

import "net/http"

// trainingRoutes are the same on the app, which may forward, and on the trainer itself.
func (s *server) trainingRoutes(control, rollback adminFunc) {
	s.admin("POST /admin/training", "training", control)
	s.admin("POST /admin/checkpoint/rollback", "checkpoint_rollback", rollback)
}

// control serves {"action":"stop|resume","learning_rate":…}.
func (t *trainer) control(r *http.Request) (any, error) {
	var in struct {
		Action       string  `json:"action"`
		LearningRate float64 `json:"learning_rate"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.Action != "stop" && in.Action != "resume" || in.LearningRate < 0 || in.LearningRate > 1 {
		return nil, badRequest("want action stop or resume, and learning_rate from 0 to 1")
	}
	t.order(in.Action == "stop", in.LearningRate)
	t.mu.Lock()
	defer t.mu.Unlock()
	return map[string]any{"stopped": t.stopped, "learning_rate": t.learningRate, "progress": t.now}, nil
}

// rollbackCall serves {"checkpoint":"step-500"}, or no body for the newest stable one.
func (t *trainer) rollbackCall(r *http.Request) (any, error) {
	var in struct {
		Checkpoint string `json:"checkpoint"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	return t.rollback(in.Checkpoint)
}

func (t *trainer) collect(r registry) {
	gauge := func(name, help string, value func(*trainer) float64) {
		r.gauge(name, help, func() float64 { t.mu.Lock(); defer t.mu.Unlock(); return value(t) })
	}
	gauge("rl_reward_mean", "Mean raw reward.", func(t *trainer) float64 { return t.now.Reward })
	gauge("rl_reward_std", "Standard deviation of the raw reward.", func(t *trainer) float64 { return t.now.RewardStd })
	gauge("rl_training_loss", "Training loss.", func(t *trainer) float64 { return t.now.Loss })
	gauge("rl_policy_entropy", "Entropy of the policy.", func(t *trainer) float64 { return t.now.Entropy })
	gauge("rl_kl", "KL divergence from the reference policy.", func(t *trainer) float64 { return t.now.KL })
	gauge("rl_learning_rate", "Learning rate.", func(t *trainer) float64 { return t.learningRate })
	// A rollback takes the step back: a gauge.
	gauge("rl_step", "Step that the training is at.", func(t *trainer) float64 { return float64(t.now.Step) })
	gauge("rl_training_running", "1 unless training is stopped.", func(t *trainer) float64 { return boolFloat(!t.stopped) })
	r.total("rl_checkpoints_total", "Checkpoints saved since the start.",
		func() float64 { t.mu.Lock(); defer t.mu.Unlock(); return float64(t.saved) })
}
