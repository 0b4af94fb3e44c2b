// Package compose reads a host's Compose file and runs the person's own `docker compose` for the two
// things that only Compose can say or do: the configuration hash of a service, and its first replica.
//
// The file is read with the library that Compose itself uses, so that interpolation, extends,
// include and profiles mean the same. Nothing of a service's environment is kept.
package compose
