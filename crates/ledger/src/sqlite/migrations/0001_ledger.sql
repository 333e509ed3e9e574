-- Format 1: batches, what was asked and what became of it, the journal, the jobs.
-- A migration that was released is never edited; changes come as the next number.

PRAGMA application_id = 1330528601; -- "ONAY"

-- What the ledger knows of itself: one row.
CREATE TABLE ledger (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    fence   INTEGER NOT NULL CHECK (fence >= 0), -- the newest fencing token
    account TEXT                                 -- the provider account, once bound
) STRICT;
INSERT INTO ledger (one, fence) VALUES (1, 0);

-- A batch without its items. `state` repeats what stands in `head`, to list by.
CREATE TABLE batch (
    id           TEXT PRIMARY KEY CHECK (id GLOB 'b_*'),
    external_id  TEXT NOT NULL UNIQUE,
    version      INTEGER NOT NULL CHECK (version > 0),
    state        TEXT NOT NULL CHECK (state <> ''),
    head         TEXT NOT NULL CHECK (json_valid(head)),
    journal_head TEXT NOT NULL CHECK (length(journal_head) = 64)
) STRICT;
CREATE INDEX batch_by_state ON batch (state, id);

-- What the maker asked for: one record, written once.
CREATE TABLE content (
    batch  TEXT PRIMARY KEY REFERENCES batch (id),
    record TEXT NOT NULL CHECK (json_valid(record))
) STRICT;

-- What became of an item, once anything is known of it; `place` is its index in the content.
CREATE TABLE outcome (
    batch  TEXT NOT NULL REFERENCES batch (id),
    place  INTEGER NOT NULL CHECK (place >= 0),
    record TEXT NOT NULL CHECK (json_valid(record)),
    PRIMARY KEY (batch, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    batch  TEXT NOT NULL REFERENCES batch (id),
    seq    INTEGER NOT NULL CHECK (seq > 0),
    at     TEXT NOT NULL,
    actor  TEXT NOT NULL,
    via    TEXT NOT NULL,
    event  TEXT NOT NULL,
    before TEXT NOT NULL,
    after  TEXT NOT NULL,
    note   TEXT NOT NULL,
    digest TEXT CHECK (length(digest) = 64),
    record TEXT NOT NULL CHECK (length(record) = 64),
    prev   TEXT NOT NULL CHECK (length(prev) = 64),
    hash   TEXT NOT NULL CHECK (length(hash) = 64),
    PRIMARY KEY (batch, seq)
) STRICT, WITHOUT ROWID;

-- What is due for a batch. A claim moves `ready_at` to the end of its lease, so an abandoned job
-- falls due by itself; only the newest fence counts.
CREATE TABLE job (
    queue    TEXT NOT NULL CHECK (queue IN ('worker', 'reconciler')),
    batch    TEXT NOT NULL REFERENCES batch (id),
    ready_at INTEGER NOT NULL,                      -- microseconds since 1970
    attempt  INTEGER NOT NULL CHECK (attempt >= 0), -- claims since it was planned
    fence    INTEGER,
    owner    TEXT,
    PRIMARY KEY (queue, batch),
    CHECK ((fence IS NULL) = (owner IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX job_by_due ON job (queue, ready_at);

CREATE TRIGGER journal_is_never_edited BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER content_is_never_edited BEFORE UPDATE ON content
BEGIN SELECT RAISE(ABORT, 'what was asked for never changes'); END;
CREATE TRIGGER content_is_never_dropped BEFORE DELETE ON content
BEGIN SELECT RAISE(ABORT, 'what was asked for never changes'); END;
CREATE TRIGGER batch_keeps_its_ids BEFORE UPDATE OF id, external_id ON batch
BEGIN SELECT RAISE(ABORT, 'ids of batches are kept for ever'); END;
CREATE TRIGGER batch_is_never_dropped BEFORE DELETE ON batch
BEGIN SELECT RAISE(ABORT, 'ids of batches are kept for ever'); END;
