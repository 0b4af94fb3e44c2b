package runbook

import (
	"slices"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// Operation is something that a runbook can use. The worker does it; a definition that names another one,
// or gives it other arguments, is refused when it is read.
type Operation struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Risk is the least that a step which uses it may declare.
	Risk       Risk            `json:"risk"`
	Idempotent bool            `json:"idempotent"`
	Params     []Param         `json:"params,omitempty"`
	Outputs    condition.Types `json:"outputs,omitempty"`
	// Open allows further arguments of type string, which the worker's configuration names.
	Open bool `json:"open,omitempty"`
	// Workflow says that the run does it by a workflow of its own, and no activity does.
	Workflow bool `json:"workflow,omitempty"`
}

// Param is an argument of an operation.
type Param struct {
	Name     string         `json:"name"`
	Type     condition.Type `json:"type"`
	Optional bool           `json:"optional,omitempty"`
	// Enum are the values that a constant may have.
	Enum []string `json:"enum,omitempty"`
}

var (
	modelParam   = Param{Name: "model", Type: condition.String}
	serviceParam = Param{Name: "service", Type: condition.String}
)

// Modes are the modes that a product answers in, the cheapest first.
var Modes = []string{"fast", "balanced", "creative"}

// ofEachMode are outputs of one type, one for each mode.
func ofEachMode(t condition.Type) condition.Types {
	types := condition.Types{}
	for _, mode := range Modes {
		types[mode] = t
	}
	return types
}

var operations = []Operation{
	{
		Name: CommandOperation, Risk: Write, Open: true, Summary: "run a command of the configuration's allow-list",
		Params: []Param{{Name: "command", Type: condition.String}},
	},
	{
		Name: "gpu.headroom", Risk: Read, Idempotent: true, Summary: "free VRAM of the host's GPUs",
		Outputs: condition.Types{"gpus": condition.Int, "min_free_ratio": condition.Double, "max_free_ratio": condition.Double},
	},
	{
		Name: "product.breaker", Risk: Write, Idempotent: true, Summary: "open or close the circuit breaker of a model on every replica",
		Params: []Param{modelParam, {Name: "state", Type: condition.String, Enum: []string{"open", "closed"}}},
	},
	{
		Name: "product.cache_bypass", Risk: Write, Idempotent: true, Summary: "answer without the cache, or with it again",
		Params: []Param{{Name: "on", Type: condition.Bool}},
	},
	{
		Name: "product.cache_stats", Risk: Read, Idempotent: true, Summary: "hit rate of the cache",
		Outputs: condition.Types{"hit_rate": condition.Double, "requests": condition.Int, "bypass": condition.Bool},
	},
	{Name: "product.cache_warm", Risk: Write, Idempotent: true, Summary: "fill the cache with frequent prompts"},
	{Name: "product.db_pool_reset", Risk: Write, Idempotent: true, Summary: "close the pool's database connections, so that fresh ones are made"},
	{
		Name: "product.downshift", Risk: Write, Idempotent: true, Summary: "serve a mode as a cheaper one; the same mode ends that",
		Params: []Param{{Name: "from", Type: condition.String, Enum: Modes}, {Name: "to", Type: condition.String, Enum: Modes}},
	},
	{
		Name: "product.downshift_stats", Risk: Read, Idempotent: true, Summary: "in which mode each mode is served",
		Outputs: ofEachMode(condition.String),
	},
	{
		Name: "product.model_health", Risk: Read, Idempotent: true, Summary: "whether a model answers, asked of every replica",
		Params:  []Param{modelParam},
		Outputs: condition.Types{"healthy": condition.Bool, "breaker": condition.String, "replicas": condition.Int},
	},
	{
		Name: "prometheus.query", Risk: Read, Idempotent: true, Summary: "the one value of a PromQL query",
		Params:  []Param{{Name: "query", Type: condition.String}},
		Outputs: condition.Types{"value": condition.Double},
	},
	{
		Name: "service.connect", Risk: Read, Idempotent: true, Summary: "whether every replica takes connections",
		Params: []Param{
			serviceParam,
			{Name: "port", Type: condition.Int},
			{Name: "protocol", Type: condition.String, Optional: true, Enum: []string{"tcp", "postgres", "redis"}},
		},
		Outputs: condition.Types{"reachable": condition.Bool, "seconds": condition.Double, "reason": condition.String},
	},
	{
		Name: "service.metric", Risk: Read, Idempotent: true, Summary: "a metric of the service's own, summed over its series and replicas",
		Params:  []Param{serviceParam, {Name: "metric", Type: condition.String}},
		Outputs: condition.Types{"value": condition.Double},
	},
	{
		Name: RestartOperation, Risk: Destructive, Workflow: true, Summary: "restart the containers of a service, one after the other",
		Params:  []Param{serviceParam},
		Outputs: condition.Types{"restarted": condition.Int},
	},
	{
		Name: ScaleOperation, Risk: Write, Idempotent: true, Workflow: true, Summary: "take a service to a number of replicas by ScaleService",
		Params:  []Param{serviceParam, {Name: "replicas", Type: condition.Int}},
		Outputs: condition.Types{"from": condition.Int, "to": condition.Int},
	},
	{
		Name: "service.state", Risk: Read, Idempotent: true, Summary: "how many replicas there are, run and are healthy",
		Params:  []Param{serviceParam},
		Outputs: condition.Types{"replicas": condition.Int, "running": condition.Int, "healthy": condition.Int},
	},
	{
		Name: "service.usage", Risk: Read, Idempotent: true, Summary: "CPU and memory as a share of the limit, mean over replicas",
		Params:  []Param{serviceParam},
		Outputs: condition.Types{"cpu_ratio": condition.Double, "memory_ratio": condition.Double},
	},
}

// Operations returns all operations in the order of their names.
func Operations() []Operation { return slices.Clone(operations) }

// FindOperation returns the operation of that name.
func FindOperation(name string) (Operation, bool) {
	i := slices.IndexFunc(operations, func(o Operation) bool { return o.Name == name })
	if i < 0 {
		return Operation{}, false
	}
	return operations[i], true
}
