package nginxconf

import (
	"path"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree returns files by pattern from a map of them.
func tree(texts map[string]string) func(string) []File {
	return func(pattern string) []File {
		var out []File
		for name, text := range texts {
			if ok, _ := path.Match(pattern, name); ok {
				out = append(out, File{Path: name, Text: text})
			}
		}
		slices.SortFunc(out, func(a, b File) int { return slices.Compare([]string{a.Path}, []string{b.Path}) })
		return out
	}
}

func TestRead(t *testing.T) {
	got := Read("/etc/nginx/nginx.conf", tree(map[string]string{
		"/etc/nginx/nginx.conf": `
			worker_processes auto; # include /etc/no/*.conf;
			events { worker_connections 1024; }
			stream { include /etc/nginx/stream/*.conf; server { proxy_pass tcp:1; } }
			http {
				include mime.types;
				include 'evenkeel/*.conf';
				include /etc/nginx/conf.d/*.conf;
				upstream own { server api:9000 weight=2; server 10.0.0.1:80; keepalive 8; }
				log_format main '$remote_addr "{ $request; }"';
				server {
					include /etc/nginx/locations/*.conf;
					location = "/a;b" { proxy_pass http://own; }
					location / { proxy_pass http://web; proxy_set_header Host ${host}x; }
				}
			}`,
		"/etc/nginx/evenkeel/web.conf":   "# mine\nupstream web {\n  server 10.0.0.3:8000 max_fails=0;\n  server 127.0.0.1:9 down;\n}\n",
		"/etc/nginx/conf.d/default.conf": "server { listen 80; location / { proxy_pass https://ui:8443/x/; }\n location /v { set $b web; proxy_pass http://$b; } }",
		"/etc/nginx/locations/php.conf":  "location ~ \\.php$ { fastcgi_pass php:9000; }\nlocation /s { fastcgi_pass unix:/run/php.sock; } location /g { grpc_pass grpc://g; } location /w { proxy_pass http://web; }",
	}))
	require.Equal(t, Config{
		Folders: []string{"/etc/nginx/evenkeel", "/etc/nginx/conf.d"},
		Passes:  []Pass{{"ui", 8443}, {}, {"php", 9000}, {"unix:", 0}, {"g", 0}, {"web", 0}, {"own", 0}},
		Upstreams: map[string]Upstream{
			"own": {File: "/etc/nginx/nginx.conf", Servers: []Pass{{"api", 9000}, {"10.0.0.1", 80}}},
			"web": {File: "/etc/nginx/evenkeel/web.conf", Servers: []Pass{{"10.0.0.3", 8000}}},
		},
	}, got)
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]Pass{
		"http://web": {"web", 0}, "http://web:80": {"web", 80}, "web:80": {"web", 80}, "http://[::1]:8": {"[::1]", 8}, "http://[::1]": {"[::1]", 0},
		"http://web/$uri": {"web", 0}, "http://$x/": {}, "http://web:$p": {}, "": {}, "http://unix:/x:/y": {"unix:", 0},
	} {
		require.Equal(t, want, address(text), text)
	}
}

// Whatever lies there, reading ends.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"http { include *.conf; }", "include /a/*;", "}}}{{{", "a 'b", "a \"\\", "upstream", "upstream {", "server", "${", "\\"} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		calls := 0
		Read("/a/x.conf", func(string) []File {
			if calls++; calls > 1000 {
				return nil
			}
			return []File{{"/a/x.conf", text}}
		})
	})
}
