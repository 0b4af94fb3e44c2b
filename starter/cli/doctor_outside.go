package cli

import (
	"context"
	"fmt"
	"strings"
)

// outside are the checks of what is told of things outside this installation. Nobody is called: a page would wake somebody
// up, and a heartbeat would say that a worker is ready. A chat is no line where none is configured: it is one of several
// ways to be told something.
func (d *doctor) outside() []check {
	checks := []check{{"paging", d.paging}, {"heartbeat", d.heartbeat}}
	if d.configFault == nil && d.config.ChatWebhook != nil {
		checks = append(checks, check{"chat webhook", d.chatWebhook})
	}
	return checks
}

func (d *doctor) paging(context.Context) finding {
	if d.configFault != nil {
		return notAsked("needs the configuration")
	}
	p := d.config.Paging
	if p == nil {
		return noted("none is configured, so nobody is woken up", "to have somebody woken up, set paging")
	}
	whom, err := "a webhook", error(nil)
	if p.PagerDuty != nil {
		whom = p.PagerDuty.URL
		_, err = d.config.RoutingKey()
	} else {
		_, _, err = d.config.PagingWebhook()
	}
	if err != nil {
		return faultyFile(err)
	}
	return well(fmt.Sprintf("%s, for %s", whom, strings.Join(p.Severities, ", ")))
}

func (d *doctor) heartbeat(context.Context) finding {
	if d.configFault != nil {
		return notAsked("needs the configuration")
	}
	if d.config.Heartbeat == nil {
		return noted("none is configured, so nobody outside notices when this host is down", "to have it noticed, set heartbeat")
	}
	if _, err := d.config.HeartbeatURL(); err != nil {
		return faultyFile(err)
	}
	return well("every " + d.config.Heartbeat.Interval.String())
}

func (d *doctor) chatWebhook(context.Context) finding {
	if _, err := d.config.ChatWebhookURL(); err != nil {
		return faultyFile(err)
	}
	return well(string(d.config.ChatWebhook.Kind))
}

// faultyFile is a fault of a file with a secret, with what to do about it apart.
func faultyFile(err error) finding {
	what, todo, _ := strings.Cut(err.Error(), "; ")
	return lacking(what, todo)
}
