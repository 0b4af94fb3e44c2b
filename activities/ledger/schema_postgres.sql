-- The audit ledger in PostgreSQL. The triggers guard against mistakes; whoever drops them is found out
-- by the hashes. COLLATE "C" compares keys and times by their bytes, as SQLite does.
CREATE TABLE ledger_entry (
  seq         BIGINT PRIMARY KEY,
  key         TEXT COLLATE "C" NOT NULL UNIQUE,
  at          TEXT COLLATE "C" NOT NULL,
  kind        TEXT COLLATE "C" NOT NULL,
  subject     TEXT COLLATE "C" NOT NULL,
  actor       TEXT COLLATE "C" NOT NULL,
  workflow_id TEXT COLLATE "C" NOT NULL,
  run_id      TEXT COLLATE "C" NOT NULL,
  data        TEXT COLLATE "C" NOT NULL,
  prev_hash   TEXT COLLATE "C" NOT NULL,
  hash        TEXT COLLATE "C" NOT NULL
);
CREATE INDEX ledger_entry_kind ON ledger_entry (kind, subject, at);
CREATE INDEX ledger_entry_workflow ON ledger_entry (workflow_id);

-- The one row of the newest entry. Whoever appends locks it first.
CREATE TABLE ledger_head (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  seq  BIGINT NOT NULL,
  hash TEXT COLLATE "C" NOT NULL
);
INSERT INTO ledger_head VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only';
END $$;
CREATE FUNCTION ledger_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq <> OLD.seq + 1 THEN
    RAISE EXCEPTION 'the head of the ledger only goes forward';
  END IF;
  RETURN NEW;
END $$;
-- Written as pg_get_triggerdef writes them, which starter audit verify compares.
CREATE TRIGGER ledger_entry_change BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_head_remove BEFORE DELETE OR TRUNCATE ON ledger_head
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_head_forward BEFORE UPDATE ON ledger_head
  FOR EACH ROW EXECUTE FUNCTION ledger_forward();
