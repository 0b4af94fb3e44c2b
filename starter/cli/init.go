package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/evenkeel/evenkeel/internal/config"
)

func (s *starter) initCommand() *cobra.Command {
	var attributes bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration to begin with",
		Long: `Writes evenkeel.yaml for this host and the Compose project of the current folder. An existing file is never
overwritten. With --search-attributes it writes nothing and prepares the namespace of a Temporal
server that is not evenkeel's own.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if attributes {
				return s.initAttributes(cmd.Context())
			}
			return s.init(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&attributes, "search-attributes", false, "register evenkeel's search attributes in the namespace")
	return cmd
}

// found is what init finds out about this machine and folder.
type found struct {
	File        string `json:"file"`
	TimeZone    string `json:"time_zone"`
	Host        string `json:"host"`
	Project     string `json:"project"`
	ComposeFile string `json:"compose_file"`
	// ComposeFound is false when the folder has no Compose file and ComposeFile is a guess.
	ComposeFound bool `json:"compose_found"`
}

func (s *starter) init(context.Context) error {
	file := s.configFile
	if file == "" {
		file = "evenkeel.yaml"
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return failed("init", err.Error(), "")
	}
	folder, err := os.Getwd()
	if err != nil {
		return failed("init", err.Error(), "")
	}
	f := found{File: file, TimeZone: timeZone(os.Getenv("TZ"), "/etc/timezone", "/etc/localtime"), Host: machineName()}
	f.ComposeFile, f.ComposeFound = composeFile(folder)
	f.Project = projectName(folder, f.ComposeFile)
	if filepath.Dir(file) != folder {
		f.ComposeFile = filepath.Join(folder, f.ComposeFile)
	}
	if err := writeNew(file, config.Example(f.TimeZone, f.Host, f.Project, f.ComposeFile)); err != nil {
		return err
	}
	if s.output == "json" {
		return s.printJSON(f)
	}
	fmt.Fprintf(s.Out, "wrote %s for host %s, Compose project %s, time zone %s\n", f.File, f.Host, f.Project, f.TimeZone)
	if !f.ComposeFound {
		fmt.Fprintf(s.Out, "there is no Compose file in %s; correct compose.file in it\n", folder)
	}
	fmt.Fprint(s.Out, "next: list the services to scale in it, look with `starter doctor`, start `evenkeel`\n")
	return nil
}

// writeNew writes a file that must not exist. One that could not be written whole is removed: a
// second init would otherwise refuse because of it.
func writeNew(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return no("init", file+" is there already", "edit it, or name another with --config")
	}
	if err != nil {
		return failed("init", err.Error(), "name another place with --config")
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return failed("init", errors.Join(err, os.Remove(file)).Error(), "")
	}
	return nil
}

// timeZone returns the IANA name of this machine's zone, or UTC when nothing names one.
func timeZone(tz, file, link string) string {
	names := []string{strings.TrimPrefix(tz, ":")}
	if text, err := os.ReadFile(file); err == nil {
		names = append(names, strings.TrimSpace(string(text)))
	}
	if target, err := filepath.EvalSymlinks(link); err == nil {
		_, name, _ := strings.Cut(target, "/zoneinfo/")
		names = append(names, strings.TrimPrefix(name, "posix/"))
	}
	for _, name := range names {
		// Go would take these for a zone, and other programs do not.
		if name == "" || strings.EqualFold(name, "local") {
			continue
		}
		if _, err := time.LoadLocation(name); err == nil {
			return name
		}
	}
	return "UTC"
}

var noName = regexp.MustCompile(`[^a-z0-9._-]+`)

// machineName is the short name of this machine in the form that a host of the configuration has.
func machineName() string {
	name, err := os.Hostname()
	if err != nil {
		return "host"
	}
	return hostName(name)
}

func hostName(machine string) string {
	short, _, _ := strings.Cut(strings.ToLower(machine), ".")
	name := strings.TrimLeft(noName.ReplaceAllString(short, "-"), "._-")
	if name == "" {
		return "host"
	}
	return name
}

// composeFile returns the file that Compose itself would take in a folder.
func composeFile(folder string) (name string, ok bool) {
	names := []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			return name, true
		}
	}
	return names[0], false
}

var noProject = regexp.MustCompile(`[^a-z0-9_-]`)

// projectName returns the name that Compose gives the project: what its file says, else the folder's
// name. A name with a variable in it is left to the reader of the new file.
func projectName(folder, file string) string {
	var head struct {
		Name string `yaml:"name"`
	}
	if text, err := os.ReadFile(filepath.Join(folder, file)); err == nil {
		if yaml.Unmarshal(text, &head) != nil || strings.Contains(head.Name, "$") {
			head.Name = ""
		}
	}
	for _, name := range []string{head.Name, filepath.Base(folder)} {
		name = strings.TrimLeft(noProject.ReplaceAllString(strings.ToLower(name), ""), "_-")
		if name != "" {
			return name
		}
	}
	return "project"
}
