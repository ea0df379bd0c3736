CREATE TABLE metrics (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    value text NOT NULL,
    unit text,
    at timestamptz NOT NULL,
    workflow text,
    drag_mode text CHECK (drag_mode IN ('draft', 'research', 'analysis', 'grunt')),
    execution_id uuid REFERENCES executions (id),
    user_id uuid REFERENCES users (id),
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON COLUMN metrics.entry IS 'Index of the entry that wrote it; no foreign key, since entries are never deleted and the seal says more';

COMMENT ON COLUMN metrics.value IS 'The canonical text of a double (RFC 8785), so that it is the same on every engine; value::double precision is the double';

COMMENT ON TABLE metrics IS 'Named numbers in time, each recorded once (sealed)';

CREATE INDEX metrics_in_time ON metrics (name, at, id);

CREATE INDEX metrics_name ON metrics (name, id);

CREATE INDEX metrics_workflow ON metrics (workflow, id) WHERE workflow IS NOT NULL;

CREATE INDEX metrics_execution ON metrics (execution_id, id) WHERE execution_id IS NOT NULL;

CREATE INDEX metrics_user ON metrics (user_id, id) WHERE user_id IS NOT NULL;

CREATE TRIGGER metrics_no_delete BEFORE DELETE ON metrics
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER metrics_no_truncate BEFORE TRUNCATE ON metrics
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();
