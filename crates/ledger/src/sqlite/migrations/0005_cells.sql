-- Format 5: small named values that are compared and set with a change. Pauses of releases, and the
-- ledger's own journal, are kept in them; what format 4 kept of pauses is given up, as its entries
-- had no hashes.
DROP TRIGGER a_paused_ledger_starts_no_release;
DROP TABLE pauses;
CREATE TABLE cell (
    key   TEXT PRIMARY KEY CHECK (key <> ''),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a person decided, as it was recorded with the entry.
ALTER TABLE journal ADD COLUMN decision TEXT CHECK (json_valid(decision));

-- The program checks these in every commit. These guards are for a process of an older version that
-- has the file open, and for other tools. Filling a ledger only inserts.
CREATE TRIGGER a_paused_ledger_starts_no_release BEFORE UPDATE OF state ON batch
WHEN NEW.state = 'releasing' AND OLD.state <> 'releasing'
    AND (SELECT name FROM stage) = 'open'
    AND EXISTS (SELECT 1 FROM cell WHERE key = 'paused')
BEGIN SELECT RAISE(ABORT, 'releases are paused'); END;
CREATE TRIGGER a_closed_ledger_sets_no_cell BEFORE INSERT ON cell
WHEN (SELECT name FROM stage) = 'moved'
BEGIN SELECT RAISE(ABORT, 'this ledger moved'); END;
CREATE TRIGGER a_closed_ledger_changes_no_cell BEFORE UPDATE ON cell
WHEN (SELECT name FROM stage) <> 'open'
BEGIN SELECT RAISE(ABORT, 'this ledger is closed'); END;
CREATE TRIGGER a_closed_ledger_drops_no_cell BEFORE DELETE ON cell
WHEN (SELECT name FROM stage) <> 'open'
BEGIN SELECT RAISE(ABORT, 'this ledger is closed'); END;
CREATE TRIGGER the_house_journal_is_never_edited BEFORE UPDATE ON cell
WHEN OLD.key GLOB 'log:*'
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER the_house_journal_is_never_cut BEFORE DELETE ON cell
WHEN OLD.key = 'log' OR OLD.key GLOB 'log:*'
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
