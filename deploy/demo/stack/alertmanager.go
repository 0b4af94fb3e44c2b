package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// alertmanagerAddress is what prometheus.yml says.
const alertmanagerAddress = "127.0.0.1:19093"

// StartAlertmanager runs this machine's Alertmanager, on loopback, with its data in the stack's folder. It follows LetIn:
// what it tells, evenkeel takes.
func (s *Stack) StartAlertmanager(ctx context.Context) (*Program, error) {
	file, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		return nil, fmt.Errorf("%w; run make deps", err)
	}
	text, err := os.ReadFile(filepath.Join(s.Root, "deploy/demo/alertmanager.yml"))
	if err != nil {
		return nil, err
	}
	config := filepath.Join(s.Dir, "alertmanager.yml")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		return nil, err
	}
	return s.start(ctx, "http://"+alertmanagerAddress+"/-/ready", file,
		"--config.file="+config,
		"--storage.path="+filepath.Join(s.Dir, "alertmanager"),
		"--web.listen-address="+alertmanagerAddress,
		"--cluster.listen-address=", // it is alone
		"--log.level=warn",
	)
}
