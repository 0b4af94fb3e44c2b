package cli

import (
	"encoding/json"
	"fmt"
	"time"
)

// gpuView is how `starter gpu status` shows what it sees: one document, a line per look, reports one
// below the other or, on a terminal, one screen that changes.
type gpuView struct {
	*starter
	monitor
	live bool
	last string // what the screen shows, for when it is given back
}

const (
	ownScreen    = "\x1b[?1049h\x1b[?25l" // the terminal's second screen, without the cursor
	formerScreen = "\x1b[?25h\x1b[?1049l"
	cleared      = "\x1b[H\x1b[2J"
)

func (s *starter) gpuView(m monitor) *gpuView {
	return &gpuView{starter: s, monitor: m}
}

func (v *gpuView) show(r gpuReport) error {
	switch {
	case v.output == "json" && v.once:
		return v.printJSON(r)
	case v.output == "json":
		return json.NewEncoder(v.Out).Encode(r)
	case v.once:
		fmt.Fprint(v.Out, r.text())
	case isTerminal(v.Out):
		if !v.live {
			v.live = true
			v.Out.Control(ownScreen)
		}
		v.last = r.text()
		v.Out.Control(cleared)
		v.Out.Printf("%s  every %s, Ctrl-C to stop\n\n", r.At.Local().Format(time.DateTime), v.every)
		fmt.Fprintln(v.Out, v.last)
		v.table(r.processes())
	default:
		fmt.Fprintf(v.Out, "%s\n%s\n", r.At.Local().Format(time.DateTime), r.text())
	}
	return nil
}

// failed tells of a look that failed while others may work again.
func (v *gpuView) failed(err error) {
	if v.live {
		v.Out.Printf("\n%s  %s\n", time.Now().Format(time.DateTime), err)
		return
	}
	v.report(err)
}

// end gives the terminal back and leaves the last report on it.
func (v *gpuView) end() {
	if v.live {
		v.Out.Control(formerScreen)
		fmt.Fprint(v.Out, v.last)
	}
}
