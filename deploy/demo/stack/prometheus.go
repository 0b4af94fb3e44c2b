package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"time"
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

// Measured says whether Prometheus has a sample for a query.
func (s *Stack) Measured(ctx context.Context, query string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	address := "http://" + prometheusAddress + "/api/v1/query?" + url.Values{"query": {query}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	var answer struct {
		Error string `json:"error"`
		Data  struct {
			Result []json.RawMessage `json:"result"`
		} `json:"data"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return false, err
	}
	if answer.Error != "" {
		return false, errors.New(answer.Error)
	}
	return len(answer.Data.Result) > 0, nil
}
