//go:build e2e

package cli

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
	"github.com/evenkeel/evenkeel/internal/config"
)

// site is a folder with the files of a Compose project, which is taken down when the test ends.
type site struct {
	t         *testing.T
	name, dir string
	args      []string
}

// newSite writes files, in which SITE, APP and NGINX stand for the project's name and the images. args are what
// a person gives `docker compose` beside the command.
func newSite(t *testing.T, files map[string]string, args ...string) *site {
	s := &site{t: t, name: dockertest.Name("evkinit"), dir: t.TempDir(), args: args}
	words := strings.NewReplacer("SITE", s.name, "APP", dockertest.App(t), "NGINX", nginxImage(t))
	for name, text := range files {
		file := filepath.Join(s.dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(words.Replace(text)), 0o644))
	}
	t.Cleanup(func() { s.compose("down", "--volumes", "--timeout", "1") })
	return s
}

func (s *site) compose(args ...string) {
	command := append(append(dockertest.Compose(), s.args...), args...)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	require.NoError(s.t, err, "%s: %s", strings.Join(args, " "), out)
}

// init runs starter init in a folder and returns what it says and what the new file means.
func (s *site) init(folder string, args ...string) (string, config.Project) {
	s.t.Chdir(folder)
	var out, faults bytes.Buffer
	file := filepath.Join(s.t.TempDir(), "evenkeel.yaml")
	code := Execute(s.t.Context(), Streams{Out: &out, Err: &faults}, append([]string{"init", "--config", file}, args...))
	require.Equal(s.t, exitDone, code, faults.String())
	c, err := config.Load(file)
	require.NoError(s.t, err)
	text, err := os.ReadFile(file)
	require.NoError(s.t, err)
	s.t.Log(out.String() + string(text[:bytes.Index(text, []byte("# The models"))]))
	_, host, err := c.Host("")
	require.NoError(s.t, err)
	require.Equal(s.t, []string{s.name}, host.Names())
	return out.String(), host.Projects[s.name]
}

// doctorOf looks at the project with a configuration.
func (s *site) doctorOf(p config.Project) *projectDoctor {
	d := &doctor{engine: newEngine(), config: &config.Config{}, host: config.Host{Projects: map[string]config.Project{s.name: p}}}
	return d.projects(s.t.Context())[0]
}

// nginxImage makes an image of this host's nginx and what it needs to start.
func nginxImage(t *testing.T) string {
	bin, err := exec.LookPath("nginx")
	if err != nil {
		bin = "/usr/sbin/nginx"
	}
	libraries, err := exec.Command("ldd", bin).Output()
	require.NoError(t, err, "nginx must be installed")
	files := map[string]string{"usr/sbin/nginx": bin}
	for _, library := range regexp.MustCompile(`/[^ )]+`).FindAllString(string(libraries), -1) {
		files[strings.TrimPrefix(library, "/")] = library
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"etc/passwd": "root:x:0:0::/:/\n", "etc/group": "root:x:0:\n", "tmp/x": "", "var/log/nginx/x": "", "var/lib/nginx/x": "", "run/x": ""} {
		files[name] = filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		require.NoError(t, os.WriteFile(files[name], []byte(text), 0o600))
	}
	return dockertest.Image(t, files, `ENTRYPOINT ["/usr/sbin/nginx", "-g", "daemon off; user root; error_log stderr;"]`, "EXPOSE 80")
}

const nginxConf = `events {}
http {
    access_log off;
    include /etc/nginx/evenkeel/*.conf;
    server { listen 80; location / { proxy_pass http://web; } }
}
`

// A site on two networks, whose router is on one of them: the first upstream file has the address there, and nginx
// takes it.
func TestInitTwoNetworks(t *testing.T) {
	s := newSite(t, map[string]string{
		"compose.yaml": `name: SITE
services:
  web: {image: "APP", expose: ["8080", "9999"], networks: [frontend, backend], stop_grace_period: 1s}
  db: {image: "APP", networks: [backend], container_name: SITE-the-db, stop_grace_period: 1s}
  nginx:
    image: "NGINX"
    networks: [frontend]
    stop_grace_period: 1s
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro", "./upstreams:/etc/nginx/evenkeel:ro"]
networks: {frontend: , backend: }
`,
		"nginx.conf": nginxConf, "upstreams/.keep": "",
	})
	s.compose("up", "-d")
	said, p := s.init(s.dir)
	require.Equal(t, config.Project{
		Directory: s.dir,
		Services:  map[string]config.Service{"web": {Port: 8080, Upstream: "web"}},
		Nginx:     &config.Nginx{Service: "nginx", Upstreams: filepath.Join(s.dir, "upstreams")},
		SwitchedOff: map[string]string{
			"db": "container_name " + s.name + "-the-db, which one container only can have", "nginx": "it is the router",
		},
	}, p)
	file := filepath.Join(s.dir, "upstreams", "web.conf")
	require.Contains(t, said, "  can be scaled: web\n  cannot: db, nginx; the file says why\n  router: nginx\n  wrote "+file+" with 1 replica; an nginx that runs reads it")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "# Managed by evenkeel"))
	address := regexp.MustCompile(`server (\S+) max_fails=0;`).FindStringSubmatch(string(text))
	require.NotNil(t, address, string(text))
	require.Contains(t, s.networkOf("frontend"), netip.MustParseAddrPort(address[1]).Addr().String())
	s.compose("restart", "nginx")
	require.Eventually(t, func() bool {
		return exec.Command("docker", "exec", s.name+"-nginx-1", "/usr/sbin/nginx", "-t", "-g", "user root; error_log stderr;").Run() == nil
	}, 20*time.Second, 100*time.Millisecond)

	d := s.doctorOf(p)
	require.Equal(t, statusOK, d.composeProject(t.Context()).Status, d.composeProject(t.Context()))
	require.Contains(t, d.composeProject(t.Context()).Detail, "file compose.yaml (found in "+s.dir+"); running containers 3, services 3, all made from that")
	require.Contains(t, d.nginxUpstreams(t.Context()).Detail, "which nginx includes as /etc/nginx/evenkeel/*.conf")
	require.Equal(t, well("nginx shares a network with web"), d.nginxNetworks(t.Context()))
	require.Equal(t, "services without limits: db, nginx, web", d.limits(t.Context()).Detail)
	require.Equal(t, statusOK, d.nginxMembers(t.Context()).Status, d.nginxMembers(t.Context()))

	// An address that nobody has any more is said by both, and the file is left as it is.
	old := strings.ReplaceAll(string(text), address[1], "192.0.2.7:8080")
	require.NoError(t, os.WriteFile(file, []byte(old), 0o644))
	require.Equal(t, file+" names 192.0.2.7:8080, which no replica has where the router looks; no upstream file sends requests to "+s.name+"-web-1",
		s.doctorOf(p).nginxMembers(t.Context()).Detail)
	said, _ = s.init(s.dir)
	require.Contains(t, said, "  "+file+" names 192.0.2.7:8080, which no replica has where the router looks; ")

	// A configuration that nginx would not take is found before anything is reloaded.
	require.NoError(t, os.WriteFile(file, []byte("upstream web {"), 0o644))
	require.Equal(t, statusMissing, s.doctorOf(p).nginx(t.Context()).Status)
	require.Contains(t, s.doctorOf(p).nginx(t.Context()).Detail, "unexpected end of file")

	p.Services["db"] = config.Service{Port: 8080, Upstream: "db"}
	require.Equal(t, statusMissing, s.doctorOf(p).nginxNetworks(t.Context()).Status, "the router does not reach it")
	p.Nginx.Upstreams = t.TempDir()
	require.Equal(t, p.Nginx.Upstreams+" is not mounted in nginx", s.doctorOf(p).nginxUpstreams(t.Context()).Detail)
}

// networkOf lists the addresses on one of the project's networks.
func (s *site) networkOf(name string) string {
	out, err := exec.Command("docker", "network", "inspect", s.name+"_"+name, "--format", "{{range .Containers}}{{.IPv4Address}} {{end}}").Output()
	require.NoError(s.t, err)
	return strings.ReplaceAll(string(out), "/", " ")
}

// An nginx that cannot start without its upstream starts after init.
func TestInitLetsNginxStart(t *testing.T) {
	s := newSite(t, map[string]string{
		"compose.yaml": `name: SITE
services:
  web: {image: "APP", expose: ["8080"], healthcheck: {test: ["CMD", "curl", "-f", "http://127.0.0.1:8080/ready"]}, restart: always}
  nginx: {image: "NGINX", restart: "no", volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro", "./up:/etc/nginx/evenkeel:ro"]}
`,
		"nginx.conf": strings.ReplaceAll(nginxConf, "http://web", "http://web_backend"), "up/.keep": "",
	})
	s.compose("create")
	said, p := s.init(s.dir)
	require.Equal(t, config.Service{Port: 8080, Ready: "/ready", Upstream: "web_backend"}, p.Services["web"])
	require.Contains(t, said, filepath.Join(s.dir, "up", "web_backend.conf")+" without a member")
	s.compose("up", "-d")
	require.Eventually(t, func() bool { return s.doctorOf(p).nginx(t.Context()).Status == statusOK }, 20*time.Second, 100*time.Millisecond)
	time.Sleep(time.Second) // one that cannot read its configuration is gone by now
	require.Equal(t, statusOK, s.doctorOf(p).nginx(t.Context()).Status)
}

// Where the router reaches no replica, no file is written that would take a site away.
func TestInitApart(t *testing.T) {
	s := newSite(t, map[string]string{
		"compose.yaml": `name: SITE
services:
  web: {image: "APP", networks: [backend], stop_grace_period: 1s}
  nginx: {image: "NGINX", networks: [frontend], volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro", "./up:/etc/nginx/evenkeel:ro"]}
networks: {frontend: , backend: }
`,
		"nginx.conf": nginxConf, "up/.keep": "",
	})
	s.compose("up", "-d", "web")
	file := filepath.Join(s.dir, "up", "web.conf")
	s.compose("create")
	said, _ := s.init(s.dir)
	require.Contains(t, said, "  did not write "+file+": nginx shares no network with all replicas of web\n")
	require.NoFileExists(t, file)
}

// Override files, COMPOSE_FILE and the name in .env, include: Compose's own search in the folder is enough.
func TestInitByDiscovery(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"override": {
			"compose.yaml": "name: SITE\nservices: {web: {image: APP}}\n", "compose.override.yaml": "services: {web: {environment: {A: b}}}\n",
		},
		"env": {
			"a.yaml": "services: {web: {image: APP}}\n", "b.yaml": "services: {web: {environment: {A: \"${X}\"}}}\n",
			".env": "COMPOSE_FILE=a.yaml:b.yaml\nCOMPOSE_PROJECT_NAME=SITE\nX=y\n",
		},
		"include": {
			"compose.yaml": "name: SITE\ninclude: [sub/web.yaml]\n", "sub/web.yaml": "services: {web: {image: APP, env_file: web.env}}\n", "sub/web.env": "A=b\n",
		},
		"files and hooks": {
			"compose.yaml": "name: SITE\nservices: {web: {image: APP, configs: [c], secrets: [s], post_start: [{command: [/app, health]}]}}\nconfigs: {c: {content: port=1}}\nsecrets: {s: {environment: MY_TOKEN}}\n",
			".env":         "MY_TOKEN=very-secret-token\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, files)
			s.compose("create")
			said, p := s.init(s.dir)
			require.Equal(t, config.Project{Directory: s.dir, Services: map[string]config.Service{"web": {Port: 8080}}}, p)
			require.NotContains(t, said, "not as the files say")
			require.Equal(t, statusNote, s.doctorOf(p).composeProject(t.Context()).Status)
		})
	}
}

// Several -f and an env file that are written nowhere: they are taken from the containers, and the hashes say so.
func TestInitByContainers(t *testing.T) {
	s := newSite(t, map[string]string{
		"compose.yaml": "name: SITE\nservices: {web: {image: APP}}\n", "prod.yaml": "services: {web: {environment: {A: \"${LEVEL}\"}}}\n", "prod.env": "LEVEL=high\n",
	}, "-f", "compose.yaml", "-f", "prod.yaml", "--env-file", "prod.env")
	s.compose("up", "-d")
	said, p := s.init(s.dir)
	require.Equal(t, config.Project{
		Directory: s.dir, Files: []string{"compose.yaml", "prod.yaml"}, EnvFiles: []string{"prod.env"}, Services: map[string]config.Service{"web": {Port: 8080}},
	}, p)
	require.Contains(t, said, "(with compose.yaml prod.yaml prod.env, as its newest container was made)")
	require.Equal(t, statusOK, s.doctorOf(p).composeProject(t.Context()).Status)

	// From elsewhere it is found by its name; after an edit it is said what does not fit.
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "prod.env"), []byte("LEVEL=low\n"), 0o600))
	said, p = s.init(t.TempDir(), "--project", s.name)
	require.Equal(t, s.dir, p.Directory)
	require.Equal(t, []string{"compose.yaml", "prod.yaml"}, p.Files, "where nothing fits, the containers' own word counts")
	require.Equal(t, []string{"prod.env"}, p.EnvFiles)
	require.Contains(t, said, "  not as the files say now: web; see starter doctor\n")
	require.Equal(t, statusNote, s.doctorOf(p).composeProject(t.Context()).Status)
	require.Contains(t, s.doctorOf(p).composeProject(t.Context()).Detail, "made from something else than that: web")
}

// A folder whose containers have two project names is refused, by init and by the doctor.
func TestInitTwoNames(t *testing.T) {
	s := newSite(t, map[string]string{"compose.yaml": "name: SITE\nservices: {web: {image: APP}}\n"})
	s.compose("create")
	other := &site{t: t, name: s.name + "-2", dir: s.dir, args: []string{"-p", s.name + "-2"}}
	t.Cleanup(func() { other.compose("down") })
	other.compose("create")
	t.Chdir(s.dir)
	var faults bytes.Buffer
	require.Equal(t, exitNo, Execute(t.Context(), Streams{Out: &bytes.Buffer{}, Err: &faults}, []string{"init"}))
	require.Contains(t, faults.String(), "the containers of two Compose projects, "+s.name+" and "+s.name+"-2, say that they are from "+s.dir)
	require.NoFileExists(t, filepath.Join(s.dir, "evenkeel.yaml"))
	require.Equal(t, statusMissing, s.doctorOf(config.Project{Directory: s.dir}).composeProject(t.Context()).Status)
}
