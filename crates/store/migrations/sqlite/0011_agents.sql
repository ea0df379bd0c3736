CREATE TABLE agents (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    release TEXT,
    user_id BLOB NOT NULL REFERENCES users (id),
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_by BLOB REFERENCES users (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX agents_user ON agents (user_id);

CREATE TRIGGER agents_no_delete BEFORE DELETE ON agents BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;

ALTER TABLE api_keys ADD COLUMN agent_id BLOB REFERENCES agents (id);

ALTER TABLE approvals ADD COLUMN agent_id BLOB REFERENCES agents (id);

CREATE INDEX approvals_agent ON approvals (agent_id, status) WHERE agent_id IS NOT NULL;
