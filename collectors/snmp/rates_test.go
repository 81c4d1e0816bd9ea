package snmp

import (
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// The pipeline appends rates to a row's fields. There is room for them, and no row writes into the
// next one's.
func TestRatesFindRoom(t *testing.T) {
	a := newAgent(t, aRouter(3)...)
	c := a.collector(t)
	rates := pipeline.NewRates()
	for i := range 3 {
		for _, port := range []string{"1", "2", "3"} {
			a.change(ifXEntry+".6."+port, uint64(1000*(i+1)))
		}
		reads := mustCollect(t, c)
		before := dump(reads...)
		room := make([]int, 0, 3)
		for _, s := range tableOf(t, reads, "interface").Samples {
			room = append(room, cap(s.Fields))
		}
		batch := pipeline.Batch{Device: "r1", Lane: pipeline.LaneLive, Tables: reads}
		for j := range batch.Tables { // half a minute apart, whatever the clock of the test says
			batch.Tables[j].ReadAt = time.Unix(int64(1000+30*i), 0)
			batch.Tables[j].Uptime = 0
		}
		if n := rates.Apply(&batch); n != 0 {
			t.Errorf("%d discontinuities", n)
		}
		ports := tableOf(t, batch.Tables, "interface")
		for j, s := range ports.Samples {
			if len(s.Fields) > room[j] {
				t.Errorf("%d fields in the room of %d", len(s.Fields), room[j])
			}
			if v := s.Value("rx_bits_per_second"); i > 0 && v.Float() != 267 { // 1000 bytes in 30 s
				t.Errorf("poll %d: %s bit/s", i, v)
			}
			ports.Samples[j].Fields = s.Fields[:len(s.Fields)-rated(s.Fields)]
		}
		if after := dump(batch.Tables...); after != before {
			t.Errorf("before\n%safter\n%s", before, after)
		}
	}
}

// rated counts the rates at the end of a row.
func rated(fields []pipeline.Field) (n int) {
	for _, f := range fields {
		if len(f.Def.Name) > 11 && f.Def.Name[len(f.Def.Name)-11:] == "_per_second" && f.Def.Name != "speed_bits_per_second" {
			n++
		}
	}
	return n
}
