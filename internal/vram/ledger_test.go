package vram

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var start = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return start.Add(d) }

// card is a 24576 MB GPU, whose headroom of 20 % is 4916 MB.
func card(index int, free int64) GPU {
	return GPU{UUID: "GPU-" + string(rune('a'+index)), Index: index, TotalMB: 24576, FreeMB: free}
}

func look(at time.Time, used map[string]int64, gpus ...GPU) Observation {
	return Observation{At: at, GPUs: gpus, ClaimsMB: used}
}

func empty(gpus ...GPU) Ledger { return Ledger{HeadroomRatio: 0.20}.Observe(look(start, nil, gpus...)) }

func ask(id string, mb int64, gpus ...string) Request {
	return Request{ID: id, MB: mb, GPUs: gpus, TTL: time.Minute}
}

// reserve is Reserve of a request that can be.
func reserve(t *testing.T, l Ledger, r Request, now time.Time) (Ledger, Decision) {
	t.Helper()
	l, d, err := l.Reserve(r, now)
	require.NoError(t, err)
	return l, d
}

// commit is Commit of a reservation that is there.
func commit(t *testing.T, l Ledger, id string, now time.Time) Ledger {
	t.Helper()
	l, err := l.Commit(id, now)
	require.NoError(t, err)
	return l
}

func TestReserveCountsHeadroomAfterTheClaim(t *testing.T) {
	for _, c := range []struct {
		name    string
		free    int64
		mb      int64
		refusal string
	}{
		{"fits to the MB", 24576, 19660, ""},
		{"one too many", 24576, 19661, "GPU 0 (GPU-a) needs 19661 MB and is 1 MB short: 19.9% of 24576 MB would stay free, 20% has to"},
		{"free is not enough of a reason", 6576, 2000, "GPU 0 (GPU-a) needs 2000 MB and is 340 MB short: 18.6% of 24576 MB would stay free, 20% has to"},
		{"headroom broken before", 2000, 2000, "GPU 0 (GPU-a) needs 2000 MB and is 4916 MB short: 0.0% of 24576 MB would stay free, 20% has to"},
		{"more than there is", 1000, 30000, "GPU 0 (GPU-a) needs 30000 MB and is 33916 MB short: -118.1% of 24576 MB would stay free, 20% has to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := empty(card(0, c.free))
			got, d := reserve(t, before, ask("r", c.mb, "GPU-a"), start)
			require.Equal(t, c.refusal, d.Refusal())
			require.Equal(t, c.refusal == "", d.Granted)
			require.Len(t, got.Claims, len(map[bool][]int{true: {1}}[d.Granted]))
			require.Empty(t, before.Claims, "the receiver stays as it was")
		})
	}
}

func TestReserveChoosesTheEmptiest(t *testing.T) {
	l := empty(card(1, 20000), card(0, 15000), card(2, 20000))
	l, d := reserve(t, l, ask("one", 2000, "GPU-a", "GPU-b", "GPU-c"), start)
	require.Equal(t, 1, d.GPU.Index, "the lowest index of equals")
	require.Equal(t, after(time.Minute), d.ExpiresAt)
	l, d = reserve(t, l, ask("two", 2000, "GPU-a", "GPU-b", "GPU-c"), start)
	require.Equal(t, 2, d.GPU.Index, "what is promised already counts")
	_, d = reserve(t, l, ask("three", 2000, "GPU-a"), start)
	require.Equal(t, 0, d.GPU.Index, "the only one that it may use")
}

func TestRefusalNamesEveryGPU(t *testing.T) {
	l := empty(card(0, 5000), card(1, 6000))
	_, d := reserve(t, l, ask("r", 2000, "GPU-a", "GPU-b", "GPU-x"), start)
	require.False(t, d.Granted)
	require.Equal(t, []Shortfall{
		{UUID: "GPU-b", Known: true, Index: 1, NeedMB: 2000, ShortMB: 916, TotalMB: 24576, FreeRatioAfter: 4000. / 24576},
		{UUID: "GPU-a", Known: true, Index: 0, NeedMB: 2000, ShortMB: 1916, TotalMB: 24576, FreeRatioAfter: 3000. / 24576},
		{UUID: "GPU-x", NeedMB: 2000},
	}, d.Shortfalls)
	require.Equal(t, "GPU 1 (GPU-b) needs 2000 MB and is 916 MB short: 16.2% of 24576 MB would stay free, 20% has to; "+
		"GPU 0 (GPU-a) needs 2000 MB and is 1916 MB short: 12.2% of 24576 MB would stay free, 20% has to; "+
		"the memory of GPU GPU-x is not known", d.Refusal())
	_, d = reserve(t, l, ask("r", 2000), start)
	require.Equal(t, "there is no GPU to use", d.Refusal())
}

func TestReserveIsIdempotent(t *testing.T) {
	l := empty(card(0, 24576), card(1, 24576))
	first, granted := reserve(t, l, ask("r", 8000, "GPU-a"), start)
	again, same := reserve(t, first, ask("r", 8000, "GPU-b"), after(30*time.Second))
	require.Equal(t, granted, same, "nor does asking again make it last longer")
	require.Equal(t, first, again)

	_, _, err := first.Reserve(ask("r", 9000, "GPU-a"), start)
	require.EqualError(t, err, "reservation r is one of 8000 MB already; release it before it becomes one of 9000 MB")

	committed := commit(t, first, "r", after(time.Second))
	again, same = reserve(t, committed, ask("r", 8000, "GPU-a"), after(time.Hour))
	require.True(t, same.Granted)
	require.Zero(t, same.ExpiresAt)
	require.Equal(t, committed, again)
	require.Equal(t, committed, commit(t, committed, "r", after(time.Hour)))

	for _, bad := range []Request{{MB: 1, TTL: 1}, {ID: "x", TTL: 1}, {ID: "x", MB: 1}, {ID: "x", MB: -5, TTL: 1}} {
		_, _, err := l.Reserve(bad, start)
		require.ErrorContains(t, err, "it needs an id, a size and a lifetime")
	}
}

func TestReservationExpires(t *testing.T) {
	l, _ := reserve(t, empty(card(0, 24576)), ask("r", 15000, "GPU-a"), start)
	_, d := reserve(t, l, ask("s", 15000, "GPU-a"), after(59*time.Second))
	require.False(t, d.Granted)
	_, d = reserve(t, l, ask("s", 15000, "GPU-a"), after(time.Minute))
	require.True(t, d.Granted, "the memory came back")
	_, err := l.Commit("r", after(time.Minute))
	require.EqualError(t, err, "there is no reservation r; it has expired or was released")
	require.Len(t, commit(t, l, "r", after(59*time.Second)).Expire(after(time.Hour)).Claims, 1, "a claim does not expire")
}

// A reservation stands when somebody outside takes memory after it; how much is missing then shows as
// room below 0.
func TestRoomShowsWhatOthersTook(t *testing.T) {
	l, _ := reserve(t, empty(card(0, 24576)), ask("r", 15000, "GPU-a"), start)
	l = l.Observe(look(after(time.Second), nil, card(0, 19000)))
	room, ok := l.RoomMB("GPU-a")
	require.True(t, ok)
	require.EqualValues(t, -916, room)
	_, ok = l.Observe(look(after(2*time.Second), nil)).RoomMB("GPU-a")
	require.False(t, ok)
}

// What a claim has taken already is missing in the free memory and must not be counted twice, and
// what it has not taken yet must be.
func TestRoom(t *testing.T) {
	l, _ := reserve(t, empty(card(0, 24142)), ask("r", 10000, "GPU-a"), start)
	room := func(l Ledger) int64 {
		room, ok := l.RoomMB("GPU-a")
		require.True(t, ok)
		return room
	}
	require.EqualValues(t, 24142-10000-4916, room(l))
	l = commit(t, l, "r", after(1))
	require.EqualValues(t, 24142-10000-4916, room(l), "nothing of it was seen yet")
	l = l.Observe(look(after(2), map[string]int64{"r": 3000}, card(0, 21142)))
	require.EqualValues(t, 24142-10000-4916, room(l), "part of it was seen")
	l = l.Observe(look(after(3), map[string]int64{"r": 12000}, card(0, 12142)))
	require.EqualValues(t, 24142-12000-4916, room(l), "more than declared was seen")

	// Nobody says what it uses. It is neither counted twice nor forgotten.
	blind := l.Observe(look(after(4), nil, card(0, 14142)))
	require.EqualValues(t, 24142-10000-4916, room(blind), "loaded in full")
	blind = blind.Observe(look(after(5), nil, card(0, 20142)))
	require.EqualValues(t, 24142-10000-4916, room(blind), "in part")
	blind = blind.Observe(look(after(6), nil, card(0, 10142)))
	require.EqualValues(t, 10142-4916, room(blind), "the rest must be somebody else's")
	blind, err := blind.Advance("r", Unloading, after(7))
	require.NoError(t, err)
	blind = blind.Observe(look(after(8), nil, card(0, 24142)))
	require.EqualValues(t, 24142-10000-4916, room(blind), "it counts until it is released")
	require.EqualValues(t, 24142-4916, room(blind.Release("r", after(9))))
	require.EqualValues(t, 24142-4916, room(blind.Release("r", after(9)).Release("r", after(10))))
	_, ok := l.RoomMB("GPU-z")
	require.False(t, ok)

	// Memory that looks free although it is promised does not make room.
	odd := l.Observe(look(after(4), map[string]int64{"r": 9000}, card(0, 24576)))
	require.EqualValues(t, 24576-10000-4916, room(odd))
}

func TestAdvanceGoesForwards(t *testing.T) {
	l, _ := reserve(t, empty(card(0, 24576)), ask("r", 1000, "GPU-a"), start)
	_, err := l.Advance("r", Ready, start)
	require.EqualError(t, err, "there is no claim r; commit its reservation first")
	_, err = l.Advance("r", Loading, start)
	require.EqualError(t, err, `a claim cannot be advanced to "loading"; say ready or unloading`)
	l = commit(t, l, "r", start)
	for _, step := range []struct{ to, want State }{{Ready, Ready}, {Unloading, Unloading}, {Ready, Unloading}} {
		l, err = l.Advance("r", step.to, start)
		require.NoError(t, err)
		held, _ := l.Claim("r")
		require.Equal(t, step.want, held.State)
	}
}

func TestObserveIgnoresAnOlderLook(t *testing.T) {
	l := empty(card(0, 24576)).Observe(look(after(time.Minute), nil, card(0, 1000)))
	require.Equal(t, l, l.Observe(look(after(time.Second), nil, card(0, 24576))))
}

func TestLedgerSurvivesJSON(t *testing.T) {
	l, _ := reserve(t, empty(card(0, 24576)), ask("r", 1000, "GPU-a"), start)
	l, _ = reserve(t, l, ask("s", 2000, "GPU-a"), start)
	l = commit(t, l, "s", after(1)).Observe(look(after(2), map[string]int64{"s": 0}, card(0, 24576)))
	data, err := json.Marshal(l)
	require.NoError(t, err)
	var back Ledger
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, l, back)
}
