package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"
)

// ask calls the models of the mode one after the other; latency is their time together. A model
// whose breaker is open is not called: what is kept, or a plain sentence, is the answer then.
func (a *app) ask(ctx context.Context, mode, prompt string, latency time.Duration) (answer, error) {
	names := modelsOf[mode]
	for _, name := range names {
		if !a.breakers.allow(name, time.Now()) {
			if text, kept := a.cache.peek(mode, prompt); kept {
				return answer{mode, "cache", text}, nil
			}
			return answer{mode, "fallback", "The models are busy; this is a prepared answer."}, nil
		}
		err := a.backend.generate(ctx, name, latency/time.Duration(len(names)))
		if ctx.Err() != nil {
			return answer{}, ctx.Err() // the client left; that tells nothing about the model
		}
		a.breakers.report(name, err, time.Now())
		if err != nil {
			return answer{}, err
		}
	}
	text := answerText(mode, prompt)
	if prompt != "" {
		a.cache.put(mode, prompt, text, time.Now())
	}
	return answer{mode, "model", text}, nil
}

// answerText is the same for the same prompt and mode.
func answerText(mode, prompt string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(prompt))
	return fmt.Sprintf("A %s answer (%016x).", mode, h.Sum64())
}
