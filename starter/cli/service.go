package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
)

func (s *starter) serviceCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the services of the Compose projects and their replicas",
		RunE: func(cmd *cobra.Command, _ []string) error { return s.serviceList(cmd.Context()) },
	}
	stats := &cobra.Command{
		Use: "stats", Short: "Show what every running replica uses of its limits",
		RunE: func(cmd *cobra.Command, _ []string) error { return s.serviceStats(cmd.Context()) },
	}
	return group("service", "Look at the services of a host", s.onProject(list, "all"), s.onProject(stats, "all"))
}

// askHost reads the configuration, asks the host's worker one question and returns the host's name.
func (s *starter) askHost(ctx context.Context, summary string, answer, activity any, args ...any) (host string, err error) {
	_, host, _, err = s.configuration()
	if err != nil {
		return "", err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return host, ask(ctx, c, host, summary, answer, activity, args...)
}

// projects are the ones that are asked for; none is all of the host.
func (s *starter) projects() []string {
	if s.project == "" {
		return []string{}
	}
	return []string{s.project}
}

func (s *starter) serviceList(ctx context.Context) error {
	var docker *activities.Docker
	var rows []activities.ServiceRow
	if _, err := s.askHost(ctx, "list the services", &rows, docker.ListServices, s.projects()); err != nil {
		return err
	}
	return s.printServices(rows)
}

func (s *starter) printServices(rows []activities.ServiceRow) error {
	if s.output == "json" {
		return s.printJSON(map[string]any{"services": rows})
	}
	out := [][]string{{"PROJECT", "SERVICE", "REPLICAS", "MIN–MAX", "REPLICA", "STATE", "HEALTH", "ADDRESS"}}
	for _, row := range rows {
		bounds := "not scaled"
		if row.Scalable {
			bounds = fmt.Sprintf("%d–%d", row.Min, row.Max)
		}
		head := []string{row.Project, row.Service, fmt.Sprint(len(row.Replicas)), bounds}
		if len(row.Replicas) == 0 {
			out = append(out, append(head, "", "", "", ""))
		}
		for i, r := range row.Replicas {
			if i > 0 {
				head = []string{"", "", "", ""}
			}
			out = append(out, append(head, r.Name, r.State, r.Health, r.Address))
		}
	}
	s.table(out)
	return nil
}

func (s *starter) serviceStats(ctx context.Context) error {
	var docker *activities.Docker
	var rows []activities.ReplicaUsage
	if _, err := s.askHost(ctx, "measure the replicas", &rows, docker.ServiceStats, s.projects()); err != nil {
		return err
	}
	return s.printUsage(rows)
}

func (s *starter) printUsage(rows []activities.ReplicaUsage) error {
	if s.output == "json" {
		return s.printJSON(map[string]any{"replicas": rows})
	}
	out := [][]string{{"PROJECT", "REPLICA", "CPU OF LIMIT", "MEMORY OF LIMIT", "MEMORY MB"}}
	for _, row := range rows {
		out = append(out, []string{
			row.Project, row.Replica.Name, fmt.Sprintf("%.1f%%", 100*row.Usage.CPURatio),
			fmt.Sprintf("%.1f%%", 100*row.Usage.MemoryRatio), fmt.Sprint(row.Usage.MemoryMB),
		})
	}
	s.table(out)
	return nil
}
