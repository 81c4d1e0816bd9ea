package influxdb

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func rec(points, size int) record {
	return record{Lines: []byte(strings.Repeat("x", size)), Points: points}
}

func TestQueueTakesWithinLimits(t *testing.T) {
	for name, tc := range map[string]struct {
		lines, bytes int
		want         int
	}{
		"all":               {100, 100, 4},
		"by lines":          {5, 100, 2},
		"by bytes":          {100, 25, 2},
		"one in any case":   {1, 1, 1},
		"exactly the bound": {6, 30, 3},
	} {
		t.Run(name, func(t *testing.T) {
			q := newMemory(1000, nil)
			for range 4 {
				if err := q.Append(rec(2, 10)); err != nil {
					t.Fatal(err)
				}
			}
			got := q.Take(tc.lines, tc.bytes)
			if len(got) != tc.want {
				t.Errorf("took %d records, want %d", len(got), tc.want)
			}
			if left := q.Waiting().Records; left != 4-tc.want {
				t.Errorf("%d are left", left)
			}
		})
	}
}

func TestQueueRefuses(t *testing.T) {
	q := newMemory(100, nil)
	if err := q.Append(rec(1, 101)); !errors.Is(err, errTooLarge) {
		t.Errorf("too large: %v", err)
	}
	q.Close()
	if err := q.Append(rec(1, 1)); !errors.Is(err, errClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestQueueModel: whatever happens, records leave in order, every one is taken or shed once, the bound
// holds, and what was taken is not shed.
func TestQueueModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 100
		shedRecords, shedPoints := 0, 0
		q := newMemory(limit, func(records, points int) { shedRecords += records; shedPoints += points })
		var model []int // points of the waiting records; a record's points are its number
		var inflight [][]record
		next, modelShed, modelShedPoints := 1, 0, 0
		size := 0
		sizes := map[int]int{}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				n := rapid.IntRange(1, 60).Draw(t, "size")
				if err := q.Append(rec(next, n)); err != nil {
					t.Fatal(err)
				}
				for size+n > limit && len(model) > 0 {
					size -= sizes[model[0]]
					modelShed++
					modelShedPoints += model[0]
					model = model[1:]
				}
				if size+n > limit {
					modelShed++
					modelShedPoints += next
				} else {
					model, sizes[next], size = append(model, next), n, size+n
				}
				next++
			},
			"take": func(t *rapid.T) {
				got := q.Take(1<<30, rapid.IntRange(1, 200).Draw(t, "bytes"))
				for i, r := range got {
					if r.Points != model[i] {
						t.Fatalf("took record %d, want %d", r.Points, model[i])
					}
				}
				if len(got) == 0 && len(model) > 0 {
					t.Fatal("took nothing")
				}
				model = model[len(got):]
				inflight = append(inflight, got)
			},
			"ack": func(t *rapid.T) {
				if len(inflight) == 0 {
					t.Skip()
				}
				q.Ack(inflight[0])
				for _, r := range inflight[0] {
					size -= sizes[r.Points]
				}
				inflight = inflight[1:]
			},
			"": func(t *rapid.T) {
				if shedRecords != modelShed || shedPoints != modelShedPoints {
					t.Fatalf("shed %d/%d, want %d/%d", shedRecords, shedPoints, modelShed, modelShedPoints)
				}
				if _, bytes := q.size(); bytes != int64(size) || bytes > limit {
					t.Fatalf("%d bytes, want %d, at most %d", bytes, size, limit)
				}
				if w := q.Waiting(); w.Records != len(model) {
					t.Fatalf("%d wait, want %d", w.Records, len(model))
				}
			},
		})
	})
}
