// Command product is a small stand-in for an LLM and RL product: every role that the demo's Compose
// project needs, in one static program. The role is the first argument or $ROLE: app, worker-llm,
// worker-rl or model. The argument health asks the local replica's /health and exits 0 or 1, which
// makes a container health check without a shell.
//
// All roles serve /ready, /health, /metrics and /fault. State is kept in memory and is each
// replica's own.
//
//	PORT         TCP port to listen on (8080)
//	WARM_UP      seconds until the replica is ready (0)
//	ON_TERM      drain: finish what is in flight, then exit 0 (default); exit: exit at once
//	ADMIN_TOKEN  bearer token of the admin endpoints; without one they are refused
//	FAULT        a fault from the start, as the JSON that POST /fault takes
//	FAULT_FILE   a file that holds such a fault; absent or empty is none
//
// app: LATENCY_FAST_MS, LATENCY_BALANCED_MS and LATENCY_CREATIVE_MS (20, 40, 80), CONCURRENCY (64)
// requests at work and QUEUE (2048) waiting, MODEL_URL (one URL, or model=URL pairs joined by
// commas; without it the app answers itself), TRAINER_URL (where training orders are forwarded).
//
// worker-llm, worker-rl: CONCURRENCY tasks at work (2, 1), QUEUE (1000) waiting, TASK_MS per task
// (200, 500), TASK_RATE tasks per second that the worker gives itself (0).
//
// model: MODELS, the models it has and their latency in milliseconds
// (qwen_32b=20,mistral_7b=10,llama3_8b=10).
package main
