package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Command is a program of the worker's host that runbooks may run, and nothing else of it.
type Command struct {
	// Argv is the program, by its absolute path, and its first arguments. No shell reads it.
	Argv []string `yaml:"argv"`
	// Args are the arguments that a step gives; each becomes one element behind Argv, in this order.
	Args []CommandArg `yaml:"args"`
	// Risk is write or destructive: the least that a step which runs it must declare.
	Risk string `yaml:"risk"`
	// Idempotent says that running it twice is running it once.
	Idempotent bool `yaml:"idempotent"`
	// Timeout is how long it may take, 1s to 2h; Load sets 30s when the file has none.
	Timeout strictyaml.Duration `yaml:"timeout"`
}

// CommandArg is an argument that a step gives to a command.
type CommandArg struct {
	Name string `yaml:"name"`
	// Pattern is a regular expression that must match the whole of the value.
	Pattern string `yaml:"pattern"`
}

// defaultTimeout and maxTimeout bound a command.
const (
	defaultTimeout = 30 * time.Second
	maxTimeout     = 2 * time.Hour
)

// Accepts says whether value may be given. One that begins with - is refused whatever the pattern says: a
// program would take it for an option, and a fixed option belongs into argv.
func (a CommandArg) Accepts(value string) bool {
	whole, err := regexp.Compile("^(?:" + a.Pattern + ")$")
	return err == nil && !strings.HasPrefix(value, "-") && !strings.ContainsRune(value, 0) && whole.MatchString(value)
}

var argName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (c *Config) checkCommands(doc *strictyaml.Document) {
	for _, name := range slices.Sorted(maps.Keys(c.Commands)) {
		at, command := "commands."+name, c.Commands[name]
		checkName(doc, at, name)
		if doc.Has(at) {
			doc.Require(at+".argv", at+".risk")
		}
		checkArgv(doc, at+".argv", command.Argv)
		for i, arg := range command.Args {
			checkArg(doc, index(at+".args", i), arg, command.Args[:i])
		}
		switch command.Risk {
		case "write", "destructive":
		case "read":
			doc.Fault(at+".risk", "read is none of a command, because nothing of what it prints is kept; write write or destructive")
		default:
			doc.Fault(at+".risk", "%s is not the risk of a command; write write or destructive", strictyaml.Quote(command.Risk))
		}
		if !doc.Has(at + ".timeout") {
			command.Timeout = strictyaml.Duration(defaultTimeout)
			c.Commands[name] = command
		}
		if t := time.Duration(command.Timeout); t < time.Second || t > maxTimeout {
			doc.Fault(at+".timeout", "%s is not a time for a command; write 1s to 2h", command.Timeout)
		}
	}
}

func checkArgv(doc *strictyaml.Document, at string, argv []string) {
	if len(argv) == 0 {
		doc.Fault(at, "is empty; write the program and its arguments, such as [/usr/bin/systemctl, restart, vllm]")
		return
	}
	if !filepath.IsAbs(argv[0]) {
		doc.Fault(index(at, 0), "%s is not an absolute path; write it whole, such as /usr/bin/systemctl", strictyaml.Quote(argv[0]))
	}
	for i, element := range argv {
		if strings.ContainsRune(element, 0) {
			doc.Fault(index(at, i), "holds a NUL byte, which no program can be given")
		}
	}
}

func checkArg(doc *strictyaml.Document, at string, arg CommandArg, earlier []CommandArg) {
	doc.Require(at+".name", at+".pattern")
	switch {
	case !argName.MatchString(arg.Name):
		doc.Fault(at+".name", "%s is not the name of an argument; write lower-case letters, digits and _, a letter first", strictyaml.Quote(arg.Name))
	case arg.Name == "command":
		doc.Fault(at+".name", "command names the command itself; write another name")
	case slices.ContainsFunc(earlier, func(e CommandArg) bool { return e.Name == arg.Name }):
		doc.Fault(at+".name", "%s is there already; each argument has a name of its own", strictyaml.Quote(arg.Name))
	}
	if _, err := regexp.Compile(arg.Pattern); err != nil {
		doc.Fault(at+".pattern", "%s is not a regular expression; write one such as [a-z0-9_]+", strictyaml.Quote(arg.Pattern))
	}
}

func index(at string, i int) string { return fmt.Sprintf("%s[%d]", at, i) }
