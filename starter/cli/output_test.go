package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/terminal"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/workflows"
)

// What a terminal would obey: a sequence that clears it, a carriage return, a bell, a turn of the direction, a control
// of the C1 set as a character and as a byte, two kinds of line ends, a byte order mark and a tag.
const hostile = "a\x1b[2Jb\rc\ad\u202ee\u009bf\x9bg\nh\u2028i\ufeffj\U000e0041k\tl\x7f"

// filled returns a value in which every text is text, every list has an item and every pointer points.
func filled[T any](text string) T {
	var v T
	fill(reflect.ValueOf(&v).Elem(), text, 0)
	return v
}

func fill(v reflect.Value, text string, depth int) {
	const deepest = 8 // definitions hold definitions
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(2)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Interface:
		if v.NumMethod() == 0 {
			v.Set(reflect.ValueOf(text))
		}
	case reflect.Pointer:
		if depth < deepest {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), text, depth+1)
		}
	case reflect.Slice:
		if depth < deepest {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), text, depth+1)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text, depth+1)
		fill(value, text, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(opened))
			return
		}
		for _, field := range v.Fields() {
			if field.CanSet() {
				fill(field, text, depth+1)
			}
		}
	default: // nothing that is printed
	}
}

// printers show what comes from outside, each filled with text.
var printers = map[string]func(s *starter, text string) error{
	"a table":         func(s *starter, text string) error { s.table([][]string{{"NAME"}, {text}}); return nil },
	"a fitted table":  func(s *starter, text string) error { s.fitted([][]string{{"NAME"}, {text}}); return nil },
	"an error":        func(_ *starter, text string) error { return missing(text, text, text) },
	"several errors":  func(_ *starter, text string) error { return errors.Join(no(text, text, text), errors.New(text)) },
	"a command":       func(s *starter, text string) error { return execute(s, text) },
	"a flag":          func(s *starter, text string) error { return execute(s, "--"+text) },
	"an output":       func(s *starter, text string) error { return execute(s, "runbook", "list", "-o", text) },
	"a configuration": func(s *starter, text string) error { return execute(s, "runbook", "list", "--config", text) },
	"audit list": func(s *starter, text string) error {
		return (&audit{starter: s}).printEntries(filled[[]ledger.Entry](text))
	},
	"audit list of a change": func(s *starter, text string) error {
		data, err := json.Marshal(filled[activities.ServiceRunData](text))
		return errors.Join(err, (&audit{starter: s}).printEntries([]ledger.Entry{{Kind: activities.ServiceFinished, Data: string(data)}}))
	},
	"audit verify": func(s *starter, text string) error {
		report := filled[verified](text)
		report.Clean = false
		return (&audit{starter: s}).printReport(report, "anchor "+text)
	},
	"audit verify, clean": func(s *starter, text string) error {
		return (&audit{starter: s}).printReport(filled[verified](text), "anchor "+text)
	},
	"audit verify FILE": func(s *starter, text string) error { return (&audit{starter: s}).verifyFile("/nowhere/" + text) },
	"doctor":            func(s *starter, text string) error { return s.printFindings(filled[[]finding](text)) },
	"status":            func(s *starter, text string) error { s.printOverview(filled[overview](text)); return nil },
	"service list":      func(s *starter, text string) error { return s.printServices(filled[[]activities.ServiceRow](text)) },
	"service stats":     func(s *starter, text string) error { return s.printUsage(filled[[]activities.ReplicaUsage](text)) },
	"scale --dry-run":   func(s *starter, text string) error { s.printPlans(filled[[]scaling.Plan](text)); return nil },
	"scale, refused": func(s *starter, text string) error {
		plan := filled[scaling.Plan](text)
		plan.Changes[0].Refusals = nil
		s.printPlans([]scaling.Plan{plan})
		return nil
	},
	"scale": func(s *starter, text string) error {
		return s.printResults(nil, filled[[]workflows.ServiceResult](text))
	},
	"scale --no-wait": func(s *starter, text string) error {
		return s.printStarted([]client.WorkflowRun{ended{id: text, runID: text}})
	},
	"init": func(s *starter, text string) error { return s.printInit(filled[initReport](text)) },
	"init, written": func(s *starter, text string) error {
		p := filled[initProjectReport](text)
		p.Upstreams = []upstreamReport{{File: text, Error: text}, {File: text, Written: true}, {File: text, Written: true, Members: []string{text}}}
		s.printInitProject(p)
		return nil
	},
	"runbook plan": func(s *starter, text string) error {
		s.printPlanned(filled[activities.RunbookPlan](text), opened)
		return nil
	},
	"runbook run": func(s *starter, text string) error {
		return s.printRunbookResult(filled[workflows.RunbookResult](text))
	},
	"runbook run, refused": func(s *starter, text string) error {
		return s.printRefused(filled[activities.RunbookPlan](text), text, text)
	},
	"runbook order": func(s *starter, text string) error { return s.printReply(text, filled[request.Reply](text)) },
	"runbook lint":  func(s *starter, text string) error { s.printFindingLines(filled[templates.Findings](text)); return nil },
	"runbook test":  func(s *starter, text string) error { s.printCase(filled[caseResult](text)); return nil },
	"gpu status": func(s *starter, text string) error {
		report := gpuReport{snapshot: filled[gpu.Snapshot](text), headroom: gpu.Headroom{MinRatio: 0.2, WarnRatio: 0.3}}
		return s.gpuView(monitor{once: true}).show(report)
	},
	"progress": func(s *starter, text string) error { s.newProgress().line(text, opened, text, false); return nil },
	"progress of a runbook": func(s *starter, text string) error {
		status := filled[workflows.RunbookStatus](text)
		status.Request.Message = flat(text) // which may have several lines
		s.newRunbookProgress(text).show(status, opened)
		return nil
	},
	// A message of a gate, and a page, may have several lines.
	"gate list":      func(s *starter, text string) error { return s.printGates(filled[gates](flat(text))) },
	"runbook status": func(s *starter, text string) error { s.printRunbookRun(filled[runbookRun](flat(text))); return nil },
	"runbook show": func(s *starter, text string) error {
		_, err := s.Out.Write([]byte(runbookPage(filled[runbook.Definition](flat(text)))))
		return err
	},
}

func flat(text string) string { return strings.ReplaceAll(text, "\n", "") }

func execute(s *starter, args ...string) error {
	root := s.root()
	root.SetArgs(args)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	return root.Execute()
}

// What comes from outside moves no cursor and breaks no line, whichever command shows it.
func TestNothingMovesTheCursor(t *testing.T) {
	obeyed := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	for name, show := range printers {
		t.Run(name, func(t *testing.T) {
			_, usual, usualErrs := says(t, "text", func(s *starter) error { return show(s, "word") })
			require.Contains(t, usual+usualErrs, "word", "it shows the text")
			_, out, errs := says(t, "text", func(s *starter) error { return show(s, hostile) })
			require.NotContains(t, strings.Map(func(r rune) rune {
				if obeyed(r) {
					return 0
				}
				return r
			}, out+errs), "\x00", "%q", out+errs)
			require.Equal(t, strings.Count(usual, "\n"), strings.Count(out, "\n"), "%q", out)
			require.Equal(t, strings.Count(usualErrs, "\n"), strings.Count(errs, "\n"), "%q", errs)
			for _, output := range []string{out, errs} {
				require.True(t, output == "" || strings.HasSuffix(output, "\n"))
			}
		})
	}
	rows := [][]string{{"NAME", "STATE"}, {"a\x1b[2Jb\nc\td", "running"}}
	_, out, _ := says(t, "text", func(s *starter) error { s.table(rows); return nil })
	require.Equal(t, "NAME             STATE\na\\u001b[2Jb c d  running\n", out)
	require.NotContains(t, wrapTable(rows, 80), "\x1b")
}

// In JSON it is the same text, of which a terminal obeys nothing.
func TestJSONMovesNoCursor(t *testing.T) {
	_, out, _ := says(t, "json", func(s *starter) error { return s.printJSON(map[string]string{"text": hostile}) })
	require.NotContains(t, strings.TrimSuffix(strings.ReplaceAll(out, "\n", ""), "\n"), "\u202e")
	for _, r := range out {
		require.True(t, r == '\n' || unicode.IsPrint(r), "%U", r)
	}
	var read map[string]string
	require.NoError(t, json.Unmarshal([]byte(out), &read))
	require.Equal(t, strings.ToValidUTF8(hostile, "\ufffd"), read["text"])

	line, err := ledger.Line(ledger.Entry{Data: hostile})
	require.NoError(t, err)
	var passed bytes.Buffer
	_, err = terminal.NewWriter(&passed).Write(line)
	require.NoError(t, err)
	require.Equal(t, string(line), passed.String(), "an export is the same in a file and on the standard output")
}
