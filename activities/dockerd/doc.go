// Package dockerd is the Docker engine of one host: it lists the replicas of a Compose project,
// clones, starts, stops and removes them, and reaches the nginx that runs in one of them.
//
// A replica is scaled by copying a sibling through the engine's API rather than by `docker compose
// up --scale`, which would recreate the running ones after an edit of the Compose file. Compose
// decides by labels, networks and named volumes whether a container is its own and up to date; the
// copy keeps all three, so Compose takes a clone for one of its own.
package dockerd
