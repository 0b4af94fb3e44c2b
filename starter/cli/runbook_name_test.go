package cli

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/workflows"
)

func TestNameAndKey(t *testing.T) {
	for id, want := range map[string][2]string{
		"runbook/gpu1/shop/llm/llama3_8b": {"llm", "llama3_8b"},
		"runbook/gpu1/shop/llm/a/b":       {"llm", "a/b"},
		"runbook/gpu1/-/free_vram":        {"free_vram", ""},
		"service/gpu1/shop":               {"", ""},
	} {
		name, key := nameAndKey(id)
		require.Equal(t, want, [2]string{name, key}, id)
	}
}

func TestWhere(t *testing.T) {
	require.Equal(t, "gpu1/shop", where("gpu1", "shop"))
	require.Equal(t, "gpu1", where("gpu1", ""))
	require.Equal(t, "gpu1", where("gpu1", "-"))
}

// A run is named from one of its parts on. At work goes before ended, and what fits several is refused.
func TestFindRun(t *testing.T) {
	h := &house{
		atWork: map[string]workflows.RunbookStatus{
			"runbook/gpu1/shop/llm/llama3_8b": {}, "runbook/gpu1/bank/llm/qwen": {}, "runbook/gpu1/shop/llm/qwen": {}, "runbook/gpu1/-/free_vram": {},
			"runbook/gpu1/shop/cache/llm/x": {}, "runbook/gpu2/shop/handover": {},
		},
		closed: []string{"runbook/gpu1/shop/database/main", "runbook/gpu2/shop/database/main", "runbook/gpu1/shop/old", "runbook/gpu2/shop/llm/llama3_8b", "runbook/gpu1/shop/old"},
	}
	for name, c := range map[string]struct{ want, class, says string }{
		"llm/llama3_8b":           {want: "runbook/gpu1/shop/llm/llama3_8b"},
		"shop/llm/llama3_8b":      {want: "runbook/gpu1/shop/llm/llama3_8b"},
		"gpu1/shop/llm/llama3_8b": {want: "runbook/gpu1/shop/llm/llama3_8b"},
		"gpu2/shop/llm/llama3_8b": {want: "runbook/gpu2/shop/llm/llama3_8b"},
		"bank/llm/qwen":           {want: "runbook/gpu1/bank/llm/qwen"},
		"free_vram":               {want: "runbook/gpu1/-/free_vram"},
		"handover/":               {want: "runbook/gpu2/shop/handover"},
		" handover ":              {want: "runbook/gpu2/shop/handover"},
		"old":                     {want: "runbook/gpu1/shop/old"}, // it has run twice
		"runbook/not/asked/for":   {want: "runbook/not/asked/for"},
		"llm/qwen": {
			class: activities.InvalidInput, says: "llm/qwen: it may be any of runbook/gpu1/bank/llm/qwen, runbook/gpu1/shop/llm/qwen; write the whole id",
		},
		"database/main":   {class: activities.InvalidInput, says: "it may be any of runbook/gpu1/shop/database/main, runbook/gpu2/shop/database/main"},
		"llama3_8b":       {class: activities.PreconditionFailed, says: "no run has the name llama3_8b; at work with more in its name: gpu1/shop/llm/llama3_8b"}, // a key alone names nothing
		"llm/x":           {class: activities.PreconditionFailed, says: "no run has the name llm/x"},
		"llm/lama3_8b":    {class: activities.PreconditionFailed, says: "no run has the name llm/lama3_8b; see starter runbook status"},
		"cache":           {class: activities.PreconditionFailed, says: "no run has the name cache; at work with more in its name: gpu1/shop/cache/llm/x"},
		"nothing/like it": {class: activities.PreconditionFailed, says: "no run has the name \"nothing/like it\"; see starter runbook status"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := findRun(t.Context(), h.connection(), name)
			if c.says != "" {
				f := failureOf(t, err)
				require.Equal(t, c.class, f.class)
				_, _, errs := says(t, "text", func(*starter) error { return err })
				require.Contains(t, errs, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// A run is found, and one that fits several refused, among however many.
func TestFindRunAmongMany(t *testing.T) {
	h := &house{atWork: map[string]workflows.RunbookStatus{}}
	for i := range 2*listPage + 1 {
		h.atWork[fmt.Sprintf("runbook/gpu1/shop/llm/%04d", i)] = workflows.RunbookStatus{}
	}
	h.atWork["runbook/gpu2/shop/llm/0001"] = workflows.RunbookStatus{}
	id, err := findRun(t.Context(), h.connection(), "llm/2000")
	require.NoError(t, err)
	require.Equal(t, "runbook/gpu1/shop/llm/2000", id)
	_, err = findRun(t.Context(), h.connection(), "llm/0001")
	require.ErrorContains(t, err, "it may be any of runbook/gpu1/shop/llm/0001, runbook/gpu2/shop/llm/0001")
}
