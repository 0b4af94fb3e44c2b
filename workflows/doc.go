// Package workflows holds what happens, and in which order, as deterministic Temporal workflows. A
// workflow decides nothing by itself: rules come from internal/, effects from activities/.
package workflows
