package compose

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"

	"github.com/evenkeel/evenkeel/activities"
)

// invalid classes what the reader says of the project, without the values of variables.
func (p *Project) invalid(err error, o *cli.ProjectOptions) error {
	if _, ok := errors.AsType[*activities.Error](err); ok {
		return err
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return activities.Fail(activities.NotFound, fmt.Errorf("the Compose project in %s: %w", p.options.Directory, err))
	case errors.Is(err, fs.ErrPermission):
		return activities.Fail(activities.PermissionDenied, fmt.Errorf("the Compose project in %s: %w", p.options.Directory, err))
	}
	where := p.options.Directory
	if o != nil && len(o.ConfigPaths) > 0 {
		where = o.ConfigPaths[0]
		for _, path := range o.ConfigPaths {
			if strings.Contains(err.Error(), path) {
				where = path
			}
		}
	}
	text := err.Error()
	if o != nil {
		text = activities.Mask(text, o.Environment.Values())
	}
	return activities.Fail(activities.InvalidInput, errors.New(fault(where, text)))
}

// unreadable is the error of a file that env_file or label_file names. The reader's own quotes the line,
// which may hold a secret.
func unreadable(option string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return activities.Fail(activities.InvalidInput, fmt.Errorf("%s: %w", option, err))
	}
	in := ""
	if m := readingFile.FindStringSubmatch(err.Error()); m != nil {
		in = " " + m[1] + place(err.Error())
	}
	return activities.Fail(activities.InvalidInput, fmt.Errorf("%s%s: a line is not of the form NAME=value", option, in))
}

var readingFile = regexp.MustCompile(`(?:failed to read|env_file) (/[^\n:]+):`)

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
