package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// initOptions are the flags of init.
type initOptions struct {
	attributes  bool
	directories []string
	host        string
	projects    []string
}

// check refuses a host that the configuration could not have.
func (o initOptions) check() error {
	if o.host != "" && !strictyaml.IsName(o.host) {
		return usage("--host", strictyaml.Quote(o.host)+" is not a name", strictyaml.NameRule)
	}
	if len(o.directories) > 1 {
		return usage("--directory", "it is given twice, and one folder has one project", "name several projects with --project, as often as there are")
	}
	return nil
}

// directory is the folder that is named, empty for the current one.
func (o initOptions) directory() string { return strings.Join(o.directories, "") }

func (s *starter) initCommand() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration from what runs here",
		Long: `Write evenkeel.yaml for this host and the Compose project of the current folder, else the only one that runs
here: its services with their ports, its router, and the first file of each upstream that the router needs.
No existing file is overwritten. With --search-attributes it writes no file and prepares the namespace of a
Temporal server that is not evenkeel's own.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.attributes {
				for _, flag := range []string{"config", "directory", "host", "project"} {
					if cmd.Flags().Changed(flag) {
						return usage("init", "--search-attributes writes no configuration and takes no --"+flag, "leave one of them out")
					}
				}
				return s.initAttributes(cmd.Context())
			}
			return s.init(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&s.configFile, "config", "", "file to write (default: $EVENKEEL_CONFIG, ./evenkeel.yaml)")
	cmd.Flags().BoolVar(&o.attributes, "search-attributes", false, "register evenkeel's search attributes in the namespace")
	cmd.Flags().StringArrayVar(&o.directories, "directory", nil, "folder of the Compose project")
	cmd.Flags().StringVar(&o.host, "host", "", "name of this host in the new file (default: this machine's short name)")
	cmd.Flags().StringArrayVar(&o.projects, "project", nil, "name of the Compose project; may be given several times")
	return cmd
}

func (s *starter) init(ctx context.Context, o initOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	// Where every other command then looks first.
	file, err := filepath.Abs(cmp.Or(s.configFile, os.Getenv("EVENKEEL_CONFIG"), "evenkeel.yaml"))
	if err != nil {
		return failed("init", err.Error(), "")
	}
	// Said before anything else is looked for: it would be the answer in any case.
	if _, err := os.Lstat(file); err == nil {
		return thereAlready(file)
	}
	folder, err := os.Getwd()
	if err != nil {
		return failed("init", err.Error(), "")
	}
	quietCompose()
	e := newEngine()
	all, engineFault := e.containers(ctx, "")
	wanted, err := choose(ctx, grouped(all), folder, o.directory(), o.projects)
	if err != nil {
		return err
	}
	report := initReport{File: file, TimeZone: timeZone(os.Getenv("TZ"), "/etc/timezone", "/etc/localtime"), Host: cmp.Or(o.host, machineName())}
	if engineFault != nil {
		report.engineFault = fmt.Sprintf("no engine answers at %s: %s", e.address, reason(engineFault))
	}
	found := config.Found{TimeZone: report.TimeZone, Host: report.Host, Person: userName()}
	var projects []initProject
	for _, c := range wanted {
		p, err := e.find(ctx, c)
		if err != nil {
			return err
		}
		projects = append(projects, p)
		found.Projects = append(found.Projects, p.FoundProject)
	}
	if err := writeNew(file, config.Write(found)); err != nil {
		return err
	}
	for _, p := range projects {
		report.Projects = append(report.Projects, report.of(ctx, p))
	}
	return s.printInit(report)
}

// writeNew writes a file that must not exist. One that could not be written whole is removed: a
// second init would otherwise refuse because of it.
func writeNew(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return thereAlready(file)
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

func thereAlready(file string) error {
	return no("init", file+" is there already", "edit it, or name another with --config")
}
