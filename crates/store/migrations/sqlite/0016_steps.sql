ALTER TABLE executions ADD COLUMN steps INTEGER CHECK (steps BETWEEN 1 AND 10000);

ALTER TABLE executions ADD COLUMN usage TEXT;

CREATE TABLE execution_steps (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    execution_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 0),
    kind TEXT NOT NULL CHECK (kind IN ('model', 'tool', 'retrieval', 'agent', 'plan', 'other')),
    name TEXT NOT NULL,
    provider TEXT,
    request_model TEXT,
    response_model TEXT,
    finish_reasons TEXT,
    call_id TEXT,
    started_at INTEGER,
    finished_at INTEGER,
    outcome TEXT NOT NULL CHECK (outcome IN ('success', 'refused', 'failed')),
    error_type TEXT,
    input_tokens INTEGER CHECK (input_tokens >= 0),
    output_tokens INTEGER CHECK (output_tokens >= 0),
    cache_read_tokens INTEGER CHECK (cache_read_tokens >= 0),
    cache_write_tokens INTEGER CHECK (cache_write_tokens >= 0),
    reasoning_tokens INTEGER CHECK (reasoning_tokens >= 0),
    cost_usd TEXT,
    priced_by TEXT,
    approval_id BLOB,
    content TEXT NOT NULL CHECK (content IN ('full', 'digest', 'none')),
    input TEXT,
    output TEXT,
    input_commitment BLOB CHECK (length(input_commitment) = 32),
    output_commitment BLOB CHECK (length(output_commitment) = 32),
    content_salt BLOB CHECK (length(content_salt) = 16),
    recorded_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    UNIQUE (execution_id, number)
) STRICT;

CREATE TRIGGER execution_steps_no_delete BEFORE DELETE ON execution_steps BEGIN
    SELECT RAISE(ABORT, 'execution_steps are never deleted');
END;
