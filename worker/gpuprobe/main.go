//go:build linux && cgo

// Command gpuprobe is the only process that loads NVML. It answers questions, one JSON line each, on
// its standard streams. It may hang in the driver or die of it: whoever started it ends it and starts
// another.
package main

import (
	"fmt"
	"os"
)

func main() {
	out, err := claimStdout()
	if err == nil {
		err = serve(os.Stdin, out, &driver{path: os.Getenv("EVENKEEL_NVML_LIBRARY")})
	}
	// Leaving never waits for a call that hangs, and never shuts NVML down under one.
	if err != nil {
		fmt.Fprintln(os.Stderr, "gpuprobe:", err)
		os.Exit(1)
	}
}
