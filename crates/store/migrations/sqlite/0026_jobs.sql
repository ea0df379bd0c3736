CREATE TABLE jobs (
    job TEXT NOT NULL PRIMARY KEY,
    done_to INTEGER NOT NULL,
    asked_at INTEGER,
    run BLOB CHECK (length(run) = 16),
    started_at INTEGER,
    ended_at INTEGER,
    took_us INTEGER,
    outcome TEXT CHECK (outcome IN ('running', 'succeeded', 'failed', 'broken_off')),
    error TEXT,
    figure INTEGER,
    succeeded_at INTEGER,
    failures INTEGER NOT NULL CHECK (failures >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder BLOB CHECK (length(holder) = 16),
    beats INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
