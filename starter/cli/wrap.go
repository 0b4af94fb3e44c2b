package cli

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evenkeel/evenkeel/internal/terminal"
)

const (
	// columnGap is the space between two columns of a table.
	columnGap = 2
	// columnMin is the least width of a column that is made narrower.
	columnMin = 4
)

// wrapTable lays out rows in at most width columns: the widest columns are made narrower, and their text goes
// on below. A line of a cell breaks between words, and inside one only where it is longer than its column; a
// newline in a cell stays. Lines end without spaces.
func wrapTable(rows [][]string, width int) string {
	var out strings.Builder
	widths := columnWidths(rows, width)
	for _, row := range rows {
		cells := make([][]string, len(row))
		height := 0
		for i, cell := range row {
			cells[i] = wrapCell(terminal.Text(cell), widths[i])
			height = max(height, len(cells[i]))
		}
		for n := range height {
			var line strings.Builder
			for i, cell := range cells {
				text := ""
				if n < len(cell) {
					text = cell[n]
				}
				line.WriteString(text + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+columnGap))
			}
			out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		}
	}
	return out.String()
}

// columnWidths are those of the longest lines, the widest made narrower one by one until all fit.
func columnWidths(rows [][]string, width int) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			for line := range strings.SplitSeq(cell, "\n") {
				widths[i] = max(widths[i], utf8.RuneCountInString(line))
			}
		}
	}
	total := columnGap * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for ; total > width; total-- {
		widest := slices.Index(widths, slices.Max(widths))
		if widths[widest] <= columnMin {
			break
		}
		widths[widest]--
	}
	return widths
}

// wrapCell breaks a text into lines of at most width characters.
func wrapCell(text string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			if line != "" && utf8.RuneCountInString(line+" "+word) <= width {
				line += " " + word
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			for line = word; utf8.RuneCountInString(line) > width; {
				head := breakWord(line, width)
				lines = append(lines, head)
				line = line[len(head):]
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// breakWord is as much of a long word as a line holds, up to the last slash where it has one.
func breakWord(word string, width int) string {
	head := string([]rune(word)[:width])
	if at := strings.LastIndexByte(head, '/'); at > 0 {
		return head[:at+1]
	}
	return head
}
