SHELL   := bash
GO      ?= go
MODULES := . deploy/standalone
LDFLAGS := -s -w
STATIC  := CGO_ENABLED=0 $(GO) build -trimpath -ldflags='$(LDFLAGS)'
# Tests that talk to the engine, nginx and the network share one machine: one package at a time.
E2E     := EVENKEEL_ROOT=$(CURDIR) $(GO) test -tags e2e -count=1 -p 1

.PHONY: help deps deps-test build up demo test e2e lint bench histories soak clean

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

deps: ## install or name what is missing (Docker engine, Compose, gcc, nginx, Prometheus, Alertmanager)
	@deploy/deps/deps.sh demo

deps-test: deps
	@deploy/deps/deps.sh test

build: ## build bin/worker, bin/starter, bin/gpuprobe and bin/evenkeel
	$(STATIC) -o bin/ ./worker ./starter
	CGO_ENABLED=1 CGO_CFLAGS='-O2 -Wno-deprecated-declarations' $(GO) build -trimpath -ldflags='$(LDFLAGS) -extldflags=-Wl,-z,lazy' -o bin/ ./worker/gpuprobe
	cd deploy/standalone && $(STATIC) -o ../../bin/evenkeel .

bin/demo bin/product: build-demo ;
.PHONY: build-demo
build-demo:
	$(STATIC) -o bin/product ./deploy/demo/product
	$(STATIC) -o bin/demo ./deploy/demo/run

up: build ## run evenkeel on this host and stay
	bin/evenkeel

demo: deps build build-demo ## scale a service under load, mend a model with an approval, end with "failed = 0"
	@bin/demo

test: deps-test ## unit tests, and the adapters against the real Docker engine and nginx
	@for m in $(MODULES); do (cd $$m && $(GO) test ./...) || exit 1; done
	$(GO) test -count=1 . # what it reads is no input that the cache knows
	$(E2E) ./activities/... ./starter/cli
	@for f in internal/condition:FuzzCompile internal/condition:FuzzEvaluate internal/condition:FuzzTemplate templates:FuzzRunbook internal/nginxconf:FuzzRead internal/alert:FuzzPayload internal/jsonpath:FuzzPath worker/ingress:FuzzSlackPayload; do \
	  $(GO) test -run '^$$' -fuzz "^$${f#*:}$$" -fuzztime 8000x ./$${f%:*} || exit 1; done

e2e: deps-test build build-demo ## the whole system under load and faults
	$(E2E) ./deploy/compose ./deploy/examples
	cd deploy/standalone && $(E2E) -timeout 20m -v ./e2e

histories: deps-test build build-demo ## record histories of every workflow for a tag, into workflows/testdata/replay
	mkdir -p workflows/testdata/replay
	cd deploy/standalone && EVENKEEL_HISTORIES=$(CURDIR)/workflows/testdata/replay $(E2E) -timeout 20m -run 'TestRunbook$$|TestProduct|TestVRAM|TestReplica' ./e2e

soak: deps-test build build-demo ## hundreds of kills, random and in every step of a runbook; takes two hours
	EVENKEEL_SOAK=1 $(GO) test -count=1 -timeout 1h -run WhateverFails ./workflows
	EVENKEEL_SOAK=1 $(GO) test -count=1 -timeout 30m -v -run WhateverFails ./activities/slackapi
	cd deploy/standalone && EVENKEEL_SOAK=1 $(E2E) -timeout 4h -v -run Soak ./e2e

bench: deps-test build build-demo ## the figures of docs/benchmarks.md
	$(GO) test -run '^$$' -bench . ./activities/nvml ./internal/placement
	$(GO) test -run '^$$' -bench Append ./activities/ledger
	$(GO) test -run '^$$' -bench Word ./internal/identity
	$(GO) test -run '^$$' -bench 'Lint|Verify' -benchtime 3x ./templates ./activities/ledger
	cd deploy/standalone && $(GO) test -run '^$$' -bench 'Runbook|GateList' -benchtime 1x ./server
	cd deploy/standalone && EVENKEEL_BENCH=1 $(E2E) -timeout 1h -v -run Bench ./e2e

bin/golangci-lint bin/workflowcheck bin/deadcode: deploy/deps/lint/go.mod
	cd deploy/deps/lint && CGO_ENABLED=0 $(GO) build -trimpath -o ../../../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	cd deploy/deps/lint && CGO_ENABLED=0 $(GO) build -trimpath -o ../../../bin/workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck
	cd deploy/deps/lint && CGO_ENABLED=0 $(GO) build -trimpath -o ../../../bin/deadcode golang.org/x/tools/cmd/deadcode

lint: bin/golangci-lint bin/workflowcheck bin/deadcode ## golangci-lint, workflowcheck and deadcode in both modules
	@for m in $(MODULES); do (cd $$m && $(CURDIR)/bin/golangci-lint run --allow-parallel-runners --config $(CURDIR)/.golangci.yaml ./...) || exit 1; done
	bin/workflowcheck ./workflows/...
	cd deploy/standalone && $(CURDIR)/bin/workflowcheck ./...
	@# Both modules at once: the tests of one use what the other has.
	@printf 'go %s\nuse (\n\t$(CURDIR)\n\t$(CURDIR)/deploy/standalone\n)\n' "$$(sed -n 's/^go //p' deploy/standalone/go.mod)" > bin/go.work
	@dead=$$(GOWORK=$(CURDIR)/bin/go.work bin/deadcode -test -tags e2e -filter '^github.com/evenkeel/evenkeel' ./... ./deploy/standalone/...) && \
	  { [ -z "$$dead" ] || { echo "$$dead"; exit 1; }; }

clean: ## remove what was built
	rm -rf bin
