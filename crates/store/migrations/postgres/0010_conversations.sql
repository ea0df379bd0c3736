CREATE TABLE conversations (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    thread text,
    title text,
    context text,
    status text NOT NULL CHECK (status IN ('active', 'ended')),
    created_by uuid REFERENCES users (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL))
);

COMMENT ON COLUMN conversations.entry IS 'Index of the entry that wrote it; no foreign key, since entries are never deleted and the seal says more';

COMMENT ON TABLE conversations IS 'What users and agents say to each other, by thread (sealed)';

CREATE UNIQUE INDEX conversations_thread ON conversations (thread, user_id);

CREATE INDEX conversations_user ON conversations (user_id, id);

CREATE TRIGGER conversations_no_delete BEFORE DELETE ON conversations
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER conversations_no_truncate BEFORE TRUNCATE ON conversations
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();
