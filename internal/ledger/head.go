package ledger

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Head names an end of the chain: the newest entry at some time.
type Head struct {
	// Seq is 0 and Hash is Genesis where there is no entry yet.
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// Beginning is the head of an empty ledger.
func Beginning() Head { return Head{Hash: Genesis} }

// String returns the one line, without its end, that the anchor file holds.
func (h Head) String() string { return strconv.FormatInt(h.Seq, 10) + " " + h.Hash }

// ParseHead reads what String has written.
func ParseHead(text string) (Head, error) {
	text = strings.TrimSuffix(text, "\n")
	number, hash, _ := strings.Cut(text, " ")
	seq, err := strconv.ParseInt(number, 10, 64)
	raw, _ := hex.DecodeString(hash)
	h := Head{Seq: seq, Hash: hex.EncodeToString(raw)}
	if err != nil || seq < 0 || h.String() != text || len(hash) != len(Genesis) || seq == 0 && hash != Genesis {
		return Head{}, fmt.Errorf("%q is not a number and a hash", cut(text, 100))
	}
	return h, nil
}
