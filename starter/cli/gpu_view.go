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
	case terminal(v.Out):
		if !v.live {
			v.live = true
			fmt.Fprint(v.Out, ownScreen)
		}
		v.last = r.text()
		fmt.Fprintf(v.Out, "%s%s  every %s, Ctrl-C to stop\n\n%s\n", cleared, r.At.Local().Format(time.DateTime), v.every, v.last)
		v.table(r.processes())
	default:
		fmt.Fprintf(v.Out, "%s\n%s\n", r.At.Local().Format(time.DateTime), r.text())
	}
	return nil
}

// failed tells of a look that failed while others may work again.
func (v *gpuView) failed(err error) {
	if v.live {
		fmt.Fprintf(v.Out, "\n%s  %s\n", time.Now().Format(time.DateTime), err)
		return
	}
	v.report(err)
}

// end gives the terminal back and leaves the last report on it.
func (v *gpuView) end() {
	if v.live {
		fmt.Fprint(v.Out, formerScreen, v.last)
	}
}
