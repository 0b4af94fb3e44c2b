package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// modes are the product's modes from the cheapest to the dearest: a downshift goes to the left.
var modes = []string{"fast", "balanced", "creative"}

// modelsOf names the models that an answer in a mode needs.
var modelsOf = map[string][]string{
	"fast":     {"qwen_32b"},
	"balanced": {"qwen_32b", "mistral_7b"},
	"creative": {"qwen_32b", "mistral_7b", "llama3_8b"},
}

// config is everything that the environment decides.
type config struct {
	role        string
	port        int
	warmUp      time.Duration
	exitOnTerm  bool
	adminToken  string
	fault       *fault
	latency     map[string]time.Duration // per mode
	concurrency int
	queue       int
	modelURL    map[string]string // per model; empty when the app answers itself
	trainerURL  string
	models      map[string]time.Duration // latency per model
	taskTime    time.Duration
	taskRate    float64
}

// roleDefaults are the values that differ between the roles.
var roleDefaults = map[string]struct{ concurrency, queue, taskMS int }{
	"app":        {64, 2048, 0},
	"worker-llm": {2, 1000, 200},
	"worker-rl":  {1, 1000, 500},
	"model":      {64, 2048, 0},
}

// parseConfig reads the environment of a role through get. The first wrong value is the error.
func parseConfig(role string, get func(string) string) (config, error) {
	d, known := roleDefaults[role]
	if !known {
		return config{}, fmt.Errorf("role %q: want one of %s, or health", role,
			strings.Join(slices.Sorted(maps.Keys(roleDefaults)), ", "))
	}
	e := envReader{get: get}
	c := config{
		role:        role,
		port:        e.whole("PORT", 8080),
		warmUp:      time.Duration(e.number("WARM_UP", 0) * float64(time.Second)),
		adminToken:  get("ADMIN_TOKEN"),
		concurrency: max(e.whole("CONCURRENCY", d.concurrency), 1),
		queue:       e.whole("QUEUE", d.queue),
		trainerURL:  strings.TrimSuffix(get("TRAINER_URL"), "/"),
		taskTime:    time.Duration(e.whole("TASK_MS", d.taskMS)) * time.Millisecond,
		taskRate:    e.number("TASK_RATE", 0),
		latency: map[string]time.Duration{
			"fast":     time.Duration(e.whole("LATENCY_FAST_MS", 20)) * time.Millisecond,
			"balanced": time.Duration(e.whole("LATENCY_BALANCED_MS", 40)) * time.Millisecond,
			"creative": time.Duration(e.whole("LATENCY_CREATIVE_MS", 80)) * time.Millisecond,
		},
	}
	switch v := get("ON_TERM"); v {
	case "", "drain":
	case "exit":
		c.exitOnTerm = true
	default:
		e.fail("ON_TERM", v, "want drain or exit")
	}
	c.models = e.models("MODELS", "qwen_32b=20,mistral_7b=10,llama3_8b=10")
	c.modelURL = e.modelURLs("MODEL_URL")
	v := get("FAULT")
	if file := get("FAULT_FILE"); file != "" && v == "" {
		// A replica made later has its sibling's environment, but can read another file.
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			e.fail("FAULT_FILE", file, err.Error())
		}
		v = string(text)
	}
	if v != "" {
		c.fault = new(fault)
		if err := json.Unmarshal([]byte(v), c.fault); err != nil {
			e.fail("FAULT", v, err.Error())
		} else if err := c.fault.check(); err != nil {
			e.fail("FAULT", v, err.Error())
		}
	}
	return c, e.err
}
