package cli

import (
	"errors"
	"regexp"

	"github.com/evenkeel/evenkeel/activities"
)

// unreadable says what is wrong with the files of the project and where to correct it: in one of them, or in what
// the configuration says of them.
func (p *projectDoctor) unreadable(err error) finding {
	at := "correct " + p.at() + " in " + p.doctor.config.Path
	if fault, ok := errors.AsType[*activities.Error](err); ok && fault.Class == activities.InvalidInput {
		if m := inFile.FindStringSubmatch(err.Error()); m != nil {
			return lacking(err.Error(), "correct "+m[1])
		}
	}
	return lacking(err.Error(), at)
}

// inFile finds the file in "FILE:LINE:COLUMN: what".
var inFile = regexp.MustCompile(`^(/[^\n]*?\.[A-Za-z]+)(?::\d+){0,2}: `)
