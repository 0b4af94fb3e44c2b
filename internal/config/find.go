package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// defaultPlaces are where the configuration lies when nobody names it.
var defaultPlaces = []string{"evenkeel.yaml", "/etc/evenkeel/evenkeel.yaml"}

// find returns the file to read. One that a person names must exist: to fall back on another one
// would operate the wrong installation.
func find(explicit string) (string, error) {
	if explicit != "" {
		return first([]string{explicit}, "--config")
	}
	if named := os.Getenv("EVENKEEL_CONFIG"); named != "" {
		return first([]string{named}, "$EVENKEEL_CONFIG")
	}
	return first(defaultPlaces, "")
}

func first(places []string, askedBy string) (string, error) {
	for _, place := range places {
		if _, err := os.Stat(place); err == nil {
			return place, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("configuration: %w", err)
		}
	}
	return "", &NotFoundError{Places: places, AskedBy: askedBy}
}

// NotFoundError says that there is no configuration.
type NotFoundError struct {
	// Places are the files that were looked for.
	Places []string
	// AskedBy is "--config" or "$EVENKEEL_CONFIG" when that named the only place.
	AskedBy string
}

// Error names the places and what to do.
func (e *NotFoundError) Error() string {
	if e.AskedBy != "" {
		return fmt.Sprintf("%s, which %s names, does not exist", strings.Join(e.Places, ", "), e.AskedBy)
	}
	return fmt.Sprintf("no configuration in %s; write one with: starter init", strings.Join(e.Places, ", "))
}

// Is makes the error an fs.ErrNotExist.
func (e *NotFoundError) Is(target error) bool { return target == fs.ErrNotExist }

// SocketName is the file in the state directory by which the users of a host reach its worker.
const SocketName = "evenkeel.sock"

// Sockets are where the worker of this host may listen for its users: in the state directory that this process would
// use, and in root's.
func Sockets() []string {
	var all []string
	for _, root := range []bool{os.Geteuid() == 0, true} {
		if dir, err := stateDir(root); err == nil && !slices.Contains(all, filepath.Join(dir, SocketName)) {
			all = append(all, filepath.Join(dir, SocketName))
		}
	}
	return all
}

// StateDir returns the absolute path of the folder that evenkeel keeps its state in:
// $EVENKEEL_STATE, else /var/lib/evenkeel for root, else evenkeel in the XDG state directory. It
// does not make the folder.
func StateDir() (string, error) { return stateDir(os.Geteuid() == 0) }

func stateDir(root bool) (string, error) {
	if dir := os.Getenv("EVENKEEL_STATE"); dir != "" {
		return filepath.Abs(dir)
	}
	if root {
		return "/var/lib/evenkeel", nil
	}
	// The XDG rules say that a relative path counts as unset.
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "evenkeel"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("state directory: %w; set EVENKEEL_STATE", err)
	}
	return filepath.Join(home, ".local", "state", "evenkeel"), nil
}
