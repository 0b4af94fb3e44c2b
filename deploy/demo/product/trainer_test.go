package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTrainingLearns(t *testing.T) {
	tr := newTrainer()
	before := tr.now
	for range 200 {
		tr.episode()
		require.True(t, tr.now.stable(), "%+v", tr.now)
		require.GreaterOrEqual(t, tr.now.Entropy, .5)
		require.LessOrEqual(t, tr.now.Entropy, 2.)
	}
	require.Equal(t, 200*stepsPerEpisode, tr.now.Step)
	require.Greater(t, tr.now.Reward, before.Reward)
	require.Less(t, tr.now.Loss, before.Loss)
	require.Equal(t, 200*stepsPerEpisode/stepsPerSave, tr.saved)
	require.Equal(t, "step-500", tr.checkpoints[1].Name)
}

func TestRunawayAndRollback(t *testing.T) {
	tr := newTrainer()
	for range 20 {
		tr.episode()
	}
	good := tr.now
	tr.order(false, 100*baseLearningRate)
	for range 20 {
		tr.episode()
	}
	require.Greater(t, tr.now.KL, .1)
	require.Greater(t, tr.now.Reward, 100.)
	require.Equal(t, 4, tr.saved)

	got, err := tr.rollback("")
	require.NoError(t, err)
	require.Equal(t, checkpoint{Name: "step-1000", Why: "schedule", progress: good}, got)
	require.Equal(t, good, tr.now)
	_, err = tr.rollback("step-2000")
	require.ErrorContains(t, err, "step-2000: there is none", "what came after is forgotten")
	got, err = tr.rollback("step-500")
	require.NoError(t, err)
	require.Equal(t, 500, got.Step)
}

func TestStoppedTrainingHoldsItsTasks(t *testing.T) {
	r := start(t, "worker-rl", "ADMIN_TOKEN=secret")
	r.want(200, "POST", "/admin/training", `{"action":"stop"}`)
	r.want(200, "POST", "/admin/training", `{"action":"stop"}`)
	r.want(202, "POST", "/tasks", `{"ms":0,"count":2}`)
	r.until("the consumer to hold one", func() bool { n, _ := r.metric("queue_length"); return n == 1 })
	r.wantMetric(0, "rl_step")
	r.want(200, "POST", "/admin/training", `{"action":"resume"}`)
	r.until("both episodes", func() bool { n, _ := r.metric("rl_step"); return n == 2*stepsPerEpisode })
}

func TestOldCheckpointsAreForgotten(t *testing.T) {
	tr := newTrainer()
	for range keptCheckpoints + 5 {
		tr.save("test")
	}
	require.Len(t, tr.checkpoints, keptCheckpoints)
	require.Equal(t, keptCheckpoints+5, tr.saved)
}
