-- Format 2: the provider calls spent in the newest minute, by all processes. One row.
CREATE TABLE budget (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    minute    INTEGER NOT NULL,                       -- minutes since 1970
    polls     INTEGER NOT NULL CHECK (polls >= 0),
    releases  INTEGER NOT NULL CHECK (releases >= 0),
    is_closed INTEGER NOT NULL CHECK (is_closed IN (0, 1)) -- the provider wants no more calls in it
) STRICT;
INSERT INTO budget (one, minute, polls, releases, is_closed) VALUES (1, 0, 0, 0, 0);
