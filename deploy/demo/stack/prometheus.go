package stack

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// prometheusAddress is fixed, as that of the product is: the configuration must name it before it runs.
const prometheusAddress = "127.0.0.1:19090"

// StartPrometheus runs this machine's Prometheus on the product's containers, on loopback, with its data in
// the stack's folder. Only what needs measurements over time, such as a p95, needs it.
func (s *Stack) StartPrometheus(ctx context.Context) (*Program, error) {
	file, err := exec.LookPath("prometheus")
	if err != nil {
		return nil, fmt.Errorf("%w; run make deps", err)
	}
	return s.start(ctx, "http://"+prometheusAddress+"/-/ready", file,
		"--config.file="+filepath.Join(s.Root, "deploy/demo/prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(s.Dir, "prometheus"),
		"--web.listen-address="+prometheusAddress,
		"--log.level=warn",
	)
}
