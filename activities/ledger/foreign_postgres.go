package ledger

import (
	"context"
	"database/sql"
	"regexp"
	"strings"
)

// postgresObjects are what changes what the ledger's tables do, written as the schema writes it: triggers, rules and
// policies, whoever made them, and the ledger's own functions and indexes. A trigger can be there and be disabled.
const postgresObjects = `
	WITH own AS (
		SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE relname IN ('ledger_entry', 'ledger_head') AND nspname = ANY (current_schemas(false))
	), kept AS (
		SELECT 'trigger' AS kind, tgname::text AS name,
			pg_get_triggerdef(t.oid, true) || CASE tgenabled WHEN 'O' THEN ';' ELSE ' DISABLED;' END AS text
		FROM pg_trigger t JOIN own ON own.oid = tgrelid WHERE NOT tgisinternal
		UNION ALL
		SELECT 'rule', rulename::text, '' FROM pg_rewrite JOIN own ON own.oid = ev_class
		UNION ALL
		SELECT 'policy', polname::text, '' FROM pg_policy JOIN own ON own.oid = polrelid
		UNION ALL
		SELECT 'index', i.relname::text, replace(pg_get_indexdef(i.oid, 0, true), ' USING btree', '') || ';'
		FROM pg_index JOIN own ON own.oid = indrelid JOIN pg_class i ON i.oid = indexrelid
		WHERE i.relname IN ('ledger_entry_kind', 'ledger_entry_workflow')
		UNION ALL
		SELECT 'function', proname::text, 'CREATE FUNCTION ' || proname || '() RETURNS trigger LANGUAGE plpgsql AS $$' || prosrc || '$$;'
		FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
		WHERE proname IN ('ledger_refuse', 'ledger_forward') AND nspname = ANY (current_schemas(false))
	)
	SELECT kind, name, text FROM kept ORDER BY kind, name`

// made are the statements of the schema that make something beside the tables.
var made = regexp.MustCompile(`CREATE (FUNCTION|TRIGGER|INDEX) (\w+)(?:[^;$]|\$\$(?s:.*?)\$\$)*;`)

// postgresForeign tells of what is not as the ledger made it. Other tables and views of the database are none of its
// business, and no index of PostgreSQL leaves out what it should show.
func postgresForeign(ctx context.Context, tx *sql.Tx, tell func(string)) error {
	own := map[string]string{}
	for _, m := range made.FindAllStringSubmatch(postgresSchema, -1) {
		own[strings.ToLower(m[1])+" "+m[2]] = m[0]
	}
	all, err := objects(ctx, tx, postgresObjects)
	if err != nil {
		return err
	}
	differences(own, all, tell)
	return nil
}
