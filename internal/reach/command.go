package reach

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Command is the argument by which a program is asked to be Main: hidden, for the helper container.
const Command = "reach"

const (
	answered = "answered "
	failed   = "failed "
)

// Main opens a connection to each of addresses and writes one line for each. It returns the exit
// code: 0 when all answered, 1 when one did not, 2 when an address is not one.
func Main(addresses []string, out io.Writer) int {
	if err := Check(addresses); err != nil {
		fmt.Fprintln(out, err)
		return 2
	}
	failures, err := Each(context.Background(), addresses, Here)
	if err != nil {
		fmt.Fprintln(out, err)
		return 2
	}
	reasons := map[string]string{}
	for _, f := range failures {
		reasons[f.Address] = f.Reason
	}
	for _, a := range addresses {
		if r, ok := reasons[a]; ok {
			fmt.Fprintln(out, failed+a+" "+r)
		} else {
			fmt.Fprintln(out, answered+a)
		}
	}
	return min(len(failures), 1)
}

// Read reads what Main wrote about addresses. It must speak of each of them: the words of another
// program, or none, are an error and not an answer.
func Read(addresses []string, output string) ([]Failure, error) {
	said := map[string]string{}
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if a, ok := strings.CutPrefix(line, answered); ok {
			said[a] = ""
		} else if rest, ok := strings.CutPrefix(line, failed); ok {
			a, reason, _ := strings.Cut(rest, " ")
			said[a] = reason
		}
	}
	var failures []Failure
	for _, a := range addresses {
		switch reason, ok := said[a]; {
		case !ok:
			return nil, fmt.Errorf("no word about %s", a)
		case reason != "":
			failures = append(failures, Failure{a, reason})
		}
	}
	return failures, nil
}
