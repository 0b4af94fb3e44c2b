package activities

import (
	"context"
	"slices"
)

// Gone is what MissingReplicas says of a replica that is not there any more, of which only the id is known.
func Gone(id string) string { return "a replica is gone (" + id[:min(12, len(id))] + ")" }

// MissingReplicas says of each replica of the request that does not run any more what became of it, such as "app-2 is
// exited"; of one that is gone it says so. It is a read: an engine that does not answer is Unavailable.
func (r *Replicas) MissingReplicas(ctx context.Context, req ReplicasRequest) ([]string, error) {
	defer Heartbeat(ctx)()
	replicas, err := r.Engine.Replicas(ctx, req.Project, req.Service)
	if err != nil {
		return nil, Classify(ctx, err)
	}
	var missing []string
	there := map[string]bool{}
	for _, replica := range replicas {
		there[replica.ID] = true
		if slices.Contains(req.IDs, replica.ID) && !replica.Live() {
			missing = append(missing, replica.Name+" is "+replica.State)
		}
	}
	for _, id := range req.IDs {
		if !there[id] {
			missing = append(missing, Gone(id))
		}
	}
	return missing, nil
}
