package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// Genesis is the hash before the first entry.
var Genesis = strings.Repeat("0", 2*sha256.Size)

// layout comes first in what is hashed, so that no hash can ever mean two layouts.
const layout = "evenkeel ledger 1"

// Sum returns the hash that belongs to an entry, whatever its Hash says: SHA-256 in lower-case
// hexadecimal over these eleven texts, one behind the other,
//
//	"evenkeel ledger 1", seq in decimal digits, key, at, kind, subject, actor, workflow_id, run_id,
//	data, prev_hash in lower-case hexadecimal
//
// each as its length in bytes, an unsigned 32-bit number with the highest byte first, and then its
// bytes. The lengths keep a byte that moves from one field to the next from going unseen.
func Sum(e Entry) string {
	h := sha256.New()
	var length [4]byte
	for _, text := range []string{
		layout, strconv.FormatInt(e.Seq, 10), e.Key, e.At, e.Kind, e.Subject, e.Actor, e.WorkflowID, e.RunID, e.Data, e.PrevHash,
	} {
		binary.BigEndian.PutUint32(length[:], uint32(len(text)))
		h.Write(length[:])
		h.Write([]byte(text))
	}
	return hex.EncodeToString(h.Sum(nil))
}
