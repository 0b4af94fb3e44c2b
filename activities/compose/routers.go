package compose

import (
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// routers are the kinds of router by the last part of an image's name.
var routers = map[string]string{
	"nginx": "nginx", "nginx-unprivileged": "nginx", "openresty": "nginx", "nginx-proxy": "nginx-proxy",
	"traefik": "traefik", "caddy": "caddy", "caddy-docker-proxy": "caddy",
	"haproxy": "haproxy", "haproxy-alpine": "haproxy", "envoy": "envoy",
}

// router returns the kind of router that an image is, whatever its registry, tag and digest.
func router(image string) string {
	name, _, _ := strings.Cut(image, "@")
	name = name[strings.LastIndex(name, "/")+1:]
	name, _, _ = strings.Cut(name, ":")
	return routers[name]
}

// routedBy returns the kind of router that reads the service's own labels or variables.
func routedBy(s types.ServiceConfig) string {
	if off := s.Labels["traefik.enable"]; off != "false" {
		for name := range s.Labels {
			if strings.HasPrefix(name, "traefik.") {
				return "traefik"
			}
		}
	}
	for name := range s.Labels {
		if name == "caddy" || strings.HasPrefix(name, "caddy.") || strings.HasPrefix(name, "caddy_") {
			return "caddy"
		}
	}
	if host := s.Environment["VIRTUAL_HOST"]; host != nil && *host != "" {
		return "nginx-proxy"
	}
	return ""
}
