package cli

import "fmt"

// retryNews remembers what was told of retries, by activity.
type retryNews map[string]string

// changed returns those whose attempt or error is not what was told, and forgets those that are over.
// With errorsOnly the attempt does not count, for the live line of a terminal shows it.
func (n retryNews) changed(all []retry, errorsOnly bool) []retry {
	var news []retry
	seen := map[string]bool{}
	for _, r := range all {
		key := r.WorkflowID + "\x00" + r.runID + "\x00" + r.activityID
		seen[key] = true
		state := fmt.Sprint(r.Paused, r.WaitingSince != nil, r.LastError)
		if !errorsOnly {
			state += fmt.Sprint(r.Attempt)
		}
		if n[key] != state {
			n[key] = state
			news = append(news, r)
		}
	}
	for key := range n {
		if !seen[key] {
			delete(n, key)
		}
	}
	return news
}
