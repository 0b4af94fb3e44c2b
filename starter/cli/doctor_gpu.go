package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evenkeel/evenkeel/activities/nvml"
)

// gpus looks at this machine's GPUs. A machine without any is fine: not every product needs one.
func (d *doctor) gpus(ctx context.Context) finding {
	source := nvml.New(nvml.Options{})
	defer source.Close()
	snapshot, err := source.Snapshot(ctx)
	if cause, ok := errors.AsType[*nvml.Error](err); ok {
		switch cause.Cause {
		case nvml.NoLibrary, nvml.NotLoaded, nvml.NoGPU:
			return noted("no GPU: "+cause.What, cause.Hint)
		default:
			return lacking(cause.What, cause.Hint)
		}
	}
	if err != nil {
		return lacking(reason(err), "see whether the driver hangs: nvidia-smi")
	}
	var names []string
	for _, g := range snapshot.GPUs {
		if g.Fault != nil {
			return lacking(fmt.Sprintf("GPU %d: %s", g.Index, g.Fault), "see starter gpu status --once")
		}
		names = append(names, fmt.Sprintf("GPU %d: %s", g.Index, g.Name))
	}
	return well(fmt.Sprintf("driver %s, %s", snapshot.DriverVersion, strings.Join(names, ", ")))
}
