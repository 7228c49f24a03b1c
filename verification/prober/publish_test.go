package prober

import (
	"testing"
	"time"
)

func TestAReportConfirmsAChangeOnce(t *testing.T) {
	changed := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	rows := map[string]struct {
		written, now time.Duration
		want         bool
	}{
		"a moment after the change":       {written: 2 * time.Second, now: 5 * time.Second},
		"just before":                     {written: 2 * time.Second, now: confirmAfter - time.Second},
		"when it is time":                 {written: 2 * time.Second, now: confirmAfter, want: true},
		"much later, as nothing was sent": {written: 2 * time.Second, now: 2 * time.Minute, want: true},
		"a report said it since":          {written: confirmAfter, now: confirmAfter + time.Second},
		"it was confirmed long ago":       {written: confirmAfter + time.Second, now: time.Hour},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			m := &measurer{schedule: schedule{changed: changed}, written: writeState{at: changed.Add(row.written)}}
			if got := m.confirms(changed.Add(row.now)); got != row.want {
				t.Errorf("got %t, want %t", got, row.want)
			}
		})
	}
}
