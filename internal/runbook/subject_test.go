package runbook

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Two runs have one subject only when they are about the same thing.
func TestSubject(t *testing.T) {
	for want, c := range map[string][4]string{
		"runbook/gpu-1/shop/llm/llama3_8b": {"gpu-1", "shop", "llm", "llama3_8b"},
		"runbook/gpu-2/shop/llm/llama3_8b": {"gpu-2", "shop", "llm", "llama3_8b"},
		"runbook/gpu-1/bank/llm/llama3_8b": {"gpu-1", "bank", "llm", "llama3_8b"},
		"runbook/gpu-1/shop/llm":           {"gpu-1", "shop", "llm", ""},
		"runbook/gpu-1/-/free_vram":        {"gpu-1", "", "free_vram", ""},
		"runbook/gpu-1/-/free_vram/a/b":    {"gpu-1", "", "free_vram", "a/b"},
	} {
		require.Equal(t, want, Subject(c[0], c[1], c[2], c[3]))
		require.Equal(t, want, Run{Host: c[0], Project: c[1], Name: c[2]}.Subject(c[3]))
	}
}
