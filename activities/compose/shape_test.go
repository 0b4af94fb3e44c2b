package compose

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

func TestShape(t *testing.T) {
	t.Setenv("PASSWORD", "correct-horse")
	p := project(t, map[string]string{
		"compose.yaml": `
services:
  a:
    image: x:1
    command: [a, b]
    entrypoint: [/e]
    user: "1:2"
    working_dir: /w
    environment: {PASSWORD: "${PASSWORD}", EMPTY: "", NOT_SET_ANYWHERE: }
    labels: {l: v, com.docker.compose.own: x}
    ports: ["127.0.0.1:80:8080", "[::1]:81:8080", "53:53/udp", "90"]
    volumes: ["data:/d", "./b:/b:ro", "/anonymous", {type: tmpfs, target: /t/}]
    tmpfs: ["/tmp:size=1m"]
    configs: [f, {source: c, target: /c}]
    healthcheck: {test: [CMD, /h]}
    restart: on-failure:3
    networks: [n, default]
    deploy: {resources: {limits: {cpus: "0.1", memory: 1g}}}
  b: {build: ., network_mode: "service:a", deploy: {restart_policy: {condition: any}, resources: {limits: {memory: 2m}}}, healthcheck: {disable: true}}
  c: {image: x, network_mode: host, restart: "no", cpus: 0.5}
volumes: {data: {name: real}}
networks: {n: {}}
configs: {f: {file: f.txt}, c: {content: x}}
`,
	})
	dir := p.options.Directory
	got, err := p.Shape(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, scaling.Shape{
		"image": scaling.Digest("x:1"), "command": scaling.Digest("a", "b"), "entrypoint": scaling.Digest("/e"),
		"user": scaling.Digest("1:2"), "working_dir": scaling.Digest("/w"),
		"environment PASSWORD": scaling.Digest("correct-horse"), "environment EMPTY": scaling.Digest(""), "label l": scaling.Digest("v"),
		"port 8080/tcp": scaling.ShapeBindings([]string{"::1:81", "127.0.0.1:80"}), "port 53/udp": scaling.ShapeBindings([]string{":53"}),
		"port 90/tcp": scaling.ShapeBindings([]string{":"}),
		"mount /d":    scaling.ShapeMounted("volume", "real", false), "mount /b": scaling.ShapeMounted("bind", dir+"/b", true),
		"mount /anonymous": scaling.ShapeMounted("volume", "", false), "mount /t": scaling.ShapeMounted("tmpfs", "", false),
		"mount /tmp": scaling.ShapeMounted("tmpfs", "", false), "mount /f": scaling.ShapeMounted("bind", dir+"/f.txt", true),
		"healthcheck": scaling.Digest("CMD", "/h"), "restart": scaling.ShapeRestartPolicy("on-failure", 3),
		"network p_n": scaling.Digest(), "network p_default": scaling.Digest(),
		"memory limit": scaling.Digest("1073741824"), "cpu limit": scaling.ShapeCPUs(100_000_000),
	}, got)
	got, err = p.Shape(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, scaling.Shape{
		"image": scaling.Digest("p-b"), "network_mode": scaling.Digest("container"), "restart": scaling.ShapeRestartPolicy("always", 0),
		"memory limit": scaling.Digest("2097152"), "healthcheck": scaling.Digest("NONE"),
	}, got)
	got, err = p.Shape(t.Context(), "c")
	require.NoError(t, err)
	require.Equal(t, scaling.Shape{
		"image": scaling.Digest("x"), "network_mode": scaling.Digest("host"), "cpu limit": scaling.ShapeCPUs(500_000_000),
	}, got)
}
