package scaling

import (
	"path"
	"slices"
	"strings"
)

// databases are those that lose data when two of them write into one place: the names of their images, and the
// folders in which the images that are in wide use keep their data.
var databases = []struct {
	name    string
	images  []string
	folders []string
}{
	{
		"postgres",
		[]string{"postgres", "postgresql", "pgvector", "pgvecto-rs", "postgis", "timescaledb", "timescaledb-ha", "spilo"},
		[]string{"/var/lib/postgresql", "/var/lib/pgsql", "/bitnami/postgresql", "/home/postgres/pgdata"},
	},
	{"mariadb", []string{"mariadb"}, []string{"/bitnami/mariadb"}},
	{"mysql", []string{"mysql", "mysql-server", "percona", "percona-server"}, []string{"/var/lib/mysql", "/bitnami/mysql"}},
	{
		"mongo",
		[]string{"mongo", "mongodb", "mongodb-community-server", "mongodb-enterprise-server", "percona-server-mongodb"},
		[]string{"/data/db", "/var/lib/mongo", "/var/lib/mongodb", "/bitnami/mongodb"},
	},
}

// Database says which database a service is and what shows that, such as "postgres, by its volume at
// /var/lib/postgresql/data"; empty for any other. Image is the reference in the file, targets are where its volumes
// are mounted, and data is where its environment or command says that its data lies. The name of an image alone
// proves little: many are built from a database's under a name of their own, and tools for one are called after it.
func Database(image string, targets, data []string) string {
	name := imageName(image)
	for _, db := range databases {
		if slices.Contains(db.images, name) {
			return db.name + ", by its image"
		}
	}
	for _, db := range databases {
		for _, target := range targets {
			if slices.ContainsFunc(db.folders, func(folder string) bool { return within(target, folder) }) {
				return db.name + ", by its volume at " + target
			}
		}
	}
	for _, folder := range data {
		for _, target := range targets {
			if within(target, folder) || within(folder, target) {
				return "a database, by its data in the volume at " + target
			}
		}
	}
	return ""
}

// within says whether a path is a folder or lies in it.
func within(p, folder string) bool {
	p, folder = path.Clean(p), path.Clean(folder)
	return p == folder || strings.HasPrefix(p, strings.TrimSuffix(folder, "/")+"/")
}

// imageName is the last part of an image's reference, without tag and digest.
func imageName(reference string) string {
	reference, _, _ = strings.Cut(reference, "@")
	name, _, _ := strings.Cut(path.Base(reference), ":")
	return name
}
