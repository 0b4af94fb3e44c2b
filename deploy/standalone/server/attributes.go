package server

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
)

// searchAttributes are what evenkeel's runs are found by in the Web UI and the CLI.
func searchAttributes() map[string]enums.IndexedValueType {
	return map[string]enums.IndexedValueType{
		"EvenkeelHost":     enums.INDEXED_VALUE_TYPE_KEYWORD,
		"EvenkeelService":  enums.INDEXED_VALUE_TYPE_KEYWORD,
		"EvenkeelSeverity": enums.INDEXED_VALUE_TYPE_KEYWORD,
		"EvenkeelState":    enums.INDEXED_VALUE_TYPE_KEYWORD,
	}
}

// ensureSearchAttributes adds those that a namespace from an earlier version does not have, and
// waits until the server knows them: it reads its namespaces every two seconds, and a run that sets
// an attribute before that is refused.
func ensureSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	for added := false; ; {
		missing, err := missingSearchAttributes(ctx, c, namespace)
		if err != nil || len(missing) == 0 {
			return err
		}
		if !added {
			if _, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
				Namespace: namespace, SearchAttributes: missing,
			}); err != nil {
				return fmt.Errorf("add: %w", err)
			}
			added = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func missingSearchAttributes(ctx context.Context, c client.Client, namespace string) (map[string]enums.IndexedValueType, error) {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	missing := searchAttributes()
	for name := range missing {
		kind, ok := have.GetCustomAttributes()[name]
		if ok && kind != missing[name] {
			return nil, fmt.Errorf("%s is a %s and must be a %s; remove it with `temporal operator search-attribute remove`", name, kind, missing[name])
		}
		if ok {
			delete(missing, name)
		}
	}
	return missing, nil
}
