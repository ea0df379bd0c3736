CREATE TABLE legal_holds (
    id uuid NOT NULL PRIMARY KEY,
    actor text,
    target text,
    user_id uuid REFERENCES users (id),
    since timestamptz,
    until timestamptz,
    reason text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'released')),
    created_by uuid REFERENCES users (id),
    created_at timestamptz NOT NULL,
    released_by uuid REFERENCES users (id),
    released_at timestamptz,
    release_reason text,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE legal_holds IS 'What is neither erased nor pruned, and until when (sealed)';

CREATE INDEX legal_holds_status ON legal_holds (status);

CREATE TRIGGER legal_holds_no_delete BEFORE DELETE ON legal_holds
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER legal_holds_no_truncate BEFORE TRUNCATE ON legal_holds
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();
