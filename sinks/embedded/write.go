package embedded

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"

	"github.com/routerpulse/routerpulse/pipeline"
)

// writer stores one batch in one transaction of the database.
type writer struct {
	app   storage.AppenderV2
	rows  *rows
	own   *metrics
	names namer

	full func() bool // the head has max_series

	time int64
	lane pipeline.Lane
	gen  uint64

	values, ended int
	refused       map[string]int // values and markers, by reason
	rejected      pipeline.RejectedError
	overflowed    string // metric of a series that was one too many
	settled       []*row // rows whose owed markers are in this transaction
	gone          []string
	claimed       []leftoverKey
}

// Write stores every number and text of a batch with the batch's time, and ends the series of rows and
// fields that went away. A value that the database refuses is counted and dropped, the others are
// stored: *pipeline.RejectedError says how many samples lost values. Any other error means that nothing
// of the batch is stored.
func (s *Store) Write(ctx context.Context, b pipeline.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.mend(ctx); err != nil {
		return err
	}
	if !s.gate.enter() {
		return ErrClosed
	}
	defer s.gate.leave()
	if !s.disk.enough() {
		s.own.failed.Inc()
		return ErrDiskFull
	}
	defer s.own.observe(time.Now())
	// Nothing waits in the database for a context, and a half-written batch would be no use.
	w := s.newWriter(s.db.AppenderV2(context.WithoutCancel(ctx)), b)
	w.batch(b)
	if err := w.app.Commit(); err != nil {
		s.own.failed.Inc()
		s.torn = true
		return fmt.Errorf("embedded store: %w", err)
	}
	w.settle()
	s.warnFull(b, w.overflowed)
	s.rows.sweep(w.time)
	s.coarse.reached(w.time)
	s.own.rows.Set(float64(len(s.rows.byKey)))
	if w.rejected.Samples > 0 {
		return &w.rejected
	}
	return nil
}

// mend opens the database again after a write that failed, once there is room.
func (s *Store) mend(ctx context.Context) error {
	if !s.torn {
		return nil
	}
	if !s.disk.enough() {
		s.own.failed.Inc()
		return ErrDiskFull
	}
	if err := s.reopen(ctx); err != nil {
		return err
	}
	s.torn = false
	return nil
}

func (s *Store) newWriter(app storage.AppenderV2, b pipeline.Batch) *writer {
	s.rows.gen++
	return &writer{app: app, rows: s.rows, own: s.own, full: s.full, time: b.Time.UnixMilli(), lane: b.Lane, gen: s.rows.gen}
}

// full reports that no new series may come.
func (s *Store) full() bool {
	return s.cfg.MaxSeries > 0 && s.db.Head().NumSeries() >= s.cfg.MaxSeries
}

// warnFull tells once that series are refused.
func (s *Store) warnFull(b pipeline.Batch, metric string) {
	if metric == "" || s.warned {
		return
	}
	s.warned = true
	s.log.Warn("the store holds as many series as it may: new ones are refused, known ones go on. Raise max_series (about 1 KB of memory each), or turn off tables",
		"max_series", s.cfg.MaxSeries, "device", b.Device, "metric", metric)
}

func (w *writer) batch(b pipeline.Batch) {
	for i := range b.Tables {
		t := &b.Tables[i]
		for j := range t.Samples {
			w.sample(&t.Samples[j], t.Status == pipeline.Whole)
		}
		if t.Status == pipeline.Whole {
			w.endLeftovers(b.Device, t)
		}
	}
	for _, s := range b.Gone {
		w.goneRow(s)
	}
}

// sample stores one row. whole says that its table was read whole: a field that is missing then is gone.
func (w *writer) sample(s *pipeline.Sample, whole bool) {
	r := w.rows.of(s.Series)
	r.last = max(r.last, w.time)
	var first error
	numbers, texts := 0, 0
	for i := range s.Fields {
		f := &s.Fields[i]
		switch f.Value.Kind() {
		case pipeline.None:
		case pipeline.Text:
			w.text(r, texts, f)
			texts++
		default:
			if err := w.number(r, numbers, f); err != nil && first == nil {
				first = err
			}
			numbers++
		}
	}
	if whole {
		w.endMissing(r)
	}
	if err := w.info(r); err != nil && first == nil {
		first = err
	}
	w.pay(r)
	if first != nil {
		w.reject(first)
	}
}

func (w *writer) number(r *row, i int, f *pipeline.Field) error {
	v := f.Value.Float()
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil // no reading; a NaN might even be taken for a stale marker
	}
	c := r.number(i, f.Def, &w.names)
	if !c.live {
		r.revive(c.series.labels)
	}
	c.live, c.gen, c.lane = true, w.gen, w.lane
	return w.append(&c.series, v)
}

func (w *writer) text(r *row, i int, f *pipeline.Field) {
	c := r.label(i, f.Def)
	if !c.live || c.text != f.Value.Text() {
		r.changed = true
	}
	c.live, c.gen, c.lane, c.text = true, w.gen, w.lane, f.Value.Text()
}

// endMissing ends what this lane had brought before and did not bring now.
func (w *writer) endMissing(r *row) {
	for _, c := range r.cells {
		if c.live && c.lane == w.lane && c.gen != w.gen {
			c.live = false
			r.owe(&c.series)
		}
	}
	for _, c := range r.texts {
		if c.live && c.lane == w.lane && c.gen != w.gen {
			c.live, r.changed = false, true
		}
	}
}

// info stores the row's texts, under new labels if one of them changed.
func (w *writer) info(r *row) error {
	if r.changed {
		r.changed = false
		if r.info != nil {
			r.owe(r.info)
			r.info = nil
		}
		if texts := r.liveTexts(); len(texts) > 0 {
			r.info = &series{labels: w.names.info(r.source, texts)}
			r.revive(r.info.labels)
		}
	}
	if r.info == nil {
		return nil
	}
	return w.append(r.info, 1)
}

// goneRow ends every series of a row.
func (w *writer) goneRow(s *pipeline.Series) {
	r := w.rows.byKey[s.Key()]
	if r == nil {
		return
	}
	for _, se := range r.all() {
		w.end(se)
	}
	w.gone = append(w.gone, s.Key())
}

// pay ends what the row owes. The debt is cleared when the transaction is in.
func (w *writer) pay(r *row) {
	if len(r.owed) == 0 {
		return
	}
	for _, se := range r.owed {
		w.end(se)
	}
	w.settled = append(w.settled, r)
}

// end writes a stale marker. If the series has a value of this very time, the marker comes 1 ms later.
func (w *writer) end(se *series) {
	if w.over(se) {
		return // it was never stored: nothing to end
	}
	stale := math.Float64frombits(value.StaleNaN)
	t := w.time
	_, err := w.app.Append(se.ref, se.labels, 0, t, stale, nil, nil, storage.AOptions{})
	if errors.Is(err, storage.ErrDuplicateSampleForTimestamp) {
		_, err = w.app.Append(se.ref, se.labels, 0, t+1, stale, nil, nil, storage.AOptions{})
	}
	if err != nil {
		w.refuse(err)
		return
	}
	w.ended++
}

func (w *writer) append(se *series, v float64) error {
	if w.over(se) {
		w.overflowed = se.labels.Get(model.MetricNameLabel)
		w.refuse(errMaxSeries)
		return errMaxSeries
	}
	ref, err := w.app.Append(se.ref, se.labels, 0, w.time, v, nil, nil, storage.AOptions{})
	if err != nil {
		w.refuse(err)
		return err
	}
	se.ref = ref
	w.values++
	return nil
}

// over reports that a series would be a new one, and the head holds as many as it may.
func (w *writer) over(se *series) bool {
	if se.ref != 0 || !w.full() {
		return false
	}
	known, ok := w.app.(storage.GetRef)
	if !ok {
		return true
	}
	ref, _ := known.GetRef(se.labels, se.labels.Hash())
	return ref == 0
}

func (w *writer) refuse(err error) {
	if w.refused == nil {
		w.refused = map[string]int{}
	}
	w.refused[reasonFor(err)]++
}

func (w *writer) reject(err error) {
	if w.rejected.Samples == 0 {
		w.rejected.Reason = err.Error()
	}
	w.rejected.Samples++
}

// settle notes that the transaction is in.
func (w *writer) settle() {
	for _, r := range w.settled {
		r.owed = nil
	}
	for _, key := range w.gone {
		delete(w.rows.byKey, key)
	}
	for _, key := range w.claimed {
		delete(w.rows.left, key)
	}
	for reason, n := range w.refused {
		w.own.rejected.WithLabelValues(reason).Add(float64(n))
	}
	w.own.values.Add(float64(w.values))
	w.own.stale.Add(float64(w.ended))
}
