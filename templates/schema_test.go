package templates

import (
	"encoding"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// A schema tells an editor what Load accepts: it must name the keys of the Go structs, no more and
// no fewer, with their types.
func TestSchemasMatchStructs(t *testing.T) {
	for file, of := range map[string]any{
		"schema/runbook-test.json":   runbookTestFile{},
		"schema/scaling-policy.json": policyFile{},
		"schema/runbook.json":        runbookFile{},
		"schema/config.json": struct {
			APIVersion    string `yaml:"apiVersion"`
			config.Config `yaml:",inline"`
		}{},
	} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			var root map[string]any
			require.NoError(t, json.Unmarshal(data, &root))
			require.Equal(t, "https://json-schema.org/draft/2020-12/schema", root["$schema"])
			same(t, "", root, root, reflect.TypeOf(of), map[string]bool{})
		})
	}
}

// same compares one schema with one type, and what lies in them. seen are the types behind a $ref that
// are compared already: a step holds steps.
func same(t *testing.T, at string, root, schema map[string]any, of reflect.Type, seen map[string]bool) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		name, found := schemaName(ref)
		require.True(t, found, "%s: $ref %s", at, ref)
		if seen[name+of.String()] {
			return
		}
		seen[name+of.String()] = true
		schema = root["$defs"].(map[string]any)[name].(map[string]any)
	}
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if fixed, ok := schema["const"]; ok {
		require.IsType(t, "", fixed, at)
		require.Equal(t, reflect.String, of.Kind(), at)
		return
	}
	switch kind := of.Kind(); {
	case of == reflect.TypeFor[strictyaml.Scalar]():
		require.Equal(t, []any{"string", "number", "boolean"}, schema["type"], at)
	case reflect.PointerTo(of).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()), kind == reflect.String:
		require.Equal(t, "string", schema["type"], at)
		require.True(t, schema["minLength"] != nil || schema["pattern"] != nil, "%s: accepts empty text", at)
	case kind == reflect.Int, kind == reflect.Int64:
		require.Equal(t, "integer", schema["type"], at)
	case kind == reflect.Float64:
		require.Equal(t, "number", schema["type"], at)
	case kind == reflect.Bool:
		require.Equal(t, "boolean", schema["type"], at)
	case kind == reflect.Slice && strings.HasPrefix(of.Name(), "Several["):
		either := schema["anyOf"].([]any)
		require.Len(t, either, 2, at)
		same(t, at, root, either[0].(map[string]any), of.Elem(), seen)
		same(t, at, root, either[1].(map[string]any), reflect.SliceOf(of.Elem()), seen)
	case kind == reflect.Slice:
		require.Equal(t, []any{"array", "null"}, schema["type"], at)
		same(t, at+"[]", root, schema["items"].(map[string]any), of.Elem(), seen)
	case kind == reflect.Map:
		require.Contains(t, schema["type"], "object", at)
		same(t, at+".*", root, schema["additionalProperties"].(map[string]any), of.Elem(), seen)
	case kind == reflect.Struct:
		require.Equal(t, "object", schema["type"], at)
		require.Equal(t, false, schema["additionalProperties"], at)
		properties := schema["properties"].(map[string]any)
		fields := fieldTypes(of)
		require.ElementsMatch(t, strictyaml.Keys(reflect.Zero(of).Interface()), slices.Collect(maps.Keys(properties)), "keys of %q", at)
		for key, property := range properties {
			same(t, at+"."+key, root, property.(map[string]any), fields[key], seen)
		}
		required, _ := schema["required"].([]any)
		for _, key := range required {
			require.Contains(t, properties, key, "required by %q", at)
		}
	default:
		require.Failf(t, "no rule", "%s is a %s", at, of)
	}
}

func schemaName(ref string) (string, bool) {
	const prefix = "#/$defs/"
	return ref[min(len(prefix), len(ref)):], len(ref) > len(prefix) && ref[:len(prefix)] == prefix
}

func fieldTypes(of reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for f := range of.Fields() {
		if f.Tag.Get("yaml") == ",inline" {
			maps.Copy(out, fieldTypes(f.Type))
		} else {
			out[f.Tag.Get("yaml")] = f.Type
		}
	}
	return out
}

// What a kind of step needs is said in two places.
func TestSchemaKnowsTheKindsOfSteps(t *testing.T) {
	data, err := os.ReadFile("schema/runbook.json")
	require.NoError(t, err)
	var root struct {
		Defs struct {
			Step struct {
				Properties struct{ Kind struct{ Pattern string } }
				AllOf      []struct {
					If struct {
						Properties struct{ Kind struct{ Const runbook.Kind } }
					}
					Then struct{ Required []string }
				}
			}
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(data, &root))
	pattern := regexp.MustCompile(root.Defs.Step.Properties.Kind.Pattern)
	for _, kind := range stepKinds {
		require.True(t, pattern.MatchString(string(kind)), kind)
	}
	rules := map[runbook.Kind][]string{}
	for _, rule := range root.Defs.Step.AllOf {
		rules[rule.If.Properties.Kind.Const] = rule.Then.Required
	}
	require.Equal(t, needs, rules)
}
