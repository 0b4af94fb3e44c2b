package strictyaml

import (
	"reflect"
	"regexp"
	"strings"
)

// Keys returns the valid keys of a struct, in the order of its fields.
func Keys(ofStruct any) []string {
	_, keys := fieldsOf(reflect.New(reflect.TypeOf(ofStruct)).Elem())
	return keys
}

func fieldsOf(v reflect.Value) (map[string]reflect.Value, []string) {
	fields, keys := map[string]reflect.Value{}, []string(nil)
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag.Get("yaml")
		if tag == ",inline" {
			inner, more := fieldsOf(v.Field(i))
			for _, key := range more {
				fields[key] = inner[key]
			}
			keys = append(keys, more...)
		} else if tag != "" && tag != "-" {
			fields[tag] = v.Field(i)
			keys = append(keys, tag)
		}
	}
	return fields, keys
}

var name = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// NameRule says in a message what IsName accepts.
const NameRule = "a name has lower-case letters, digits, '.', '_' and '-' and begins with a letter or digit"

// IsName says whether s can name a host, project, service or definition.
func IsName(s string) bool { return len(s) <= maxKey && name.MatchString(s) }

// Nearest returns the one of names that is spelled most like name; false when none is near.
func Nearest(name string, names []string) (string, bool) {
	if len(name) > maxKey {
		return "", false
	}
	best, least := "", max(1, len(name)/3)+1
	for _, n := range names {
		if dist := distance(strings.ToLower(name), strings.ToLower(n)); dist < least {
			best, least = n, dist
		}
	}
	return best, best != ""
}

// distance counts the letters to insert, delete, replace or swap with the next to make b of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	d := make([][]int, len(x)+1)
	for i := range d {
		d[i] = make([]int, len(y)+1)
		for j := range d[i] {
			if i == 0 || j == 0 {
				d[i][j] = i + j
				continue
			}
			replace := d[i-1][j-1]
			if x[i-1] != y[j-1] {
				replace++
			}
			d[i][j] = min(replace, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(x)][len(y)]
}
