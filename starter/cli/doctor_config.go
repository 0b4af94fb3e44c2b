package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func (d *doctor) configuration(context.Context) finding {
	var notFound *config.NotFoundError
	var faults strictyaml.Errors
	switch {
	case errors.As(d.configFault, &notFound):
		return lacking(notFoundText(notFound), "write one with starter init, or name it with --config")
	case errors.As(d.configFault, &faults) && len(faults) > 1:
		return lacking(fmt.Sprintf("%s (and %d more)", faults[0], len(faults)-1), "correct it")
	case d.configFault != nil:
		return lacking(d.configFault.Error(), "correct it")
	case d.hostFault != nil:
		return lacking(d.hostFault.Error(), "name one with --host")
	case d.installFault != nil:
		return lacking(d.installFault.Error(), "correct it; evenkeel and worker do not start with it")
	default:
		return well(fmt.Sprintf("%s, host %s", d.config.Path, d.hostName))
	}
}

// definitions tells which are not used because of a fault; without them evenkeel works, with less.
func (d *doctor) definitions(context.Context) finding {
	if d.configFault != nil || d.hostFault != nil || d.installFault != nil {
		return notAsked("needs the configuration")
	}
	faulty := d.installed.Definitions.Faulty()
	if len(faulty) == 0 {
		return well(counted(len(d.installed.Definitions.Runbooks()), "runbook"))
	}
	more := ""
	if len(faulty) > 1 {
		more = fmt.Sprintf(" (and %d more)", len(faulty)-1)
	}
	return lacking(fmt.Sprintf("%s %s is disabled: %s%s", faulty[0].Kind, faulty[0].Name, faulty[0].Reason, more), "correct it, see starter runbook lint, and restart evenkeel")
}

func (d *doctor) timeZone(context.Context) finding {
	if d.configFault != nil {
		return notAsked("needs the configuration")
	}
	zone, err := time.LoadLocation(d.config.TimeZone)
	if err != nil {
		return lacking(err.Error(), "correct time_zone in "+d.config.Path)
	}
	return well(fmt.Sprintf("%s, where it is %s", d.config.TimeZone, time.Now().In(zone).Format("15:04 (-07:00)")))
}

func (d *doctor) stateDirectory(context.Context) finding {
	const hint = "run evenkeel as its owner, or set EVENKEEL_STATE"
	dir, err := config.StateDir()
	if err != nil {
		return lacking(err.Error(), "")
	}
	err = writable(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return lacking(err.Error(), hint)
		}
		return well(dir)
	}
	// It is made on the first start, with the folders above it.
	parent := dir
	for errors.Is(err, fs.ErrNotExist) && parent != filepath.Dir(parent) {
		parent = filepath.Dir(parent)
		err = writable(parent)
	}
	if err != nil {
		return lacking(fmt.Sprintf("%s cannot be made: %v", dir, err), hint)
	}
	return well(dir + ", made on the first start")
}

// writable returns nil when this user can make files in dir.
func writable(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "write to", Path: dir, Err: unix.ENOTDIR}
	}
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &fs.PathError{Op: "write to", Path: dir, Err: err}
	}
	return nil
}
