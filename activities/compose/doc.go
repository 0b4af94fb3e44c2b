// Package compose knows a project of Docker Compose as Compose itself does, in process, and runs the
// person's own `docker compose` for the one thing that only Compose can do: a service's first replica.
//
// The files are read with the library that Compose uses and in Compose's own order, so that discovery,
// .env, interpolation, extends, include and profiles mean the same. That they do is proved by the hash
// of a service, which equals the label of every container that Compose makes.
package compose
