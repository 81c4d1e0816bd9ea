package simulator

import "strconv"

func itoa(n int) string { return strconv.Itoa(n) }

func utoa(n uint64) string { return strconv.FormatUint(n, 10) }

// printHealth: v7 has a row for each sensor, v6 one row with a column for each, if there are any.
func printHealth(v *view, row *apiRow, emit func()) {
	m := v.router.model
	if m.atLeast(7, 0) {
		for i := range m.sensors {
			row.id(uint32(i) + 1)
			row.string("name", m.sensors[i].name)
			m.sensors[i].show(v, row, "value")
			row.string("type", m.sensors[i].apiUnit())
			emit()
		}
		return
	}
	for i := range m.sensors {
		m.sensors[i].show(v, row, m.sensors[i].name)
	}
	if len(m.sensors) > 0 {
		emit()
	}
}

// show sets the sensor's value as the API writes it.
func (s *sensor) show(v *view, row *apiRow, name string) {
	n := s.read(v)
	switch {
	case s.unit == unitStateCode && n == stateOK:
		row.string(name, "ok")
	case s.unit == unitStateCode:
		row.string(name, "fail")
	case s.unit == unitDeciVolt || s.unit == unitDeciAmp || s.unit == unitDeciWatt:
		row.tenths(name, n)
	default:
		row.number(name, int64(n))
	}
}

func (s *sensor) apiUnit() string {
	return [...]string{unitCelsius: "C", unitRPM: "RPM", unitDeciVolt: "V", unitDeciAmp: "A", unitDeciWatt: "W", unitStateCode: ""}[s.unit]
}
