// Package scaling holds the rules of scaling a Compose service: what a service and its replicas
// are, what a policy allows, which replicas a change makes or removes, and every reason why a
// change must not happen. It is pure: values in, a decision with its reasons out.
package scaling
