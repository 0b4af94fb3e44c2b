package compose

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAsks(t *testing.T) {
	environment := map[string]*string{"PORT": new("9000"), "EMPTY": new(""), "SECRET": new("hunter2"), "PASSED": nil}
	for script, want := range map[string]struct {
		port int
		path string
	}{
		"curl -f http://localhost:${PORT}/health || exit 1":                                 {9000, "/health"},
		"curl -f http://localhost:$PORT/health":                                             {9000, "/health"},
		`wget -qO- "http://localhost:${EMPTY:-8081}/"`:                                      {8081, "/"},
		"curl -f http://localhost:${IMAGES_OWN:-8080}/":                                     {},
		"curl -f http://localhost:${PASSED}/":                                               {},
		"curl -f http://localhost:${SECRET}/":                                               {},
		"curl -f http://localhost:8080/$SECRET":                                             {8080, ""},
		"curl -f http://localhost:$((8000+80))/":                                            {},
		"curl -f http://localhost:8080/health#top":                                          {8080, "/health"},
		"curl -f http://localhost:8080?x=1":                                                 {8080, "/?x=1"},
		"curl -f 'http://localhost:8080/a?x=1&y=2' > /dev/null 2>&1":                        {8080, "/a?x=1&y=2"},
		"curl -sf localhost:8080/live | grep ok":                                            {8080, "/live"},
		"curl -XPOST -f http://localhost:8080/rpc":                                          {8080, ""},
		"curl -f --request POST http://localhost:8080/rpc":                                  {8080, ""},
		"curl -f --request=GET http://localhost:8080/rpc":                                   {8080, "/rpc"},
		"curl -sfd '{}' http://localhost:8080/rpc":                                          {8080, ""},
		"curl -f --data-raw '{}' http://localhost:8080/rpc":                                 {8080, ""},
		"curl -f -H 'Authorization: x' http://localhost:8080/rpc":                           {8080, ""},
		"wget -q --post-data='' -O- http://localhost:8080/rpc":                              {8080, ""},
		"wget -q --spider http://localhost:8080/up || exit 1":                               {8080, "/up"},
		"curl -s -o /dev/null -w '%{http_code}' http://localhost:8080/v2/ | grep 401":       {8080, ""},
		"curl -s -o /dev/null -w '%{http_code}' http://localhost:8080/v2/ | grep -q '^200'": {8080, "/v2/"},
		"curl -sI http://localhost:8080/v2/ | grep 200":                                     {8080, ""},
		"curl -sfI http://localhost:8080/v2/":                                               {8080, "/v2/"},
		"! curl -f http://localhost:8080/":                                                  {},
		"curl -s http://localhost:8080/":                                                    {8080, ""},
		"curl -f http://localhost:8080/ || true":                                            {8080, ""},
		"curl -f http://localhost:8080/a || curl -f http://localhost:8080/b":                {8080, ""},
		"curl -f http://localhost:8080/a; exit 0":                                           {8080, ""},
		`[ "$(curl -s -o /dev/null -w '%{http_code}' http://localhost:8080/x)" = 401 ]`:     {8080, ""},
		"python -c \"import requests; requests.post('http://localhost:8080/x')\"":           {8080, ""},
		"/app check --url=http://127.0.0.1:8080/x":                                          {8080, "/x"},
		"nc -z localhost:5432":                                                              {},
		"curl -f https://localhost/":                                                        {},
		"test -f /tmp/up && curl -f http://localhost:8080/up":                               {8080, "/up"},
		"curl -f http://database:8080/up":                                                   {},
	} {
		port, path := Asks([]string{"CMD-SHELL", script}, environment)
		require.Equal(t, want.port, port, script)
		require.Equal(t, want.path, path, script)
		port, path = Asks([]string{"CMD", "/bin/sh", "-c", script}, environment)
		require.Equal(t, want.port, port, script)
		require.Equal(t, want.path, path, script)
	}
	// Without a shell nobody resolves a variable.
	port, _ := Asks([]string{"CMD", "curl", "-f", "http://localhost:$PORT/"}, environment)
	require.Zero(t, port)
	port, path := Asks([]string{"NONE"}, nil)
	require.Zero(t, port)
	require.Empty(t, path)
}

// An escaped variable is one of the container: the service's own value counts.
func TestHealthCheckOfVariable(t *testing.T) {
	got := one(t, `environment: {PORT: "9000"}, healthcheck: {test: "curl -f http://localhost:$${PORT}/ready"}`, "")
	require.Equal(t, 9000, got.HealthPort)
	require.Equal(t, "/ready", got.HealthPath)
}
