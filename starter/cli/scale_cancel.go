package cli

import (
	"context"
	"errors"
	"strings"

	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/workflows"
)

// cancelScale cancels the runs of services, which may be written as they are to be scaled.
func (s *starter) cancelScale(ctx context.Context, services []string) error {
	_, name, host, err := s.configuration()
	if err != nil {
		return err
	}
	var named []serviceName
	for _, arg := range services {
		arg, _, _ = strings.Cut(arg, "=")
		named = append(named, parseService(arg))
	}
	if err := heeded(s.project, named); err != nil {
		return err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return s.cancelRuns(ctx, c, name, host, named)
}

func (s *starter) cancelRuns(ctx context.Context, c client.Client, name string, host config.Host, named []serviceName) error {
	var faults []error
	cancelling := []string{}
	for _, n := range named {
		service, err := n.find(name, host, s.project)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		id := workflows.ServiceID(name, service.Project, service.Service)
		running, err := isRunning(ctx, c, id)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A server that cannot say whether it runs may still take the word.
		if err == nil && !running {
			if project := host.Projects[service.Project]; len(project.Services) > 0 {
				if _, listed := project.Services[service.Service]; !listed {
					faults = append(faults, no(id, "nothing is running, and "+service.Project+" lists no service "+service.Service, "see starter status"))
					continue
				}
			}
			faults = append(faults, no(id, "nothing is running", "see starter status"))
			continue
		}
		s.begun = "what is cancelled puts things back; see starter status"
		if err := c.CancelWorkflow(ctx, id, ""); err != nil {
			faults = append(faults, missing(id, "whether the cancellation was taken is not known: "+firstLine(err), "see starter status, and cancel it again"))
			continue
		}
		cancelling = append(cancelling, id)
		if s.output == "text" {
			s.Err.Printf("cancelling %s; it puts things back\n", id)
		}
	}
	if s.output == "json" {
		faults = append(faults, s.printJSON(map[string]any{"cancelling": cancelling}))
	}
	return errors.Join(faults...)
}
