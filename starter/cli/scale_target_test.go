package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

func TestParseTargets(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want []target
		says string
	}{
		"one":                 {[]string{"app=4"}, []target{{serviceName{"", "app"}, 4}}, ""},
		"several, one at 0":   {[]string{"app=4", "worker=0"}, []target{{serviceName{"", "app"}, 4}, {serviceName{"", "worker"}, 0}}, ""},
		"with a project":      {[]string{"shop/app=2"}, []target{{serviceName{"shop", "app"}, 2}}, ""},
		"names of Compose":    {[]string{"_worker=1", "openWebUI=2"}, []target{{serviceName{"", "_worker"}, 1}, {serviceName{"", "openWebUI"}, 2}}, ""},
		"no number":           {[]string{"app"}, nil, `"app" is not SERVICE=N`},
		"not a number":        {[]string{"app=two"}, nil, `"app=two" is not SERVICE=N`},
		"one more":            {[]string{"app=+1"}, nil, `"app=+1": a number is how many there are to be, not how many more`},
		"less than none":      {[]string{"app=-1"}, nil, `"app=-1" is not SERVICE=N`},
		"half a one":          {[]string{"app=1.5"}, nil, `"app=1.5" is not SERVICE=N`},
		"no service":          {[]string{"=1"}, nil, `"=1" is not SERVICE=N`},
		"a project alone":     {[]string{"shop/=1"}, nil, `"shop/=1" is not SERVICE=N`},
		"no project, a slash": {[]string{"/app=1"}, nil, `"/app=1" is not SERVICE=N`},
		"two slashes":         {[]string{"a/b/c=1"}, nil, `"a/b/c=1" is not SERVICE=N`},
		"the second is wrong": {[]string{"app=4", "x"}, nil, `"x" is not SERVICE=N`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseTargets(c.args)
			if c.says != "" {
				requireFailure(t, err, exitUsage, activities.InvalidInput)
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// twoProjects is a host on which app is of two projects, queue of one, and redis of neither's configuration.
func twoProjects() config.Host {
	services := func(names ...string) config.Project {
		p := config.Project{Services: map[string]config.Service{}}
		for _, n := range names {
			p.Services[n] = config.Service{}
		}
		return p
	}
	return config.Host{Projects: map[string]config.Project{"bank": services("app"), "shop": services("app", "queue")}}
}

func TestFindService(t *testing.T) {
	alone := config.Host{Projects: map[string]config.Project{"shop": {}}}
	for name, c := range map[string]struct {
		host    config.Host
		service string
		project string // --project
		want    serviceName
		says    string
	}{
		"the only project":              {alone, "redis", "", serviceName{"shop", "redis"}, ""},
		"the only one that lists it":    {twoProjects(), "queue", "", serviceName{"shop", "queue"}, ""},
		"named":                         {twoProjects(), "bank/app", "", serviceName{"bank", "app"}, ""},
		"--project":                     {twoProjects(), "app", "bank", serviceName{"bank", "app"}, ""},
		"--project, in spite of a list": {twoProjects(), "queue", "bank", serviceName{"bank", "queue"}, ""},
		"what is named wins":            {twoProjects(), "shop/app", "bank", serviceName{"shop", "app"}, ""},
		"of two":                        {twoProjects(), "app", "", serviceName{}, "app: it may be of several projects on gpu-1: bank, shop"},
		"of none that lists it":         {twoProjects(), "redis", "", serviceName{}, "redis: no project on gpu-1 lists it: bank, shop"},
		"no such project":               {twoProjects(), "bnk/app", "", serviceName{}, `the host has no project "bnk"; it has bank, shop`},
		"no such --project":             {alone, "app", "bank", serviceName{}, `the host has no project "bank"; it has shop`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseService(c.service).find("gpu-1", c.host, c.project)
			if c.says != "" {
				requireFailure(t, err, exitUsage, activities.InvalidInput)
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestProjectIsHeeded(t *testing.T) {
	names := func(texts ...string) (out []serviceName) {
		for _, text := range texts {
			out = append(out, parseService(text))
		}
		return out
	}
	require.NoError(t, heeded("", names("shop/app")))
	require.NoError(t, heeded("bank", names("shop/app", "queue")))
	require.NoError(t, heeded("bank", names("shop/app", "bank/app")))
	targets, err := parseTargets([]string{"shop/app=1", "shop/queue=1"})
	require.NoError(t, err)
	_, _, err = byProject("gpu-1", twoProjects(), "bank", targets)
	for _, err := range []error{heeded("bank", names("shop/app")), err} {
		requireFailure(t, err, exitUsage, activities.InvalidInput)
		require.ErrorContains(t, err, "--project: it names bank, and every service is written with another project")
	}
}

// Services of one name in two projects are two services; one that is named twice is a slip.
func TestTargetsByProject(t *testing.T) {
	targets := func(args ...string) []target {
		all, err := parseTargets(args)
		require.NoError(t, err)
		return all
	}
	names, wanted, err := byProject("gpu-1", twoProjects(), "", targets("shop/app=4", "bank/app=2", "queue=1"))
	require.NoError(t, err)
	require.Equal(t, []string{"shop", "bank"}, names, "in the order of the words")
	require.Equal(t, map[string][]scaling.Target{
		"shop": {{Service: "app", Replicas: 4}, {Service: "queue", Replicas: 1}}, "bank": {{Service: "app", Replicas: 2}},
	}, wanted)

	for _, args := range [][]string{{"queue=1", "queue=2"}, {"queue=1", "shop/queue=1"}} {
		_, _, err = byProject("gpu-1", twoProjects(), "", targets(args...))
		requireFailure(t, err, exitUsage, activities.InvalidInput)
		require.ErrorContains(t, err, "queue is named twice")
	}
	_, _, err = byProject("gpu-1", twoProjects(), "", targets("queue=1", "app=2"))
	requireFailure(t, err, exitUsage, activities.InvalidInput)
}

// A service that the file has switched off is refused with the reason that stands there.
func TestSwitchedOff(t *testing.T) {
	host := config.Host{Projects: map[string]config.Project{
		"bank": {Services: map[string]config.Service{"app": {}}},
		"shop": {SwitchedOff: map[string]string{"db": "its image is a database"}},
	}}
	_, _, err := byProject("gpu-1", host, "", []target{{serviceName{Service: "db"}, 2}})
	require.EqualError(t, err, "db: it is switched off in evenkeel.yaml, because its image is a database; where that has changed, or --shared-volume is meant, remove the # before its keys there and restart evenkeel")
}
