package compose

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/activities"
)

// File is one Compose file and the project that is made from it. It is safe for concurrent use.
type File struct {
	path, project string
	command       []string

	mu      sync.Mutex
	answers map[string]answer
}

var _ activities.Compose = (*File)(nil)

// New returns the Compose file at an absolute path as the given project. command is how Compose is
// run, nil for `docker compose`. Nothing is read before the first call.
func New(file, project string, command []string) *File {
	if len(command) == 0 {
		command = []string{"docker", "compose"}
	}
	return &File{path: file, project: project, command: command, answers: map[string]answer{}}
}

// options says how the file is read: as `docker compose -p PROJECT -f FILE` would, with the process
// environment and the .env beside the file. Unless more says otherwise the files that env_file and
// label_file name are not read.
func (f *File) options(more ...cli.ProjectOptionsFn) (*cli.ProjectOptions, error) {
	if len(more) == 0 {
		more = []cli.ProjectOptionsFn{cli.WithoutEnvironmentResolution, cli.WithoutLabelsResolution}
	}
	o, err := cli.NewProjectOptions([]string{f.path}, append(more,
		cli.WithName(f.project),
		cli.WithWorkingDirectory(filepath.Dir(f.path)),
		cli.WithOsEnv,
		cli.WithEnvFiles(),
		withDotEnv,
		// `up SERVICE` switches the service's profile on.
		cli.WithProfiles([]string{"*"}),
		cli.WithLoadOptions(quiet),
	)...)
	if err != nil {
		return nil, f.invalid(err, nil)
	}
	return o, nil
}

// withDotEnv reads the .env file. The reader's own error quotes the line, which may hold a secret.
func withDotEnv(o *cli.ProjectOptions) error {
	err := cli.WithDotEnv(o)
	if err == nil || errors.Is(err, fs.ErrPermission) || len(o.EnvFiles) == 0 {
		return err
	}
	return fmt.Errorf("%s%s: the line is not of the form NAME=value", o.EnvFiles[0], place(err.Error()))
}

// quiet keeps the reader from writing its warnings about unset variables to stderr: they are
// Compose's to give, to the person who runs it.
func quiet(o *loader.Options) {
	if o.Interpolate == nil {
		// The reader asks twice, and first only where the file is.
		return
	}
	o.Interpolate.Substitute = func(text string, lookup template.Mapping) (string, error) {
		return template.SubstituteWithOptions(text, lookup, template.WithoutLogging)
	}
}

// load reads the file. One that is not there is NotFound, one that is wrong InvalidInput with the
// place where the reader knows it.
func (f *File) load(ctx context.Context) (*types.Project, error) {
	o, err := f.options()
	if err != nil {
		return nil, err
	}
	p, err := o.LoadProject(ctx)
	if err != nil {
		return nil, f.invalid(err, o.Environment)
	}
	return p, nil
}

// invalid classes what the reader says of the file, without the values of variables.
func (f *File) invalid(err error, variables types.Mapping) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return activities.Fail(activities.NotFound, fmt.Errorf("compose file: %w", err))
	case errors.Is(err, fs.ErrPermission):
		return activities.Fail(activities.PermissionDenied, fmt.Errorf("compose file: %w", err))
	}
	return activities.Fail(activities.InvalidInput,
		fmt.Errorf("%s%s: %s", f.path, place(err.Error()), strip(err.Error(), variables)))
}

// The reader gives a place as "line 4: mapping key", or as the extent "at L2.C3-L4.C4" of what it was
// reading, whose end is where it could not go on.
var (
	atExtent = regexp.MustCompile(`\bat L\d+\.C\d+-L(\d+)\.C(\d+)`)
	atPoint  = regexp.MustCompile(`\bat L(\d+)\.C(\d+)`)
	atLine   = regexp.MustCompile(`.*\bline (\d+): `)
)

// place returns ":line:column", ":line" or nothing.
func place(text string) string {
	for _, form := range []*regexp.Regexp{atExtent, atPoint} {
		if m := form.FindStringSubmatch(text); m != nil {
			return ":" + m[1] + ":" + m[2]
		}
	}
	if m := atLine.FindStringSubmatch(text); m != nil {
		return ":" + m[1]
	}
	return ""
}
