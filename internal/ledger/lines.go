package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/evenkeel/evenkeel/internal/terminal"
)

// maxLine bounds one line of an export. JSON writes a byte of text as six at most.
const maxLine = 6*(MaxData+MaxKey+MaxKind+MaxSubject+MaxActor+MaxWorkflowID+MaxRunID) + 1024

// Line returns the entry as one line of JSON with its end, the form of an export. A terminal obeys nothing of it.
func Line(e Entry) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(e)
	return []byte(terminal.Text(line.String())), err
}

// Lines calls each for every entry of an export. A line that Line would not have written is an error
// that names its number: what another program shows of it may not be what was hashed.
func Lines(r io.Reader, each func(Entry) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	number := 0
	for lines.Scan() {
		number++
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("line %d is not an entry: %w", number, err)
		}
		again, err := Line(e)
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if string(again) != terminal.Text(lines.Text())+"\n" {
			return fmt.Errorf("line %d is not written as an export writes it", number)
		}
		if err := each(e); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d is longer than any entry", number+1)
	}
	return lines.Err()
}
