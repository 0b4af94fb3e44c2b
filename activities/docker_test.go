package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	sdk "go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// file is a Compose project in memory. What a test does not set is empty.
type file struct {
	mu        sync.Mutex
	services  []scaling.Service
	hooks     Hooks
	hooksErr  error
	hash      func(service string, ids map[string][]string) (string, error)
	shape     scaling.Shape
	resources map[string][]scaling.Resource
	files     []ContainerFile
	filesErr  error
	up        func(service string, number int) error
	// noCompose is why docker compose cannot be run.
	noCompose error
}

func (f *file) Version(context.Context) (string, error) { return "5.6.0", f.noCompose }

func (f *file) Services(context.Context) ([]scaling.Service, error) {
	return slices.Clone(f.services), nil
}

func (f *file) Hash(_ context.Context, service string, ids map[string][]string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hash == nil {
		return "h", nil
	}
	return f.hash(service, ids)
}

func (f *file) Shape(context.Context, string) (scaling.Shape, error) { return f.shape, nil }

func (f *file) Resources(_ context.Context, service string) ([]scaling.Resource, error) {
	return f.resources[service], nil
}

func (f *file) Files(context.Context, string) ([]ContainerFile, error) { return f.files, f.filesErr }

func (f *file) Hooks(context.Context, string) (Hooks, error) { return f.hooks, f.hooksErr }

func (f *file) Up(_ context.Context, service string, number int) error { return f.up(service, number) }

// docks is a Docker engine whose containers start, stop and go as they are told.
type docks struct {
	site
	images     map[string]string
	resources  []scaling.Resource
	shape      func(id string) (scaling.Shape, error)
	checkFiles func(sibling string, files []ContainerFile) ([]string, error)
	// specs are the copies that were made, did what was done else, as "start a (1 hooks)".
	specs     []CloneSpec
	did       []string
	cloneErr  func(CloneSpec) error
	startErr  error
	startOnce bool // startErr is that of one start only
	stopErr   error
	inventory error
}

func (d *docks) Inventory(ctx context.Context, project string) (scaling.Inventory, error) {
	inventory, err := d.site.Inventory(ctx, project)
	inventory.Replicas = slices.Clone(inventory.Replicas)
	return inventory, errors.Join(err, d.inventory)
}

func (d *docks) Replicas(ctx context.Context, project, service string) ([]scaling.Replica, error) {
	inventory, err := d.Inventory(ctx, project)
	return inventory.Of(service), err
}

func (d *docks) ImageID(_ context.Context, image string) (string, error) { return d.images[image], nil }

func (d *docks) Resources(context.Context) ([]scaling.Resource, error) { return d.resources, nil }

func (d *docks) Shape(_ context.Context, id string) (scaling.Shape, error) {
	if d.shape == nil {
		return scaling.Shape{}, nil
	}
	return d.shape(id)
}

func (d *docks) CheckFiles(_ context.Context, sibling string, files []ContainerFile) ([]string, error) {
	if d.checkFiles == nil {
		return nil, nil
	}
	return d.checkFiles(sibling, files)
}

// Clone adds a running replica with the state of what was asked.
func (d *docks) Clone(_ context.Context, spec CloneSpec) (scaling.Replica, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.specs = append(d.specs, spec)
	if d.cloneErr != nil {
		if err := d.cloneErr(spec); err != nil {
			return scaling.Replica{}, err
		}
	}
	made := scaling.Replica{
		ID: fmt.Sprint("new-", spec.Number), Name: fmt.Sprintf("%s-%s-%d", spec.Project, spec.Service, spec.Number), Service: spec.Service,
		Number: spec.Number, State: "running", MadeBy: spec.MadeBy,
	}
	d.replicas = append(d.replicas, made)
	return made, nil
}

// become gives a replica a state.
func (d *docks) become(id, state string) {
	for i := range d.replicas {
		if d.replicas[i].ID == id {
			d.replicas[i].State = state
		}
	}
}

func (d *docks) Start(_ context.Context, id string, hooks []Hook, again bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	did := fmt.Sprintf("start %s (%d hooks)", id, len(hooks))
	if again {
		did += " again"
	}
	d.did = append(d.did, did)
	if d.startErr == nil {
		d.become(id, "running")
	}
	err := d.startErr
	if d.startOnce {
		d.startErr = nil
	}
	return err
}

func (d *docks) Stop(_ context.Context, id string, grace time.Duration, hooks []Hook) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.did = append(d.did, fmt.Sprintf("stop %s within %s (%d hooks)", id, grace, len(hooks)))
	if d.stopErr == nil {
		d.become(id, "exited")
	}
	return d.stopErr
}

func (d *docks) Remove(_ context.Context, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.did = append(d.did, "remove "+id)
	d.replicas = slices.DeleteFunc(d.replicas, func(r scaling.Replica) bool { return r.ID == id })
	return nil
}

// docker is a host with that engine and one project, of which all that is listed has the default policy.
func (d *docks) docker(f *file, endpoints map[string]scaling.Endpoint) *Docker {
	fallback, policies := scaling.Policy{Name: "default", Min: 1, Max: 10, StopSeconds: 5}, map[string]scaling.Policy{}
	for name := range endpoints {
		policies[name] = fallback
	}
	projects := Projects{"shop": {
		Name: "shop", Compose: f, Nginx: d, Product: d, Policies: policies, Default: fallback, Endpoints: endpoints,
	}}
	return &Docker{
		Host: "gpu-1", Engine: d, Projects: projects, Replicas: &Replicas{Engine: d, Prober: d, Projects: projects},
		VRAM: &VRAM{Projects: projects, Engine: d}, People: &People{Asked: Since, Host: "gpu-1", Ledger: &archive{entries: map[string]ledger.Entry{}}},
	}
}

// inRun does an activity as a run has it done: testRun.
func inRun[Request any](activity func(context.Context, Request) error, request Request) error {
	_, err := resultInRun(func(ctx context.Context, r Request) (bool, error) { return true, activity(ctx, r) }, request)
	return err
}

func resultInRun[Request, Result any](activity func(context.Context, Request) (Result, error), request Request) (result Result, err error) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(activity, sdk.RegisterOptions{Name: "activity"})
	value, err := env.ExecuteActivity("activity", request)
	if err != nil {
		return result, err
	}
	return result, value.Get(&result)
}
