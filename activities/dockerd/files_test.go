package dockerd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

func TestOwner(t *testing.T) {
	has := &file{uid: 33, gid: 34}
	for _, c := range []struct {
		name, uid, gid, user string
		has                  *file
		wantUID, wantGID     int
		refused              bool
	}{
		{name: "none is root's, whoever the user is", user: "1000", has: has},
		{name: "as the file says, for root", uid: "7", gid: "8", wantUID: 7, wantGID: 8},
		{name: "as the file says, for root by name", uid: "7", user: "root", wantUID: 7},
		{name: "the container's user", uid: "7", gid: "8", user: "1000:1001", wantUID: 1000, wantGID: 1001},
		{name: "a user of the image, as the sibling has it", uid: "7", user: "app", has: has, wantUID: 33, wantGID: 34},
		{name: "a user of the image, and no sibling that has it", uid: "7", user: "app", refused: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			uid, gid, err := owner(activities.ContainerFile{UID: c.uid, GID: c.gid}, c.user, c.has)
			if c.refused {
				require.ErrorContains(t, err, `the container's user "app" is a name`)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.wantUID, uid)
			require.Equal(t, c.wantGID, gid)
		})
	}
}
