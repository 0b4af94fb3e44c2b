package templates

import (
	"encoding"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// A schema tells an editor what Load accepts: it must name the keys of the Go structs, no more and
// no fewer, with their types.
func TestSchemasMatchStructs(t *testing.T) {
	for file, of := range map[string]any{
		"schema/scaling-policy.json": policyFile{},
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
			same(t, "", root, root, reflect.TypeOf(of))
		})
	}
}

// same compares one schema with one type, and what lies in them.
func same(t *testing.T, at string, root, schema map[string]any, of reflect.Type) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		name, found := schemaName(ref)
		require.True(t, found, "%s: $ref %s", at, ref)
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
	case reflect.PointerTo(of).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()), kind == reflect.String:
		require.Equal(t, "string", schema["type"], at)
		require.True(t, schema["minLength"] != nil || schema["pattern"] != nil, "%s: accepts empty text", at)
	case kind == reflect.Int, kind == reflect.Int64:
		require.Equal(t, "integer", schema["type"], at)
	case kind == reflect.Float64:
		require.Equal(t, "number", schema["type"], at)
	case kind == reflect.Bool:
		require.Equal(t, "boolean", schema["type"], at)
	case kind == reflect.Slice:
		require.Equal(t, []any{"array", "null"}, schema["type"], at)
		same(t, at+"[]", root, schema["items"].(map[string]any), of.Elem())
	case kind == reflect.Map:
		require.Contains(t, schema["type"], "object", at)
		same(t, at+".*", root, schema["additionalProperties"].(map[string]any), of.Elem())
	case kind == reflect.Struct:
		require.Equal(t, "object", schema["type"], at)
		require.Equal(t, false, schema["additionalProperties"], at)
		properties := schema["properties"].(map[string]any)
		fields := fieldTypes(of)
		require.ElementsMatch(t, strictyaml.Keys(reflect.Zero(of).Interface()), slices.Collect(maps.Keys(properties)), "keys of %q", at)
		for key, property := range properties {
			same(t, at+"."+key, root, property.(map[string]any), fields[key])
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
