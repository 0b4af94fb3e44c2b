package activities

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMask(t *testing.T) {
	got := Mask("pull https://user:hunter22-and-more@host /root/compose.yaml short second line of it", []string{
		"PASSWORD=hunter22", "LONGER=hunter22-and-more", "HOME=/root/compose.yaml", "WORD=short", "LINES=first line\nsecond line of it\n", "NONE",
	})
	require.Equal(t, "pull https://user:${LONGER}@host /root/compose.yaml short ${LINES}", got)
}
