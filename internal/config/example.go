package config

// The parts of a new configuration that are the same everywhere.

const fileHead = `# What evenkeel operates. File names are relative to this file; in them ${NAME} is a variable of the
# environment and $$ is a dollar. No secret belongs in here. To switch a key on, remove the # before it.
apiVersion: evenkeel/v1

# The zone of business dates and schedules.
`

const hostsHead = `
# One entry for each machine with a Docker engine. On each of them runs a worker.
`

const noNginx = `        # The nginx that sends requests to the replicas. Its configuration must include upstreams/*.conf.
        # For an nginx on the machine itself, write config: /etc/nginx/nginx.conf and pid_file:
        # /run/nginx.pid in place of service.
        #nginx:
          #service: nginx
          #upstreams: nginx/upstreams
`

const servicesHead = `        # The Compose services to scale, and where their replicas answer: port, ready (200 when a replica may
        # get work), health (200 while it is well), metrics and in_flight (the gauge of what is at work), drain
        # (POST: take no new work), upstream. How far each one goes says the ScalingPolicy of the service's
        # name, else default, unless the key policy names another one.
`

const noAdmin = `        # The product's own API on the replicas of a service, and the file with its bearer token. Write paths
        # where yours differ from the usual.
        #admin:
          #token_file: /etc/evenkeel/admin-token
          #service: app
          #port: 8000
`

const optional = `
# The models that are planned on the GPUs. Priority 1 to 9; 9 is kept longest.
#models:
  #qwen_32b: {vram_mb: 16000, priority: 9}
  #mistral_7b: {vram_mb: 4000, priority: 7}
  #llama3_8b: {vram_mb: 5000, priority: 5}

# The share of each GPU that stays free, below which share a person is warned, and whether a model
# that fits on no GPU is planned on the CPU.
#gpu:
  #headroom_ratio: 0.20
  #warn_ratio: 0.25
  #offload: false

#prometheus:
  #url: http://127.0.0.1:9090

# Programs that runbooks may run, and nothing else: no shell, no environment, no output kept. Each of
# args becomes one argument when pattern matches the whole of it.
#commands:
  #reload-model:
    #argv: [/usr/local/bin/reload-model, --now]
    #args: [{name: model, pattern: "[a-z0-9_]+"}]
    #risk: write
    #timeout: 2m

`

// peopleHead stands before the person who runs init, and noPeople in the place of both.
const (
	peopleHead = `# Who answers what runs ask, and orders them about: persons by their accounts, and groups of them, or of
# USER@HOST with * for any. The built-in runbooks ask oncall and sre.
`
	noPeople = peopleHead + `#people:
  #anna: {host: [anna@gpu-1]}
#groups:
  #oncall: [anna, "*@gpu-2"]
  #sre: [anna]
`
)

const optionalBehind = `#approvals:
  #operators: [sre]
  # Who may start a runbook or a scaling; without it anybody who has an account here may.
  #starters: [oncall, sre]
  #authenticated_from: destructive

# The audit ledger is a SQLite file in the state directory. With several hosts it has to be in
# PostgreSQL: the file holds its DSN, postgres://USER:PASSWORD@HOST:PORT/DATABASE; the variable
# EVENKEEL_LEDGER_DSN wins over it.
#ledger:
  #dsn_file: /etc/evenkeel/ledger-dsn

# Definitions of your own: one of the same kind and name replaces the built-in one.
#templates_dir: templates

# Names of definitions to leave out.
#disabled: [worker-rl]
`
