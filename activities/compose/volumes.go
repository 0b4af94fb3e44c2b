package compose

import (
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// sharedVolumes returns each named volume and each folder of the host that every replica mounts writable. Single
// files, sockets and devices are no shared data.
func sharedVolumes(s types.ServiceConfig) (out []types.ServiceVolumeConfig) {
	for _, v := range s.Volumes {
		switch {
		case v.ReadOnly, v.Source == "":
		case v.Type == types.VolumeTypeVolume, v.Type == types.VolumeTypeBind && folder(v.Source):
			out = append(out, v)
		}
	}
	return out
}

// volumes fills in what all replicas write into, and whether only one of them may.
func volumes(out *scaling.Service, s types.ServiceConfig) {
	var targets []string
	for _, v := range sharedVolumes(s) {
		out.SharedVolumes = append(out.SharedVolumes, v.Source+" at "+v.Target)
		targets = append(targets, v.Target)
	}
	out.Database = scaling.Database(out.Image, targets, dataFolders(s))
}

// dataFolders are the folders in which a service says that a database keeps its data.
func dataFolders(s types.ServiceConfig) (folders []string) {
	if at := s.Environment["PGDATA"]; at != nil && *at != "" {
		folders = append(folders, *at)
	}
	for i, word := range s.Command {
		option, value, ok := strings.Cut(word, "=")
		if option != "--datadir" && option != "--dbpath" {
			continue
		}
		if !ok && i+1 < len(s.Command) {
			value = s.Command[i+1]
		}
		if value != "" {
			folders = append(folders, value)
		}
	}
	return folders
}

// folder says whether a path is a folder, or will be one: the engine makes what is not there.
func folder(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.IsDir()
}
