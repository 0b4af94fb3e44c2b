package operations

import (
	"context"
	"errors"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
)

// prometheus are the operations that ask Prometheus; metrics is nil where none is configured.
type prometheus struct{ metrics activities.Metrics }

const noPrometheus = "the configuration has no Prometheus; write prometheus.url"

func (p prometheus) query(ctx context.Context, t task) (condition.Values, error) {
	if p.metrics == nil {
		return nil, activities.Fail(activities.NotFound, errors.New(noPrometheus))
	}
	value, err := p.metrics.Value(ctx, t.text("query"))
	return condition.Values{"value": value}, err
}

func (p prometheus) refuse(r *refusals, u use) {
	if p.metrics == nil {
		r.add(u.at, noPrometheus)
	}
}
