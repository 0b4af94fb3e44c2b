package server

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/schema/sqlite"
)

// kept are the indexes of the list of runs that something asks by. The server makes 58 of them, one for
// everything that could ever be asked; each run is in all, which is half of what it takes on the disk. What
// is asked by none of these is found all the same: a host's month of runs is read through in a moment.
var kept = map[string]string{
	"default_idx":                    "the order of every list",
	"by_workflow_id":                 "a run by its id, in starter and in the Web UI's search",
	"by_workflow_type":               "the Web UI's filter by type, and the counts of starter status",
	"by_status":                      "what is at work, the most frequent question of all",
	"by_temporal_namespace_division": "in every list of the server's: runs, schedules and standalone activities are told apart by it",
	"by_temporal_scheduled_by_id":    "the runs of one schedule, on the Web UI's page about it",
	"by_keyword_01":                  "the search attributes of evenkeel, see columns",
	"by_keyword_02":                  "the same",
	"by_keyword_03":                  "the same",
	"by_keyword_04":                  "the same",
}

// trim drops the other indexes; it does nothing to a file that has them no more.
func trim(db *sql.DB) error {
	tx, err := db.Begin()
	if err != nil {
		return fmt.Errorf("indexes: %w", err)
	}
	if err := dropIndexes(tx); err != nil {
		return errors.Join(fmt.Errorf("indexes: %w", err), tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("indexes: %w", err)
	}
	return nil
}

func dropIndexes(tx *sql.Tx) error {
	rows, err := tx.Query(`SELECT name FROM sqlite_master
		WHERE type = 'index' AND tbl_name = 'executions_visibility' AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		if kept[name] == "" {
			names = append(names, name)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := tx.Exec(`DROP INDEX "` + name + `"`); err != nil {
			return err
		}
	}
	return nil
}

// columns gives evenkeel's search attributes the columns whose indexes are kept. The server would take
// any ten of its columns for them. A namespace that an earlier version made keeps those that it has.
func columns(ns *sqlite.NamespaceConfig, attributes map[string]enumspb.IndexedValueType) {
	aliases := map[string]string{}
	for i, name := range slices.Sorted(maps.Keys(attributes)) {
		aliases[fmt.Sprintf("Keyword%02d", i+1)] = name
	}
	ns.Detail.Config.CustomSearchAttributeAliases = aliases
}
