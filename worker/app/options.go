package app

import (
	"context"
	"fmt"
	"os"
	"slices"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/workflows"
)

// maxActivities is how many activities one host runs at once: they touch the host, which is the
// scarce thing, not the worker.
const maxActivities = 50

// CachedRuns is how many runs a process keeps in memory between two of their events, at about 0.1 MB each. Another
// one that something happens to is read from its history first, which takes milliseconds; the SDK would keep 10,000.
const CachedRuns = 64

func (a *App) workerOptions() worker.Options {
	return worker.Options{
		WorkerStopTimeout:                  stopTimeout,
		MaxConcurrentActivityExecutionSize: maxActivities,
		DeploymentOptions:                  deployment(os.Getenv),
		Interceptors:                       []interceptor.WorkerInterceptor{Guard()},
		OnFatalError: func(err error) {
			select {
			case a.fatal <- err:
			default:
			}
		},
	}
}

// deployment turns versioning on only when both variables are set: a versioned worker runs nothing
// until somebody makes its version the current one.
func deployment(getenv func(string) string) worker.DeploymentOptions {
	name, build := getenv("TEMPORAL_DEPLOYMENT_NAME"), getenv("TEMPORAL_WORKER_BUILD_ID")
	if name == "" || build == "" {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{
		UseVersioning:             true,
		Version:                   worker.WorkerDeploymentVersion{DeploymentName: name, BuildID: build},
		DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}
}

// knownSearchAttributes returns those of evenkeel's search attributes that the namespace has. A
// server that does not let us ask is taken to have none: evenkeel works without them.
func knownSearchAttributes(ctx context.Context, c client.Client, namespace string) ([]string, error) {
	answer, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("list the search attributes: %w", err)
		}
		return nil, nil
	}
	var known []string
	for name := range answer.GetCustomAttributes() {
		if slices.Contains(workflows.SearchAttributes(), name) {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	return known, nil
}
