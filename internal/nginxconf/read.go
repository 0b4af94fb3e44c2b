// Package nginxconf reads from an nginx configuration where requests go: which folders of files it
// includes, to whom it passes requests, and which upstreams it has. It looks at http only; what is said
// in a variable it cannot follow.
package nginxconf

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// Config is what a configuration says of where requests go.
type Config struct {
	// Folders are those whose *.conf files are included where an upstream may stand.
	Folders []string
	// Passes are the addresses that requests are passed to, in order and each once.
	Passes []Pass
	// Upstreams are those that it has, by name.
	Upstreams map[string]Upstream
}

// Pass is an address that requests are passed to.
type Pass struct {
	// Host is the name of an upstream or of a host; empty where a variable decides.
	Host string
	// Port is 0 where none is given.
	Port int
}

// Upstream is a group of servers.
type Upstream struct {
	// File is the file that has it.
	File string
	// Servers are its members, as they are written, without those that are marked down.
	Servers []Pass
}

// File is a file of the configuration.
type File struct{ Path, Text string }

// maxDepth is far above what people nest, and ends an include of itself.
const maxDepth = 16

// Read reads the configuration whose main file is at an absolute path. files returns the files that an
// absolute pattern names, such as /etc/nginx/conf.d/*.conf, in order; none where there is none.
func Read(main string, files func(pattern string) []File) Config {
	r := reader{files: files, root: path.Dir(main), config: Config{Upstreams: map[string]Upstream{}}}
	for _, f := range files(main) {
		r.file(f, nil, 0)
	}
	return r.config
}

type reader struct {
	files  func(string) []File
	root   string
	config Config
}

// file reads one file that is included inside the blocks of outer. A block does not reach over the end of
// a file.
func (r *reader) file(f File, outer []string, depth int) {
	blocks := slices.Clone(outer)
	for _, d := range directives(f.Text) {
		switch {
		case d.end == '}':
			blocks = blocks[:max(len(blocks)-1, len(outer))]
		case d.end == '{':
			blocks = append(blocks, d.words[0])
			if d.words[0] == "upstream" && len(d.words) > 1 {
				blocks[len(blocks)-1] = "upstream " + d.words[1]
				r.config.Upstreams[d.words[1]] = Upstream{File: f.Path}
			}
		case len(d.words) > 1:
			r.simple(d.words, blocks, depth)
		}
	}
}

func (r *reader) simple(words, blocks []string, depth int) {
	switch name, value := words[0], words[1]; name {
	case "include":
		r.include(value, blocks, depth)
	case "server":
		if upstream, ok := strings.CutPrefix(last(blocks), "upstream "); ok && !slices.Contains(words[2:], "down") {
			u := r.config.Upstreams[upstream]
			u.Servers = append(u.Servers, address(value))
			r.config.Upstreams[upstream] = u
		}
	case "proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass":
		if pass := address(value); slices.Contains(blocks, "http") && !slices.Contains(r.config.Passes, pass) {
			r.config.Passes = append(r.config.Passes, pass)
		}
	}
}

func (r *reader) include(pattern string, blocks []string, depth int) {
	if !path.IsAbs(pattern) {
		pattern = path.Join(r.root, pattern)
	}
	folder, base := path.Split(path.Clean(pattern))
	folder = path.Clean(folder)
	if slices.Equal(blocks, []string{"http"}) && (base == "*.conf" || base == "*") && !slices.Contains(r.config.Folders, folder) {
		r.config.Folders = append(r.config.Folders, folder)
	}
	if depth == maxDepth {
		return
	}
	for _, f := range r.files(path.Clean(pattern)) {
		r.file(f, blocks, depth+1)
	}
}

func last(blocks []string) string {
	if len(blocks) == 0 {
		return ""
	}
	return blocks[len(blocks)-1]
}

// address takes "http://web:80/path", "grpc://web", "web:9000" and "unix:/run/x.sock" apart.
func address(text string) Pass {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		text = rest
	}
	text, _, _ = strings.Cut(text, "/")
	if strings.Contains(text, "$") {
		return Pass{}
	}
	i := strings.LastIndex(text, ":")
	if i < 0 || strings.HasSuffix(text, "]") {
		return Pass{Host: text}
	}
	port, err := strconv.Atoi(text[i+1:])
	if err != nil {
		return Pass{Host: text}
	}
	return Pass{Host: text[:i], Port: port}
}
