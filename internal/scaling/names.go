package scaling

import "regexp"

// ServiceNameRule says in words what IsServiceName accepts.
const ServiceNameRule = "write letters, digits, dots, hyphens and underscores"

var serviceName = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

// IsServiceName says whether Compose takes that name for a service, such as "openWebUI" or "_worker".
func IsServiceName(name string) bool { return serviceName.MatchString(name) }
