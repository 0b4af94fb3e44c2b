package compose

import (
	"os"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/consts"
)

const envFilesVariable = "COMPOSE_ENV_FILES"

// ofOneProject are the variables that say what one project is. All projects of this process would share them.
var ofOneProject = []string{
	consts.ComposeFilePath, consts.ComposePathSeparator, consts.ComposeProfiles, consts.ComposeProjectName, envFilesVariable,
}

// environ is what of this process's environment counts for the project, as NAME=value.
func (p *Project) environ() []string {
	all := os.Environ()
	if !p.options.Several {
		return all
	}
	return slices.DeleteFunc(all, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(ofOneProject, name)
	})
}

// lookup returns a variable of this process's environment that counts for the project.
func (p *Project) lookup(name string) (value string, ok bool) {
	if p.options.Several && slices.Contains(ofOneProject, name) {
		return "", false
	}
	return os.LookupEnv(name)
}

// withEnviron gives the reader the environment. What is set before it stays.
func (p *Project) withEnviron(o *cli.ProjectOptions) error {
	for _, variable := range p.environ() {
		name, value, _ := strings.Cut(variable, "=")
		if _, set := o.Environment[name]; !set {
			o.Environment[name] = value
		}
	}
	return nil
}
