CREATE TABLE metrics (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    unit TEXT,
    at INTEGER NOT NULL,
    workflow TEXT,
    drag_mode TEXT CHECK (drag_mode IN ('draft', 'research', 'analysis', 'grunt')),
    execution_id BLOB REFERENCES executions (id),
    user_id BLOB REFERENCES users (id),
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX metrics_in_time ON metrics (name, at, id);

CREATE INDEX metrics_name ON metrics (name, id);

CREATE INDEX metrics_workflow ON metrics (workflow, id) WHERE workflow IS NOT NULL;

CREATE INDEX metrics_execution ON metrics (execution_id, id) WHERE execution_id IS NOT NULL;

CREATE INDEX metrics_user ON metrics (user_id, id) WHERE user_id IS NOT NULL;

CREATE TRIGGER metrics_no_delete BEFORE DELETE ON metrics BEGIN
    SELECT RAISE(ABORT, 'metrics are never deleted');
END;
