-- Format 4: every pause of releases there ever was. One row.
CREATE TABLE pauses (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    record TEXT NOT NULL   -- empty until somebody pauses
) STRICT;
INSERT INTO pauses (one, record) VALUES (1, '');

-- The program checks this in every commit that starts a release. These guards are for a process of
-- an older version that has the file open, and for other tools.
CREATE TRIGGER a_paused_ledger_starts_no_release BEFORE UPDATE OF state ON batch
WHEN NEW.state = 'releasing' AND OLD.state <> 'releasing'
    AND (SELECT name FROM stage) = 'open'
    AND (SELECT json_extract(nullif(record, ''), '$.paused') FROM pauses)
BEGIN SELECT RAISE(ABORT, 'releases are paused'); END;
CREATE TRIGGER a_moved_ledger_pauses_nothing BEFORE UPDATE ON pauses
WHEN (SELECT name FROM stage) = 'moved'
BEGIN SELECT RAISE(ABORT, 'this ledger moved'); END;
