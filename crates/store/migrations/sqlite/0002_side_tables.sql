CREATE TABLE counters (
    subject TEXT NOT NULL,
    width_s INTEGER NOT NULL CHECK (width_s > 0),
    window_start INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (subject, width_s, window_start)
) STRICT, WITHOUT ROWID;

CREATE TABLE last_seen (
    kind TEXT NOT NULL CHECK (kind IN ('api_key', 'session', 'user')),
    id BLOB NOT NULL CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
