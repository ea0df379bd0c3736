CREATE TABLE executions (
    id uuid NOT NULL PRIMARY KEY,
    workflow text NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    conversation_id uuid REFERENCES conversations (id),
    parent_id uuid,
    depth bigint NOT NULL CHECK (depth BETWEEN 1 AND 16),
    trace_id text,
    drag_mode text CHECK (drag_mode IN ('draft', 'research', 'analysis', 'grunt')),
    agent_id uuid REFERENCES agents (id),
    agent_version text,
    actor text,
    input text,
    mission text,
    lease_s bigint NOT NULL CHECK (lease_s > 0),
    expires_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
    result text,
    error_type text,
    error text,
    created_by uuid REFERENCES users (id),
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    CHECK ((status = 'running') = (finished_at IS NULL))
) WITH (fillfactor = 80);

COMMENT ON COLUMN executions.entry IS 'Index of the entry that wrote it; no foreign key, since entries are never deleted and the seal says more';

COMMENT ON COLUMN executions.parent_id IS 'The execution that it is a part of; no foreign key, since executions are never deleted and the seal says more';

COMMENT ON TABLE executions IS 'Executions of workflows, each ended once (sealed)';

CREATE INDEX executions_workflow ON executions (workflow, id);

CREATE INDEX executions_user ON executions (user_id, id);

CREATE INDEX executions_conversation ON executions (conversation_id, id) WHERE conversation_id IS NOT NULL;

CREATE INDEX executions_parent ON executions (parent_id, id) WHERE parent_id IS NOT NULL;

CREATE INDEX executions_trace ON executions (trace_id, id) WHERE trace_id IS NOT NULL;

CREATE INDEX executions_drag_mode ON executions (drag_mode, id) WHERE drag_mode IS NOT NULL;

CREATE INDEX executions_agent ON executions (agent_id, id) WHERE agent_id IS NOT NULL;

CREATE INDEX executions_status ON executions (status, id);

CREATE INDEX executions_due ON executions (expires_at, id) WHERE status = 'running';

CREATE TRIGGER executions_no_delete BEFORE DELETE ON executions
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER executions_no_truncate BEFORE TRUNCATE ON executions
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

ALTER TABLE last_seen DROP CONSTRAINT last_seen_kind_check;

ALTER TABLE last_seen ADD CHECK (kind IN ('api_key', 'session', 'user', 'lease'));

COMMENT ON TABLE last_seen IS 'When an API key, a session or a user was last seen, to some seconds, and until when a lease was renewed (not sealed)';
