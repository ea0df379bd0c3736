ALTER TABLE executions ADD COLUMN steps bigint CHECK (steps BETWEEN 1 AND 10000);

ALTER TABLE executions ADD COLUMN usage text;

CREATE TABLE execution_steps (
    id uuid NOT NULL PRIMARY KEY,
    execution_id uuid NOT NULL,
    user_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 0),
    kind text NOT NULL CHECK (kind IN ('model', 'tool', 'retrieval', 'agent', 'plan', 'other')),
    name text NOT NULL,
    provider text,
    request_model text,
    response_model text,
    finish_reasons text,
    call_id text,
    started_at timestamptz,
    finished_at timestamptz,
    outcome text NOT NULL CHECK (outcome IN ('success', 'refused', 'failed')),
    error_type text,
    input_tokens bigint CHECK (input_tokens >= 0),
    output_tokens bigint CHECK (output_tokens >= 0),
    cache_read_tokens bigint CHECK (cache_read_tokens >= 0),
    cache_write_tokens bigint CHECK (cache_write_tokens >= 0),
    reasoning_tokens bigint CHECK (reasoning_tokens >= 0),
    cost_usd text,
    priced_by text,
    approval_id uuid,
    content text NOT NULL CHECK (content IN ('full', 'digest', 'none')),
    input text,
    output text,
    input_commitment bytea CHECK (octet_length(input_commitment) = 32),
    output_commitment bytea CHECK (octet_length(output_commitment) = 32),
    content_salt bytea CHECK (octet_length(content_salt) = 16),
    recorded_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    UNIQUE (execution_id, number)
);

COMMENT ON TABLE execution_steps IS 'Steps of executions, final when written but for what is erased (sealed)';

COMMENT ON COLUMN execution_steps.execution_id IS 'The execution; no foreign key, as for user and approval, since none of these is ever deleted and the seal says more';

COMMENT ON COLUMN execution_steps.entry IS 'Index of the entry that wrote it; no foreign key, since entries are never deleted and the seal says more';

CREATE TRIGGER execution_steps_no_delete BEFORE DELETE ON execution_steps
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER execution_steps_no_truncate BEFORE TRUNCATE ON execution_steps
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();
