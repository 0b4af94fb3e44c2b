package compose

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/consts"

	"github.com/evenkeel/evenkeel/activities"
)

// read prepares the reading of the project as `docker compose` does that is run in its directory: the
// same sources in the same order, except that nothing depends on the folder that this process is in.
func (p *Project) read(more cli.ProjectOptionsFn) (*cli.ProjectOptions, error) {
	o, err := cli.NewProjectOptions(nil)
	if err != nil {
		return nil, p.invalid(err, o)
	}
	if i := slices.IndexFunc(p.options.Files, remote); i >= 0 {
		return nil, p.invalid(notFetched(p.options.Files[i]), o)
	}
	o.ConfigPaths = p.options.Files
	for _, step := range []cli.ProjectOptionsFn{
		cli.WithoutEnvironmentResolution,
		cli.WithoutLabelsResolution,
		cli.WithResourceLoader(remoteFiles{}),
		// ${PWD} is the folder that a person would be in; what is set first stays.
		cli.WithEnv([]string{"PWD=" + p.options.Directory}),
		p.withEnviron,
		p.searchIn,
		p.regularEnvFiles,
		cli.WithEnvFiles(p.envFiles()...), withDotEnv,
		p.withConfigFileEnv,
		cli.WithDefaultConfigPath,
		foundIn,
		// Once more: the files may lie in a folder that has a .env of its own.
		p.regularEnvFiles,
		cli.WithEnvFiles(p.envFiles()...), withDotEnv,
		regularFiles,
		cli.WithDefaultProfiles(p.options.Profiles...),
		cli.WithName(p.options.Name),
		more,
	} {
		if err := step(o); err != nil {
			return nil, p.invalid(err, o)
		}
	}
	return o, nil
}

// searchIn makes the directory the place of the search. With files that are named there is none: their
// own folder holds the .env.
func (p *Project) searchIn(o *cli.ProjectOptions) error {
	if len(o.ConfigPaths) == 0 {
		o.WorkingDir = p.options.Directory
	}
	return nil
}

// ErrNoFile says that neither a directory nor a folder above it has a Compose file.
var ErrNoFile = errors.New("there is no Compose file")

// foundIn ends the search: paths in the files are relative to where they were found.
func foundIn(o *cli.ProjectOptions) error {
	if len(o.ConfigPaths) == 0 {
		return activities.Fail(activities.NotFound,
			fmt.Errorf("%w in %s or a folder above; name its folder or its files", ErrNoFile, o.WorkingDir))
	}
	o.WorkingDir = ""
	return nil
}

// envFiles are those that Compose is told. Its flag has a default in the environment.
func (p *Project) envFiles() []string {
	if len(p.options.EnvFiles) > 0 {
		return p.options.EnvFiles
	}
	named, _ := p.lookup(envFilesVariable)
	return under(p.options.Directory, strings.FieldsFunc(named, func(r rune) bool { return r == ',' }))
}

// withConfigFileEnv takes the files that COMPOSE_FILE names; the library's own looks for them in the
// folder of this process.
func (p *Project) withConfigFileEnv(o *cli.ProjectOptions) error {
	text, ok := o.Environment[consts.ComposeFilePath]
	if len(o.ConfigPaths) > 0 || !ok {
		return nil
	}
	separator := o.Environment[consts.ComposePathSeparator]
	if separator == "" {
		separator = string(os.PathListSeparator)
	}
	for _, file := range under(p.options.Directory, strings.Split(text, separator)) {
		if filepath.Base(file) == "-" {
			return activities.Fail(activities.InvalidInput, errors.New("COMPOSE_FILE names the standard input, which only a person's shell has; name files"))
		}
		if remote(file) {
			return activities.Fail(activities.InvalidInput, fmt.Errorf("COMPOSE_FILE: %w", notFetched(file)))
		}
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("COMPOSE_FILE: %w", err)
		}
		o.ConfigPaths = append(o.ConfigPaths, file)
	}
	return nil
}

// withDotEnv reads the .env files. The reader's own error quotes the line, which may hold a secret.
func withDotEnv(o *cli.ProjectOptions) error {
	err := cli.WithDotEnv(o)
	if err == nil || errors.Is(err, fs.ErrPermission) || len(o.EnvFiles) == 0 {
		return err
	}
	for _, file := range o.EnvFiles {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("env file: %w", err)
		}
	}
	file := o.EnvFiles[0]
	for _, f := range o.EnvFiles {
		if strings.Contains(err.Error(), f) {
			file = f
		}
	}
	return fmt.Errorf("%s%s: the line is not of the form NAME=value", file, place(err.Error()))
}
