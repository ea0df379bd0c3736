ALTER TABLE executions ADD COLUMN told TEXT;

CREATE TABLE roots (
    id BLOB NOT NULL CHECK (length(id) = 16),
    place TEXT NOT NULL,
    root TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (id, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX roots_at ON roots (at);
