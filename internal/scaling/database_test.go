package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDatabase(t *testing.T) {
	for name, c := range map[string]struct {
		image         string
		targets, data []string
		want          string
	}{
		"a tag":                     {"postgres", nil, nil, "postgres, by its image"},
		"a registry":                {"docker.io/library/postgres:16-alpine", nil, nil, "postgres, by its image"},
		"a digest":                  {"registry:5000/bitnami/postgresql@sha256:aa", nil, nil, "postgres, by its image"},
		"pgvector":                  {"pgvector/pgvector:pg16", nil, nil, "postgres, by its image"},
		"pgvecto-rs":                {"tensorchord/pgvecto-rs:pg16-v0.2.0", nil, nil, "postgres, by its image"},
		"timescale":                 {"timescale/timescaledb:latest-pg16", nil, nil, "postgres, by its image"},
		"mysql server":              {"mysql/mysql-server:8", nil, nil, "mysql, by its image"},
		"mariadb":                   {"mariadb:11", nil, nil, "mariadb, by its image"},
		"mongo":                     {"mongo:7", nil, nil, "mongo, by its image"},
		"built here":                {"shop-db", []string{"/backup", "/var/lib/postgresql/data"}, nil, "postgres, by its volume at /var/lib/postgresql/data"},
		"of a team":                 {"team/postgres-custom:3", []string{"/var/lib/postgresql"}, nil, "postgres, by its volume at /var/lib/postgresql"},
		"of a private registry":     {"host:5000/mypostgres", []string{"/var/lib/postgresql/17/main/"}, nil, "postgres, by its volume at /var/lib/postgresql/17/main/"},
		"mysql, built here":         {"shop-db", []string{"/var/lib/mysql"}, nil, "mysql, by its volume at /var/lib/mysql"},
		"mongo, built here":         {"shop-db", []string{"/data/db"}, nil, "mongo, by its volume at /data/db"},
		"PGDATA in a volume":        {"shop-db", []string{"/srv"}, []string{"/srv/pg/data"}, "a database, by its data in the volume at /srv"},
		"a volume in PGDATA":        {"shop-db", []string{"/srv/pg/data/base"}, []string{"/srv/pg/data"}, "a database, by its data in the volume at /srv/pg/data/base"},
		"PGDATA beside it":          {"shop-db", []string{"/srv/pgx"}, []string{"/srv/pg"}, ""},
		"an app with uploads":       {"shop-app", []string{"/data", "/var/lib/app"}, nil, ""},
		"files of mysql":            {"shop-app", []string{"/var/lib/mysql-files"}, nil, ""},
		"the socket of a database":  {"shop-app", []string{"/var/run/postgresql"}, nil, ""},
		"a tool, mongo":             {"mongo-express", []string{"/data"}, nil, ""},
		"a tool, postgrest":         {"postgrest/postgrest", []string{"/data"}, nil, ""},
		"a tool, exporter":          {"prometheuscommunity/postgres-exporter", []string{"/data"}, nil, ""},
		"a tool, backup":            {"team/postgres-backup", []string{"/backups"}, nil, ""},
		"another store":             {"redis:7", []string{"/data"}, nil, ""},
		"a registry with its port":  {"registry:5000/app", []string{"/data"}, nil, ""},
		"everything, of an own app": {"shop-app", []string{"/"}, nil, ""},
	} {
		require.Equal(t, c.want, Database(c.image, c.targets, c.data), name)
	}
}
