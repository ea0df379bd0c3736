CREATE TABLE legal_holds (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    actor TEXT,
    target TEXT,
    user_id BLOB REFERENCES users (id),
    since INTEGER,
    until INTEGER,
    reason TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'released')),
    created_by BLOB REFERENCES users (id),
    created_at INTEGER NOT NULL,
    released_by BLOB REFERENCES users (id),
    released_at INTEGER,
    release_reason TEXT,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX legal_holds_status ON legal_holds (status);

CREATE TRIGGER legal_holds_no_delete BEFORE DELETE ON legal_holds BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;
