package scaling

import "testing"

func TestDefinition(t *testing.T) {
	differs := func(_ *Request, s *Service) {
		s.Hash, s.Scale, s.Differences = "h2", 1, []string{"environment DBPASS", "image"}
	}
	check(t, map[string]said{
		"edited": {
			to: 4, have: running(3), edit: differs,
			refusals: []Refusal{{ComposeFileEdited, "the definition of app differs from shop-app-1 in environment DBPASS, image; `docker compose up -d app` would now replace every replica (3) at once and leave 1; new replicas need the definition that the present ones have"}},
			warnings: []string{"a later `docker compose up -d` takes app back to 1, the number in the Compose file"},
		},
		"edited, with a variable that only a shell had": {
			to: 2, have: running(1), edit: func(r *Request, s *Service) {
				differs(r, s)
				s.Scale, s.Unset, s.Differences = 2, []string{"DBPASS"}, nil
			},
			refusals: []Refusal{{ComposeFileEdited, "the definition of app differs from shop-app-1, and DBPASS is not set for the worker; `docker compose up -d app` would now replace every replica (1) at once and leave 2; new replicas need the definition that the present ones have"}},
		},
		"edited, going down": {to: 1, have: running(3), edit: func(_ *Request, s *Service) { s.Hash = "h2" }},
		"some are outdated, and the new one is copied": {
			to: 3, have: []Replica{of("h0", replica(1, "running", "")), replica(2, "running", "")}, edit: func(_ *Request, s *Service) { s.Differences = []string{"image"} },
			warnings: []string{"the definition of app differs from shop-app-1 in image; the new replicas are as the Compose file is now"},
		},
		"an external network that is gone": {
			to: 2, have: running(1), edit: func(_ *Request, s *Service) { s.Missing = []string{"network outside", "volume data"} },
			refusals: []Refusal{
				{MissingResource, "the external network outside of app is not there; make it with `docker network create outside`"},
				{MissingResource, "the external volume data of app is not there; make it with `docker volume create data`"},
			},
		},
		"an empty config": {
			to: 2, have: running(1), edit: func(_ *Request, s *Service) { s.EmptyFiles = []string{"config c"} },
			refusals: []Refusal{{EmptyFile, "config c has content \"\": Compose mounts the whole project folder in its place; give it a content or remove it"}},
		},
		"an edited network, from none": {
			to: 1, edit: func(_ *Request, s *Service) { s.Edited = []string{"network back"} },
			refusals: []Refusal{{ResourceEdited, "the definition of network back has changed since it was made: Compose would stop everything that uses it to make it anew; with the definition as it was, app can be started"}},
		},
		"an edited network, where Compose is not needed": {to: 2, have: running(1), edit: func(_ *Request, s *Service) { s.Edited = []string{"network back"} }},
		"an edited network, and one to start":            {to: 1, have: []Replica{replica(1, "exited", "")}, edit: func(_ *Request, s *Service) { s.Edited = []string{"network back"} }},
	})
}

func TestUnsetVariables(t *testing.T) {
	unset := func(names ...string) func(*Request, *Service) {
		return func(_ *Request, s *Service) { s.Unset = names }
	}
	check(t, map[string]said{
		"none has the hash": {
			to: 1, edit: unset("DBPASS"),
			refusals: []Refusal{{UnsetVariable, "DBPASS is not set for the worker; Compose would take an empty text for it in app; set it in the worker's environment or in .env"}},
		},
		"one of another hash is not thrown away for it": {
			to: 1, have: []Replica{of("h0", replica(1, "exited", ""))}, edit: unset("A", "B"),
			refusals: []Refusal{{UnsetVariable, "A, B are not set for the worker; Compose would take an empty text for them in app; set them in the worker's environment or in .env"}},
			warnings: []string{"shop-app-1 is exited, was made from another definition and will be removed before the first replica is made; that cannot be undone"},
		},
		"a stopped one of this hash is started": {to: 1, have: []Replica{replica(1, "exited", "")}, edit: unset("DBPASS")},
		"a dead one of this hash proves it": {
			to: 1, have: []Replica{replica(1, "dead", "")}, edit: unset("DBPASS"),
			warnings: []string{"shop-app-1 is dead and will be removed before the first replica is made; that cannot be undone"},
		},
		"a copy takes the sibling's": {to: 2, have: running(1), edit: unset("DBPASS")},
	})
}
