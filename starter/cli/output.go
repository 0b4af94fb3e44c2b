package cli

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/evenkeel/evenkeel/internal/terminal"
)

// printJSON writes one document.
func (s *starter) printJSON(v any) error {
	encoder := json.NewEncoder(s.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// table writes aligned columns, each row in one line; the first row is the head.
func (s *starter) table(rows [][]string) {
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, terminal.Line(cell))
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // tabwriter only fails when the stream does, and then there is nobody to tell
}

// fitted writes a table whose rows are lines in a pipe, and wraps its cells to the width of a terminal.
func (s *starter) fitted(rows [][]string) {
	if isTerminal(s.Out) {
		fmt.Fprint(s.Out, wrapTable(rows, columns(s.Out)))
		return
	}
	s.table(rows)
}
