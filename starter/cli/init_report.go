package cli

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/evenkeel/evenkeel/activities/nginx"
)

// initReport is what init has written.
type initReport struct {
	File     string              `json:"file"`
	TimeZone string              `json:"time_zone"`
	Host     string              `json:"host"`
	Projects []initProjectReport `json:"projects"`

	engineFault string
}

// initProjectReport is what init has found and written of one project.
type initProjectReport struct {
	Name      string   `json:"name"`
	Directory string   `json:"directory"`
	From      string   `json:"from,omitempty"`
	Files     []string `json:"files,omitempty"`
	EnvFiles  []string `json:"env_files,omitempty"`
	// Services can be scaled, Others cannot; both by name.
	Services []string `json:"services"`
	Others   []string `json:"cannot_scale"`
	Router   string   `json:"router,omitempty"`
	// Unfit are the services whose newest container is not what the files say now.
	Unfit     []string         `json:"unfit,omitempty"`
	Upstreams []upstreamReport `json:"upstreams,omitempty"`

	// Unsteered says of routers other than nginx what is not promised there.
	Unsteered []string `json:"unsteered_routers,omitempty"`
	// Stale are upstream files that name addresses that no replica has.
	Stale []string `json:"stale_upstreams,omitempty"`

	// example is a service that a person may want to scale first.
	example string
}

// upstreamReport is what became of the first file of an upstream.
type upstreamReport struct {
	File    string   `json:"file"`
	Written bool     `json:"written"`
	Members []string `json:"members,omitempty"`
	Error   string   `json:"error,omitempty"`
}

// of writes the upstream files of a project and says what was found and done. A folder that cannot be
// written to does not make the configuration wrong: it is said.
func (r initReport) of(ctx context.Context, p initProject) initProjectReport {
	out := initProjectReport{
		Name: p.Name, Directory: p.Directory, From: p.DirectoryFrom, Files: p.Files, EnvFiles: p.EnvFiles,
		Services: []string{}, Others: []string{}, Unfit: p.unfit, Unsteered: p.unsteered,
	}
	if p.Nginx != nil {
		out.Router = p.Nginx.Service
	}
	best := -1
	for _, service := range p.Services {
		if service.CannotScale != "" {
			out.Others = append(out.Others, service.Name)
			continue
		}
		out.Services = append(out.Services, service.Name)
		if rank := min(len(service.Service.Upstream), 1) + min(service.Service.Port, 1); rank > best && !service.Doubtful {
			best, out.example = rank, service.Name
		}
	}
	if r.engineFault == "" {
		for _, s := range p.stale {
			out.Stale = append(out.Stale, s.String())
		}
	}
	for _, u := range p.upstreams {
		report := upstreamReport{File: filepath.Join(u.dir, u.name+".conf"), Members: u.members, Error: u.apart}
		if r.engineFault != "" {
			report.Error = "it is not known which replicas run"
		}
		if report.Error == "" {
			var err error
			report.Written, err = nginx.First(ctx, u.dir, u.name, u.members)
			if errors.Is(err, fs.ErrNotExist) {
				report.Error = "make the folder " + u.dir + ", which " + p.Nginx.Service + " mounts; the first `starter scale` writes the file"
			} else if err != nil {
				report.Error = err.Error()
			}
		}
		out.Upstreams = append(out.Upstreams, report)
	}
	return out
}

// printInit shows what was written and what comes next.
func (s *starter) printInit(r initReport) error {
	if s.output == "json" {
		return s.printJSON(r)
	}
	s.Out.Printf("wrote %s for host %s, time zone %s\n", r.File, r.Host, r.TimeZone)
	if r.engineFault != "" {
		s.Out.Printf("%s; only the files were looked at, without what runs\n", r.engineFault)
	}
	example := ""
	for _, p := range r.Projects {
		s.printInitProject(p)
		if example == "" && p.example != "" {
			example = p.example
			if len(r.Projects) > 1 {
				example = p.Name + "/" + example
			}
		}
	}
	next := "next: read it, look with `starter doctor`, start `evenkeel`"
	if example != "" {
		next += ", then `starter scale " + example + "=3`"
	}
	s.Out.Printf("%s\n", next)
	return nil
}

func (s *starter) printInitProject(p initProjectReport) {
	how := p.From
	if len(p.Files)+len(p.EnvFiles) > 0 {
		how = strings.Join(append([]string{"with"}, append(p.Files, p.EnvFiles...)...), " ") + ", as its newest container was made"
	}
	s.Out.Printf("project %s in %s", p.Name, p.Directory)
	if how != "" {
		s.Out.Printf(" (%s)", how)
	}
	s.Out.Printf("\n  can be scaled: %s\n", orNone(p.Services))
	if len(p.Others) > 0 {
		s.Out.Printf("  cannot: %s; the file says why\n", strings.Join(p.Others, ", "))
	}
	if p.Router != "" {
		s.Out.Printf("  router: %s\n", p.Router)
	}
	for _, line := range p.Unsteered {
		s.Out.Printf("  %s\n", line)
	}
	for _, u := range p.Upstreams {
		switch {
		case u.Error != "":
			s.Out.Printf("  did not write %s: %s\n", u.File, u.Error)
		case u.Written && len(u.Members) == 0:
			s.Out.Printf("  wrote %s without a member, as no replica runs; the first `starter scale` fills it\n", u.File)
		case u.Written:
			s.Out.Printf("  wrote %s with %s; an nginx that runs reads it when it is reloaded: the first `starter scale` does that\n",
				u.File, counted(len(u.Members), "replica"))
		}
	}
	for _, line := range p.Stale {
		s.Out.Printf("  %s; %s\n", line, staleHint)
	}
	if len(p.Unfit) > 0 {
		s.Out.Printf("  not as the files say now: %s; see starter doctor\n", strings.Join(p.Unfit, ", "))
	}
}
