-- Format 3: whether the ledger may be used, or is being moved into or out of this file. One row.
CREATE TABLE stage (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    name      TEXT NOT NULL CHECK (name IN ('open', 'filling', 'moved')),
    move      TEXT,   -- the newest move that this file was part of; no other has its id
    came_from TEXT,
    went_to   TEXT,
    CHECK (name = 'open' OR move IS NOT NULL),
    CHECK ((move IS NULL) = (came_from IS NULL) AND (move IS NULL) = (went_to IS NULL))
) STRICT;
INSERT INTO stage (one, name) VALUES (1, 'open');

-- The program checks the stage at every step. These guards are for a process of an older version
-- that has the file open, and for other tools. Filling a ledger only inserts.
CREATE TRIGGER a_closed_ledger_opens_no_batch BEFORE INSERT ON batch
WHEN (SELECT name FROM stage) = 'moved'
BEGIN SELECT RAISE(ABORT, 'this ledger moved'); END;
CREATE TRIGGER a_closed_ledger_changes_no_batch BEFORE UPDATE ON batch
WHEN (SELECT name FROM stage) <> 'open'
BEGIN SELECT RAISE(ABORT, 'this ledger is closed'); END;
CREATE TRIGGER a_closed_ledger_changes_no_job BEFORE UPDATE ON job
WHEN (SELECT name FROM stage) <> 'open'
BEGIN SELECT RAISE(ABORT, 'this ledger is closed'); END;
CREATE TRIGGER a_closed_ledger_spends_nothing BEFORE UPDATE ON budget
WHEN (SELECT name FROM stage) <> 'open'
BEGIN SELECT RAISE(ABORT, 'this ledger is closed'); END;
