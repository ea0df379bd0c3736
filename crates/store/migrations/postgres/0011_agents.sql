CREATE TABLE agents (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL UNIQUE,
    description text,
    release text,
    user_id uuid NOT NULL REFERENCES users (id),
    active boolean NOT NULL,
    created_by uuid REFERENCES users (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE agents IS 'Agents, each on behalf of a user (sealed)';

CREATE INDEX agents_user ON agents (user_id);

CREATE TRIGGER agents_no_delete BEFORE DELETE ON agents
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER agents_no_truncate BEFORE TRUNCATE ON agents
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

ALTER TABLE api_keys ADD COLUMN agent_id uuid REFERENCES agents (id);

ALTER TABLE approvals ADD COLUMN agent_id uuid REFERENCES agents (id);

CREATE INDEX approvals_agent ON approvals (agent_id, status) WHERE agent_id IS NOT NULL;
