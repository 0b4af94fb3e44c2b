#!/usr/bin/env bash
# Makes sure that what the demo and the tests talk to is there: a running Docker engine, a Compose
# CLI of version 2 or later, gcc, nginx, Prometheus and its Alertmanager, Chromium, PostgreSQL and
# Redis. What is missing is installed where that is allowed (root on a Debian-like system);
# elsewhere the command to type is printed.
#
# usage: deps.sh demo|test
set -euo pipefail
cd "$(dirname "$0")"

say() { echo "deps: $*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

root=false
[ "$(id -u)" = 0 ] && root=true

# need COMMAND PACKAGE: notes a Debian package whose command is absent.
packages=()
need() { have "$1" || packages+=("$2"); }

need docker docker.io
have dockerd || docker version >/dev/null 2>&1 || packages+=(docker.io)
need gcc gcc
[ -e /usr/include/stdlib.h ] || packages+=(libc6-dev)
need nginx nginx-light
need ps procps # the engine runs it to list the processes of a container
need prometheus prometheus
need prometheus-alertmanager prometheus-alertmanager
if [ "${1:-demo}" = test ]; then
  need chromium chromium
  need ip iproute2 # for a test with a network of its own
  need redis-server redis-server
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
fi

if [ ${#packages[@]} -gt 0 ]; then
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
  install="apt-get update && apt-get install -y --no-install-recommends ${packages[*]}"
  if $root && have apt-get; then
    say "installing ${packages[*]}"
    # No service may be started by an installation: the tests start their own, on loopback.
    policy=/usr/sbin/policy-rc.d
    made=false
    if [ ! -e $policy ]; then
      printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=true
    fi
    ok=true
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"; } >/tmp/evenkeel-deps.log 2>&1 || ok=false
    if $made; then rm -f $policy; fi
    $ok || { tail -n 5 /tmp/evenkeel-deps.log >&2; say "could not install them; run: $install"; exit 3; }
  else
    say "missing: ${packages[*]}. Run: sudo sh -c '$install'"
    exit 3
  fi
fi

if ! docker version >/dev/null 2>&1; then
  if $root && have dockerd; then
    say "starting the Docker engine"
    setsid nohup dockerd >/tmp/evenkeel-dockerd.log 2>&1 </dev/null &
    for _ in $(seq 120); do
      docker version >/dev/null 2>&1 && break
      sleep 0.5
    done
  fi
  docker version >/dev/null 2>&1 || {
    [ -s /tmp/evenkeel-dockerd.log ] && tail -n 3 /tmp/evenkeel-dockerd.log >&2
    say "no Docker engine answers. Run: sudo dockerd (or start its service), and join the group docker"
    exit 3
  }
fi

if ! docker compose version >/dev/null 2>&1; then
  say "building the Compose CLI"
  plugins="${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins"
  mkdir -p "$plugins"
  (cd compose && GOFLAGS=-mod=readonly CGO_ENABLED=0 go build -trimpath \
    -ldflags='-s -w -X github.com/docker/compose/v5/internal.Version=v5.6.0' \
    -o "$plugins/docker-compose" github.com/docker/compose/v5/cmd)
  docker compose version >/dev/null 2>&1 || { say "docker does not find $plugins/docker-compose"; exit 3; }
fi
