// Package httpprobe asks replicas over HTTP: whether they answer, and what a metric says.
package httpprobe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/evenkeel/evenkeel/activities"
)

const (
	within  = 5 * time.Second
	maxBody = 4 << 20 // bytes
)

// Prober asks over HTTP. It implements activities.Prober.
type Prober struct{ client *http.Client }

// New returns a prober that gives up after 5 seconds, follows no redirect and uses no proxy: a
// replica is asked itself or not at all. It keeps no connection, which a replica that drains would
// count as one more at work.
func New() *Prober {
	return &Prober{client: &http.Client{
		Timeout:       within,
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Get returns the status of a GET. No answer is Unavailable, a bad url InvalidInput.
func (p *Prober) Get(ctx context.Context, url string) (status int, err error) {
	response, err := p.get(ctx, url)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// Gauge returns the sum over all series of a gauge, a counter or an untyped metric; ok is false when
// the metric is not there. A histogram or a summary is InvalidInput. An answer other than 200, one
// above 4 MiB, one that is not the Prometheus text format and a sum that is no finite number are
// Unavailable.
func (p *Prober) Gauge(ctx context.Context, url, metric string) (value float64, ok bool, err error) {
	families, err := p.families(ctx, url)
	if err != nil {
		return 0, false, err
	}
	family := families[metric]
	for _, m := range family.GetMetric() {
		switch family.GetType() {
		case dto.MetricType_GAUGE:
			value += m.GetGauge().GetValue()
		case dto.MetricType_COUNTER:
			value += m.GetCounter().GetValue()
		case dto.MetricType_UNTYPED:
			value += m.GetUntyped().GetValue()
		default:
			return 0, false, activities.Fail(activities.InvalidInput, fmt.Errorf("%s at %s is a %s and has no single value", metric, url, family.GetType()))
		}
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, false, unavailable(fmt.Errorf("%s at %s is %v", metric, url, value))
	}
	return value, len(family.GetMetric()) > 0, nil
}

func (p *Prober) families(ctx context.Context, url string) (map[string]*dto.MetricFamily, error) {
	response, err := p.get(ctx, url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, unavailable(fmt.Errorf("%s answers %d", url, response.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return nil, unavailable(fmt.Errorf("read %s: %w", url, err))
	}
	if len(body) > maxBody {
		return nil, unavailable(fmt.Errorf("%s answers more than %d bytes", url, maxBody))
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		return nil, unavailable(fmt.Errorf("%s is not the Prometheus text format: %w", url, err))
	}
	return families, nil
}

func (p *Prober) get(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err == nil && request.URL.Host == "" {
		err = errors.New("no host")
	}
	if err != nil {
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("url %q: %w", url, err))
	}
	request.Header.Set("Accept", "text/plain; version=0.0.4, */*;q=0.1")
	response, err := p.client.Do(request)
	if err != nil {
		return nil, unavailable(err)
	}
	return response, nil
}

func unavailable(err error) error { return activities.Fail(activities.Unavailable, err) }
