package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

const keyword = enums.INDEXED_VALUE_TYPE_KEYWORD

// initAttributes registers what the namespace lacks of evenkeel's search attributes.
func (s *starter) initAttributes(ctx context.Context) error {
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	present, lacking, err := searchAttributes(ctx, c)
	if err != nil {
		return ofOperator(err)
	}
	if len(lacking) > 0 {
		request := &operatorservice.AddSearchAttributesRequest{Namespace: c.Namespace, SearchAttributes: map[string]enums.IndexedValueType{}}
		for _, name := range lacking {
			request.SearchAttributes[name] = keyword
		}
		_, err := c.OperatorService().AddSearchAttributes(ctx, request)
		var already *serviceerror.AlreadyExists
		if err != nil && !errors.As(err, &already) {
			return ofOperator(err)
		}
	}
	if s.output == "json" {
		return s.printJSON(map[string]any{"namespace": c.Namespace, "added": lacking, "present": present})
	}
	for _, name := range present {
		s.Out.Printf("%s is there already\n", name)
	}
	for _, name := range lacking {
		s.Out.Printf("%s added\n", name)
	}
	if len(lacking) > 0 {
		s.Out.Printf("namespace %s has them within seconds; restart the workers so that they set them\n", c.Namespace)
	}
	return nil
}

// searchAttributes divides evenkeel's search attributes into those that the namespace has and those
// that it lacks. One that has another type can be neither used nor added.
func searchAttributes(ctx context.Context, c *connect.Connection) (present, lacking []string, err error) {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: c.Namespace})
	if err != nil {
		return nil, nil, err
	}
	present, lacking = []string{}, []string{}
	for _, name := range workflows.SearchAttributes() {
		switch kind, ok := have.GetCustomAttributes()[name]; {
		case !ok:
			lacking = append(lacking, name)
		case kind != keyword:
			return nil, nil, no("namespace "+c.Namespace, fmt.Sprintf("%s is a %s and must be a %s", name, kind, keyword),
				"remove it with temporal operator search-attribute remove --name "+name)
		default:
			present = append(present, name)
		}
	}
	return present, lacking, nil
}

// ofOperator says what to do where the server does not let us ask or change its search attributes.
func ofOperator(err error) error {
	var known *failure
	var denied *serviceerror.PermissionDenied
	var unknown *serviceerror.Unimplemented
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &denied), errors.As(err, &unknown):
		return missing("search attributes", firstLine(err), "have an administrator add them as Keyword: "+strings.Join(workflows.SearchAttributes(), ", "))
	default:
		return missing("Temporal", firstLine(err), "see starter doctor")
	}
}
