package compose

import (
	"os"

	"github.com/compose-spec/compose-go/v2/types"
)

// sharedVolumes returns "SOURCE at TARGET" for each named volume and each folder of the host that every
// replica mounts writable. Single files, sockets and devices are no shared data.
func sharedVolumes(s types.ServiceConfig) []string {
	var out []string
	for _, v := range s.Volumes {
		switch {
		case v.ReadOnly, v.Source == "":
		case v.Type == types.VolumeTypeVolume, v.Type == types.VolumeTypeBind && folder(v.Source):
			out = append(out, v.Source+" at "+v.Target)
		}
	}
	return out
}

// folder says whether a path is a folder, or will be one: the engine makes what is not there.
func folder(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.IsDir()
}
