package templates

import (
	"cmp"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

const scalingPolicy = "ScalingPolicy"

// defaultPolicy is the name of the policy for services that have none of their own.
const defaultPolicy = "default"

const (
	maxReplicas = 1000
	maxClaimMB  = 1 << 22 // 4 TB, more than any host has
	maxWait     = strictyaml.Duration(24 * time.Hour)
	maxObserve  = strictyaml.Duration(time.Hour)
)

type policyFile struct {
	header   `yaml:",inline"`
	Replicas struct {
		Min int `yaml:"min"`
		Max int `yaml:"max"`
	} `yaml:"replicas"`
	WarmUp  strictyaml.Duration `yaml:"warm_up"`
	Healthy strictyaml.Duration `yaml:"healthy"`
	Drain   strictyaml.Duration `yaml:"drain"`
	Stop    strictyaml.Duration `yaml:"stop"`
	Observe strictyaml.Duration `yaml:"observe"`
	GPU     struct {
		ClaimMB  int  `yaml:"claim_mb"`
		Optional bool `yaml:"optional"`
	} `yaml:"gpu"`
}

// Policy returns the ScalingPolicy of that name; false when there is none.
func (s *Set) Policy(name string) (scaling.Policy, bool) {
	p, ok := s.definitions[id{scalingPolicy, name}].value.(scaling.Policy)
	return p, ok
}

// PolicyOf returns the ScalingPolicy of a service that names none: the one of its own name, else the one
// that is called default. It is false when there is neither, and for a service whose own was disabled, which was done
// to keep it from being scaled, or has a fault.
func (s *Set) PolicyOf(service string) (scaling.Policy, bool) {
	if p, ok := s.Policy(service); ok || slices.Contains(s.disabled, service) || s.isFaulty(id{scalingPolicy, service}) {
		return p, ok
	}
	return s.DefaultPolicy()
}

// DefaultPolicy returns the ScalingPolicy of services that have none of their own; false when it is disabled.
func (s *Set) DefaultPolicy() (scaling.Policy, bool) { return s.Policy(defaultPolicy) }

// PolicyOfFault returns why PolicyOf has none for a service, where that is a fault of a file, in one line.
func (s *Set) PolicyOfFault(service string) string {
	if _, ok := s.PolicyOf(service); ok || slices.Contains(s.disabled, service) {
		return ""
	}
	return cmp.Or(s.PolicyFault(service), s.DefaultPolicyFault())
}

// DefaultPolicyFault returns why DefaultPolicy has none, where that is a fault of its file, in one line.
func (s *Set) DefaultPolicyFault() string { return s.PolicyFault(defaultPolicy) }

// Policies returns every ScalingPolicy in the order of their names.
func (s *Set) Policies() []scaling.Policy {
	var out []scaling.Policy
	for _, d := range s.definitions {
		if p, ok := d.value.(scaling.Policy); ok {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b scaling.Policy) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func decodeScalingPolicy(doc *strictyaml.Document) (header, any) {
	var f policyFile
	doc.Decode(&f)
	for _, n := range []struct {
		key   string
		value int
	}{{"min", f.Replicas.Min}, {"max", f.Replicas.Max}} {
		at := "replicas." + n.key
		doc.Require(at)
		if n.value < 0 || n.value > maxReplicas {
			doc.Fault(at, "%d is not a number of replicas; write 0 to %d", n.value, maxReplicas)
		}
	}
	if doc.Sound("replicas") && f.Replicas.Min > f.Replicas.Max {
		doc.Fault("replicas.min", "%d is more than max, which is %d", f.Replicas.Min, f.Replicas.Max)
	}
	for _, w := range []struct {
		key   string
		value strictyaml.Duration
	}{{"warm_up", f.WarmUp}, {"healthy", f.Healthy}, {"drain", f.Drain}, {"stop", f.Stop}} {
		doc.Require(w.key)
		if w.value <= 0 || w.value > maxWait {
			doc.Fault(w.key, "%s is out of range; write 1s to 24h", w.value)
		}
	}
	var observe *int
	if doc.Has("observe") {
		if f.Observe < 0 || f.Observe > maxObserve {
			doc.Fault("observe", "%s is out of range; write 0s to 1h", f.Observe)
		}
		observe = new(f.Observe.Seconds())
	}
	if doc.Has("gpu") {
		doc.Require("gpu.claim_mb")
		if f.GPU.ClaimMB < 1 || f.GPU.ClaimMB > maxClaimMB {
			doc.Fault("gpu.claim_mb", "%d is not an amount of VRAM in MB; write 1 to %d", f.GPU.ClaimMB, maxClaimMB)
		}
	}
	return f.header, scaling.Policy{
		Name: f.Metadata.Name, Min: f.Replicas.Min, Max: f.Replicas.Max,
		WarmUpSeconds: f.WarmUp.Seconds(), HealthySeconds: f.Healthy.Seconds(),
		DrainSeconds: f.Drain.Seconds(), StopSeconds: f.Stop.Seconds(), ObserveSeconds: observe,
		ClaimMB: int64(f.GPU.ClaimMB), GPUOptional: f.GPU.Optional,
	}
}
