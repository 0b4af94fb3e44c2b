package compose

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAwaited(t *testing.T) {
	p := project(t, map[string]string{"compose.yaml": `
services:
  migrate: {image: x}
  db: {image: x}
  web: {image: x, depends_on: {migrate: {condition: service_completed_successfully}, db: {condition: service_started}}}
  api: {image: x, depends_on: {migrate: {condition: service_completed_successfully}}}
`})
	got, err := p.Awaited(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"migrate": "api"}, got)
}
