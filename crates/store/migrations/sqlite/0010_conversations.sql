CREATE TABLE conversations (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    thread TEXT,
    title TEXT,
    context TEXT,
    status TEXT NOT NULL CHECK (status IN ('active', 'ended')),
    created_by BLOB REFERENCES users (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ended_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX conversations_thread ON conversations (thread, user_id);

CREATE INDEX conversations_user ON conversations (user_id, id);

CREATE TRIGGER conversations_no_delete BEFORE DELETE ON conversations BEGIN
    SELECT RAISE(ABORT, 'conversations are never deleted');
END;
