package cli

import (
	"fmt"
	"time"
)

// outageAfter is how long a server does not answer before that is told: a restart takes less.
const outageAfter = 5 * time.Second

// outage follows whether the server answers a program that watches a run, and words it once each way.
type outage struct {
	since time.Time
	told  bool
}

// silent says what there is to tell when the server has not answered; "" for nothing new.
func (o *outage) silent(now time.Time) string {
	if o.since.IsZero() {
		o.since = now
	}
	if o.told || now.Sub(o.since) < outageAfter {
		return ""
	}
	o.told = true
	return fmt.Sprintf("the server does not answer since %s; the run goes on once it is back, and Ctrl-C stops following", o.since.Local().Format(time.TimeOnly))
}

// answers says what there is to tell when the server has answered; "" for nothing new.
func (o *outage) answers() string {
	told := o.told
	*o = outage{}
	if told {
		return "the server answers again"
	}
	return ""
}
