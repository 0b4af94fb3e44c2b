package ledger

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever is done to one row of a ledger is found, and what is named is that row or a neighbour.
func TestTamperingIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		n := 1 + random.IntN(30)
		entries := chain(n)
		head := headOf(entries)
		anchor := headOf(entries[:random.IntN(n+1)])
		require.True(t, verify(NewVerifier(head, anchor), entries).Clean)

		i := random.IntN(n)
		what, touched := tamper(random, &entries, i)
		report := verify(NewVerifier(head, anchor), entries)
		require.False(t, report.Clean, "%s at %d of %d", what, i+1, n)
		require.NotEmpty(t, report.Faults)
		named := slices.ContainsFunc(report.Faults, func(f Fault) bool { return slices.Contains(touched, f.Seq) })
		require.True(t, named, "%s at %d of %d names %v", what, i+1, n, report.Faults)
	}
}

// tamper does one thing to the i-th entry and returns the numbers that a report may name for it.
func tamper(random *rand.Rand, entries *[]Entry, i int) (string, []int64) {
	all := *entries
	seq := all[i].Seq
	switch random.IntN(6) {
	case 0: // a field
		names := []string{"key", "at", "kind", "subject", "actor", "workflow_id", "run_id", "data", "prev_hash", "hash"}
		name := names[random.IntN(len(names))]
		field := &all[i].Hash
		if f, ok := fields[name]; ok {
			field = f(&all[i])
		}
		*field = mutate(random, *field)
		return name, []int64{seq}
	case 1: // a field, with a hash that fits
		all[i].Data = mutate(random, all[i].Data)
		all[i].Hash = Sum(all[i])
		return "forged", []int64{seq}
	case 2: // another number
		j := random.IntN(len(all))
		if j == i {
			all[i].Seq += int64(len(all))
			moved := all[i]
			*entries = append(slices.Delete(all, i, i+1), moved)
			return "renumbered", []int64{seq, moved.Seq}
		}
		other := all[j].Seq
		all[i].Seq, all[j].Seq = other, seq
		all[i], all[j] = all[j], all[i]
		return "swapped", []int64{seq, other}
	case 3: // removed
		*entries = slices.Delete(all, i, i+1)
		return "removed", []int64{seq}
	case 4: // removed with all behind it
		*entries = all[:i]
		return "cut", []int64{seq}
	default: // inserted behind it, the rest renumbered
		fresh := Draft{Key: "new", At: all[i].At, Kind: "note", Data: "{}"}.Seal(all[i].Head())
		for j := i + 1; j < len(all); j++ {
			all[j].Seq++
		}
		*entries = slices.Insert(all, i+1, fresh)
		return "inserted", []int64{seq + 1}
	}
}

// mutate changes, adds or removes one byte.
func mutate(random *rand.Rand, s string) string {
	at := random.IntN(len(s) + 1)
	letter := string(rune('A' + random.IntN(26)))
	if at == len(s) || random.IntN(3) == 0 {
		return s[:at] + letter + s[at:]
	}
	if random.IntN(2) == 0 {
		return s[:at] + s[at+1:]
	}
	if s[at:at+1] == letter {
		letter = "?"
	}
	return s[:at] + letter + s[at+1:]
}
