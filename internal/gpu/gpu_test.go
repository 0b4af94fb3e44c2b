package gpu

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

var shipped = Headroom{MinRatio: 0.20, WarnRatio: 0.25}

// card is a GPU of total MB with free MB left.
func card(index int, total, free int64) GPU {
	return GPU{
		Index: index, UUID: "GPU-1", Name: "NVIDIA RTX 4090",
		Memory:           Memory{TotalMB: new(total), UsedMB: new(total - free), FreeMB: new(free), ReservedMB: new(int64(300))},
		UtilizationRatio: new(0.61), TemperatureCelsius: new(64),
	}
}

func with(g GPU, change func(*GPU)) GPU {
	change(&g)
	return g
}

func TestReport(t *testing.T) {
	cases := map[string][]GPU{
		"pass": {card(0, 24576, 6576)},
		"warn": {card(0, 24576, 5505)},
		"fail": {card(0, 24576, 2949)},
		"bounds": {
			card(0, 10000, 2500), card(1, 10000, 2499), card(2, 10000, 2000), card(3, 10000, 1999),
		},
		"faults": {
			card(0, 24576, 6576),
			{Index: 1, Name: "NVIDIA RTX 4090", Fault: &Fault{Kind: Hung}},
			{Index: 2, Fault: FaultOf(15)},
			{Index: 3, Name: "NVIDIA RTX 4090", Fault: FaultOf(16)},
			{Index: 4, Name: "NVIDIA RTX 4090", Fault: FaultOf(4)},
			{Index: 5, Name: "NVIDIA RTX 4090", Fault: FaultOf(999)},
		},
		"not-available": {{Index: 0, Name: "NVIDIA RTX 4090"}, with(card(1, 24576, 6576), func(g *GPU) {
			g.UtilizationRatio, g.TemperatureCelsius = nil, nil
		})},
		"mig": {with(card(0, 143771, 100000), func(g *GPU) {
			g.UtilizationRatio = nil
			g.MIG = &MIG{Enabled: true, Instances: []Instance{
				{GPUInstance: new(1), Memory: Memory{TotalMB: new(int64(71000)), FreeMB: new(int64(35500))}},
				{},
			}}
		})},
		"unified": {with(card(0, 122570, 61285), func(g *GPU) { g.Unified, g.Name = true, "NVIDIA GB10" })},
		"none":    nil,
	}
	for name, gpus := range cases {
		t.Run(name, func(t *testing.T) {
			got := Report(Snapshot{GPUs: gpus}, shipped)
			file := filepath.Join("testdata", name+".txt")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

func TestVerdicts(t *testing.T) {
	require.Equal(t, Pass, shipped.Worst(Snapshot{}))
	require.Equal(t, Pass, shipped.Worst(Snapshot{GPUs: []GPU{card(0, 10000, 2500)}}))
	require.Equal(t, Warn, shipped.Worst(Snapshot{GPUs: []GPU{card(0, 10000, 2500), card(1, 10000, 2000)}}))
	require.Equal(t, Fail, shipped.Worst(Snapshot{GPUs: []GPU{card(0, 10000, 1999), card(1, 10000, 2500)}}))
	// What nobody knows is not enough.
	require.Equal(t, Fail, shipped.Judge(GPU{}))
	require.Equal(t, Fail, shipped.Judge(GPU{Memory: Memory{TotalMB: new(int64(0)), FreeMB: new(int64(0))}}))
	require.Equal(t, Fail, shipped.Judge(with(card(0, 10000, 9000), func(g *GPU) { g.Fault = &Fault{Kind: Hung} })))
	// The numbers are an argument.
	require.Equal(t, Fail, Headroom{MinRatio: 0.5, WarnRatio: 0.6}.Judge(card(0, 10000, 2500)))
}

// The bounds are met exactly, not nearly, whatever the total.
func TestBoundsAreExact(t *testing.T) {
	for total := int64(5); total < 200_000; total += 5 {
		require.Equal(t, Warn, shipped.Judge(card(0, total, total/5)))
		require.Equal(t, Fail, shipped.Judge(card(0, total, total/5-1)))
	}
}

func TestJSONSaysNullForWhatIsNotAvailable(t *testing.T) {
	data, err := json.Marshal(Snapshot{At: time.Unix(0, 0).UTC(), GPUs: []GPU{{Index: 1, Fault: &Fault{Kind: Hung}}}})
	require.NoError(t, err)
	require.JSONEq(t, `{"at":"1970-01-01T00:00:00Z","gpus":[{"index":1,"total_mb":null,"used_mb":null,"free_mb":null,"reserved_mb":null,
		"utilization_ratio":null,"temperature_celsius":null,"processes":null,"fault":{"kind":"hung"}}]}`, string(data))
	var back Snapshot
	require.NoError(t, json.Unmarshal(data, &back))
	require.Nil(t, back.GPUs[0].FreeMB)
}

func TestHeadroomMB(t *testing.T) {
	for _, c := range []struct {
		total int64
		ratio float64
		want  int64
	}{
		{24576, 0.20, 4916}, {24564, 0.20, 4913}, {20000, 0.20, 4000}, {30000, 0.3, 9000}, {143771, 0.20, 28755}, {10, 0, 0}, {3, 0.5, 2},
	} {
		require.Equal(t, c.want, HeadroomMB(c.total, c.ratio), "%d × %g", c.total, c.ratio)
	}
}
