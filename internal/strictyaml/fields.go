package strictyaml

import (
	"reflect"
	"regexp"
	"strings"
	"sync"
)

// Keys returns the valid keys of a struct, in the order of its fields.
func Keys(ofStruct any) []string { return fieldsOf(reflect.TypeOf(ofStruct)).keys }

// fields are the keys of a type of struct, and where the field of each is.
type fields struct {
	keys  []string
	index map[string][]int
}

// allFields keeps them by type: they are asked for at every mapping of every file.
var allFields sync.Map

func fieldsOf(t reflect.Type) fields {
	if known, ok := allFields.Load(t); ok {
		return known.(fields)
	}
	f := fields{index: map[string][]int{}}
	for i := range t.NumField() {
		tag := t.Field(i).Tag.Get("yaml")
		if tag == ",inline" {
			inner := fieldsOf(t.Field(i).Type)
			for _, key := range inner.keys {
				f.index[key] = append([]int{i}, inner.index[key]...)
			}
			f.keys = append(f.keys, inner.keys...)
		} else if tag != "" && tag != "-" {
			f.index[tag] = []int{i}
			f.keys = append(f.keys, tag)
		}
	}
	allFields.Store(t, f)
	return f
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
