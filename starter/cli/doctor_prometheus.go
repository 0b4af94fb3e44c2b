package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

func (d *doctor) prometheus(ctx context.Context) finding {
	if d.configFault != nil {
		return notAsked("needs the configuration")
	}
	address := strings.TrimRight(d.config.Prometheus.URL, "/")
	if address == "" {
		return noted("none is configured", "for measurements, set prometheus.url")
	}
	var answer struct {
		Data struct{ Version string }
	}
	err := getJSON(ctx, http.DefaultClient, address+"/api/v1/status/buildinfo", &answer)
	var status *statusError
	switch {
	case errors.As(err, &status) && status.code == http.StatusNotFound:
		// Other servers with Prometheus's query API need not have this page.
		return noted(address+" answers and does not say its version", "see whether it is a Prometheus")
	case err != nil:
		return lacking(fmt.Sprintf("%s: %s", address, reason(err)), "start it, or correct prometheus.url")
	}
	return well(fmt.Sprintf("%s at %s", answer.Data.Version, address))
}
