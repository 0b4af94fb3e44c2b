package compose

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/consts"

	"github.com/evenkeel/evenkeel/internal/textfile"
)

// Source is one thing that decides what the project is, and where it comes from.
type Source struct {
	// Kind is name, file, env file or profile.
	Kind string `json:"kind"`
	// Value is the name, the absolute path or the profile.
	Value string `json:"value"`
	// From is for people, such as "configuration" or "COMPOSE_FILE in /srv/shop/.env".
	From string `json:"from"`
}

// Sources returns the project's name, its files, env files and profiles, each with where it comes from.
// Errors are those of Services.
func (p *Project) Sources(ctx context.Context) ([]Source, error) {
	m, err := p.load(ctx)
	if err != nil {
		return nil, err
	}
	o, err := p.read(func(*cli.ProjectOptions) error { return nil })
	if err != nil {
		return nil, err
	}
	variable := func(name string) string {
		if _, ok := p.lookup(name); ok {
			return name + " in the environment"
		}
		for _, file := range append(o.EnvFiles, filepath.Join(p.options.Directory, ".env")) {
			if dotEnvHas(file, name) {
				return name + " in " + file
			}
		}
		return name
	}
	set := func(name string) bool { return o.Environment[name] != "" }

	name := Source{Kind: "name", Value: m.Name, From: "the Compose files or their folder"}
	switch {
	case p.options.Name != "":
		name.From = configuration
	case set(consts.ComposeProjectName):
		name.From = variable(consts.ComposeProjectName)
	}
	out := []Source{name}
	files := "found in " + filepath.Dir(o.ConfigPaths[0])
	switch {
	case len(p.options.Files) > 0:
		files = configuration
	case set(consts.ComposeFilePath):
		files = variable(consts.ComposeFilePath)
	}
	for _, file := range o.ConfigPaths {
		out = append(out, Source{Kind: "file", Value: file, From: files})
	}
	for _, file := range p.usedEnvFiles(o) {
		from := "found in " + filepath.Dir(file)
		switch {
		case len(p.options.EnvFiles) > 0:
			from = configuration
		case len(p.envFiles()) > 0:
			from = envFilesVariable + " in the environment"
		}
		out = append(out, Source{Kind: "env file", Value: file, From: from})
	}
	profiles := variable(consts.ComposeProfiles)
	if len(p.options.Profiles) > 0 {
		profiles = configuration
	}
	for _, profile := range m.Profiles {
		if profile != "" {
			out = append(out, Source{Kind: "profile", Value: profile, From: profiles})
		}
	}
	return out, nil
}

const configuration = "configuration"

// usedEnvFiles are the env files that were read, the directory's own .env first: it names the files, and
// those may lie beside another one.
func (p *Project) usedEnvFiles(o *cli.ProjectOptions) []string {
	files := slices.Clone(o.EnvFiles)
	own := filepath.Join(p.options.Directory, ".env")
	if len(p.options.Files) == 0 && len(p.envFiles()) == 0 && len(files) > 0 && !slices.Contains(files, own) {
		if info, err := os.Stat(own); err == nil && !info.IsDir() {
			files = slices.Insert(files, 0, own)
		}
	}
	return files
}

// dotEnvHas says whether a file sets a variable.
func dotEnvHas(file, name string) bool {
	text, err := textfile.Read(file, maxFile)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		key, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if ok && strings.TrimSpace(key) == name {
			return true
		}
	}
	return false
}
