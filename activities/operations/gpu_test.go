package operations

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

func TestHeadroom(t *testing.T) {
	some := func(total, free int64) gpu.Memory { return gpu.Memory{TotalMB: &total, FreeMB: &free} }
	full, empty := gpu.GPU{UUID: "a", Memory: some(24000, 2400)}, gpu.GPU{Index: 1, UUID: "b", Memory: some(24000, 18000)}
	for name, c := range map[string]struct {
		gpus  []gpu.GPU
		err   error
		want  condition.Values
		class string
		says  string
	}{
		"two":              {gpus: []gpu.GPU{full, empty}, want: condition.Values{"gpus": int64(2), "min_free_ratio": 0.1, "max_free_ratio": 0.75}},
		"one of them MIG":  {gpus: []gpu.GPU{{UUID: "m", Memory: some(80000, 0), MIG: &gpu.MIG{Enabled: true}}, empty}, want: condition.Values{"gpus": int64(1), "min_free_ratio": 0.75, "max_free_ratio": 0.75}},
		"one is silent":    {gpus: []gpu.GPU{{Fault: &gpu.Fault{Kind: gpu.Hung}}, empty}, class: activities.Unavailable, says: "GPU 0: no answer in time"},
		"none can be told": {gpus: []gpu.GPU{{UUID: "u", Unified: true}}, class: activities.NotFound, says: "this host has no GPU whose memory can be told"},
		"no driver":        {err: activities.Fail(activities.NotFound, errors.New("no NVIDIA driver")), class: activities.NotFound, says: "this host has no GPU: no NVIDIA driver"},
		"no answer":        {err: activities.Fail(activities.Unavailable, errors.New("no probe")), class: activities.Unavailable, says: "no probe"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &environment{snapshot: gpu.Snapshot{GPUs: c.gpus}, gpuErr: c.err}
			got, err := reads(t, p, "gpu.headroom", nil)
			if c.class != "" {
				require.Equal(t, c.class, class(t, err))
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestQuery(t *testing.T) {
	o := watching(0.5).operations(t)
	result, err := o.Act(t.Context(), act("prometheus.query", runbook.Read, condition.Values{"query": "up"}))
	require.NoError(t, err)
	require.Equal(t, condition.Values{"value": 0.5}, result.Outputs)
	o = watching(0.5).operations(t, func(o *Options) { o.Metrics = nil })
	_, err = o.Act(t.Context(), act("prometheus.query", runbook.Read, condition.Values{"query": "up"}))
	require.Equal(t, activities.NotFound, class(t, err))
	require.ErrorContains(t, err, "write prometheus.url")
}
