package gpu

import (
	"fmt"
	"math"
)

// HeadroomMB is how much of a GPU has to stay free: ratio of the total, in whole MB. It is rounded
// up, because a share that is only nearly free is not free.
func HeadroomMB(totalMB int64, ratio float64) int64 {
	const noise = 1e-6 // 0.3 × 30000 is a little over 9000 in binary
	return int64(math.Ceil(float64(totalMB)*ratio - noise))
}

// FreeRatio is the free share of a total, which is more than 0.
func FreeRatio(freeMB, totalMB int64) float64 { return float64(freeMB) / float64(totalMB) }

// Headroom is the rule of how much VRAM stays free, as shares of a GPU's total between 0 and 1.
type Headroom struct {
	// MinRatio is the least share that has to be free.
	MinRatio float64
	// WarnRatio is the share below which a person is warned; at least MinRatio.
	WarnRatio float64
}

// Verdict is what the rule says, from good to bad.
type Verdict int

// The verdicts.
const (
	Pass Verdict = iota
	Warn
	Fail
)

// String is the word of the report.
func (v Verdict) String() string { return [...]string{"PASS", "WARN", "FAIL"}[v] }

// MarshalText makes the verdict its word in JSON.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Judge gives the verdict on one GPU. What did not answer or does not say how much is free fails:
// nobody may count on it.
func (h Headroom) Judge(g GPU) Verdict {
	_, ok := g.FreeRatio()
	switch {
	case g.Fault != nil, !ok, *g.FreeMB < HeadroomMB(*g.TotalMB, h.MinRatio):
		return Fail
	case *g.FreeMB < HeadroomMB(*g.TotalMB, h.WarnRatio):
		return Warn
	default:
		return Pass
	}
}

// Worst is the worst verdict on any GPU.
func (h Headroom) Worst(s Snapshot) Verdict {
	worst := Pass
	for _, g := range s.GPUs {
		worst = max(worst, h.Judge(g))
	}
	return worst
}

// line is the verdict as the report shows it.
func (h Headroom) line(g GPU) string {
	if g.Fault != nil {
		if g.Fault.Kind == Hung {
			return "[FAIL] not answering"
		}
		return "[FAIL] not answering: " + g.Fault.String()
	}
	free, ok := g.FreeRatio()
	if !ok {
		return "[FAIL] VRAM headroom not available"
	}
	switch verdict := h.Judge(g); verdict {
	case Fail:
		return fmt.Sprintf("[FAIL] Insufficient VRAM headroom (%s < %s)", below(free, h.MinRatio), limit(h.MinRatio))
	case Warn:
		return fmt.Sprintf("[WARN] Low VRAM headroom (%s >= %s, warning below %s)", below(free, h.WarnRatio), limit(h.MinRatio), limit(h.WarnRatio))
	default:
		return fmt.Sprintf("[PASS] Sufficient VRAM headroom (%s >= %s)", percent(free), limit(h.MinRatio))
	}
}

// percent is a ratio with one decimal.
func percent(ratio float64) string { return fmt.Sprintf("%.1f%%", ratio*100) }

// below is percent of a ratio under a bound. It is not rounded up to the bound, which would read as
// "20.0% < 20%".
func below(ratio, bound float64) string {
	if math.Round(ratio*1000) >= math.Round(bound*1000) {
		return fmt.Sprintf("%.1f%%", math.Floor(ratio*1000)/10)
	}
	return percent(ratio)
}

// limit is a bound without needless decimals.
func limit(ratio float64) string { return fmt.Sprintf("%.4g%%", ratio*100) }
