CREATE TABLE executions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workflow TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    conversation_id BLOB REFERENCES conversations (id),
    parent_id BLOB,
    depth INTEGER NOT NULL CHECK (depth BETWEEN 1 AND 16),
    trace_id TEXT,
    drag_mode TEXT CHECK (drag_mode IN ('draft', 'research', 'analysis', 'grunt')),
    agent_id BLOB REFERENCES agents (id),
    agent_version TEXT,
    actor TEXT,
    input TEXT,
    mission TEXT,
    lease_s INTEGER NOT NULL CHECK (lease_s > 0),
    expires_at INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
    result TEXT,
    error_type TEXT,
    error TEXT,
    created_by BLOB REFERENCES users (id),
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    CHECK ((status = 'running') = (finished_at IS NULL))
) STRICT;

CREATE INDEX executions_workflow ON executions (workflow, id);

CREATE INDEX executions_user ON executions (user_id, id);

CREATE INDEX executions_conversation ON executions (conversation_id, id) WHERE conversation_id IS NOT NULL;

CREATE INDEX executions_parent ON executions (parent_id, id) WHERE parent_id IS NOT NULL;

CREATE INDEX executions_trace ON executions (trace_id, id) WHERE trace_id IS NOT NULL;

CREATE INDEX executions_drag_mode ON executions (drag_mode, id) WHERE drag_mode IS NOT NULL;

CREATE INDEX executions_agent ON executions (agent_id, id) WHERE agent_id IS NOT NULL;

CREATE INDEX executions_status ON executions (status, id);

CREATE INDEX executions_due ON executions (expires_at, id) WHERE status = 'running';

CREATE TRIGGER executions_no_delete BEFORE DELETE ON executions BEGIN
    SELECT RAISE(ABORT, 'executions are never deleted');
END;

CREATE TABLE last_seen_or_renewed (
    kind TEXT NOT NULL CHECK (kind IN ('api_key', 'session', 'user', 'lease')),
    id BLOB NOT NULL CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

INSERT INTO last_seen_or_renewed SELECT kind, id, at FROM last_seen;

DROP TABLE last_seen;

ALTER TABLE last_seen_or_renewed RENAME TO last_seen;
