CREATE TABLE assets (
    id uuid NOT NULL PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    scale bigint NOT NULL CHECK (scale BETWEEN 0 AND 18),
    chain text,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE assets IS 'What can be held; never changed (sealed)';

CREATE UNIQUE INDEX assets_code ON assets (lower(code));

CREATE TABLE balances (
    id uuid NOT NULL PRIMARY KEY,
    asset_id uuid NOT NULL REFERENCES assets (id),
    user_id uuid REFERENCES users (id),
    house text CHECK (house IN ('omnibus', 'fees', 'suspense', 'external')),
    posted numeric(38,0) NOT NULL,
    held numeric(38,0) NOT NULL,
    minimum numeric(38,0),
    maximum numeric(38,0),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    CHECK ((user_id IS NULL) <> (house IS NULL))
) WITH (fillfactor = 70);

COMMENT ON COLUMN balances.entry IS 'Index of the entry that wrote it; no foreign key, since entries are never deleted and the seal says more';

COMMENT ON TABLE balances IS 'What users and the house own of an asset; an asset sums to zero (sealed)';

CREATE UNIQUE INDEX balances_user ON balances (user_id, asset_id) WHERE user_id IS NOT NULL;

CREATE UNIQUE INDEX balances_house ON balances (asset_id, house) WHERE house IS NOT NULL;

CREATE TABLE kyc_records (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    tier bigint NOT NULL CHECK (tier BETWEEN 0 AND 2),
    status text NOT NULL CHECK (status IN ('pending', 'approved', 'rejected', 'expired', 'revoked')),
    submitted_by uuid REFERENCES users (id),
    submitted_at timestamptz NOT NULL,
    decided_by uuid REFERENCES users (id),
    decided_at timestamptz,
    reason text,
    expires_at timestamptz,
    ended_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE kyc_records IS 'KYC submissions and what became of them (sealed)';

CREATE INDEX kyc_records_user ON kyc_records (user_id);

CREATE UNIQUE INDEX kyc_records_pending ON kyc_records (user_id) WHERE status = 'pending';

CREATE INDEX kyc_records_expiring ON kyc_records (expires_at) WHERE status = 'approved';

CREATE TABLE kyc_documents (
    id uuid NOT NULL PRIMARY KEY,
    record_id uuid NOT NULL REFERENCES kyc_records (id),
    kind text NOT NULL CHECK (kind IN ('passport', 'identity_card', 'driving_licence', 'residence_permit', 'proof_of_address', 'source_of_funds', 'selfie', 'other')),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    state text NOT NULL CHECK (state IN ('pending', 'verified', 'rejected')),
    checked_by uuid REFERENCES users (id),
    checked_at timestamptz,
    reason text,
    added_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE kyc_documents IS 'Documents of KYC records by their digest (sealed)';

CREATE INDEX kyc_documents_record ON kyc_documents (record_id);

CREATE TABLE destinations (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    asset_id uuid NOT NULL REFERENCES assets (id),
    address text NOT NULL,
    label text,
    created_by uuid REFERENCES users (id),
    created_at timestamptz NOT NULL,
    usable_at timestamptz NOT NULL,
    removed_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE destinations IS 'Where users may withdraw to (sealed)';

CREATE UNIQUE INDEX destinations_address ON destinations (user_id, asset_id, address) WHERE removed_at IS NULL;

CREATE TABLE approvals (
    id uuid NOT NULL PRIMARY KEY,
    action text NOT NULL,
    arguments text NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    reason text,
    requested_by uuid REFERENCES users (id),
    requested_at timestamptz NOT NULL,
    quorum bigint NOT NULL CHECK (quorum > 0),
    status text NOT NULL CHECK (status IN ('pending', 'granted', 'rejected', 'used', 'withdrawn', 'expired')),
    expires_at timestamptz NOT NULL,
    decided_at timestamptz,
    used_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE approvals IS 'Requests that others decide on, used once (sealed)';

CREATE INDEX approvals_open ON approvals (expires_at) WHERE status IN ('pending', 'granted');

CREATE TABLE approval_votes (
    id uuid NOT NULL PRIMARY KEY,
    approval_id uuid NOT NULL REFERENCES approvals (id),
    user_id uuid NOT NULL REFERENCES users (id),
    approve boolean NOT NULL,
    reason text,
    voted_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE approval_votes IS 'Votes on approvals, one a person (sealed)';

CREATE UNIQUE INDEX approval_votes_user ON approval_votes (approval_id, user_id);

CREATE TABLE operations (
    id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('deposit', 'withdrawal', 'transfer', 'mint', 'burn', 'reversal')),
    status text NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled', 'unknown')),
    asset_id uuid NOT NULL,
    debit_id uuid NOT NULL,
    credit_id uuid NOT NULL,
    amount numeric(38,0) NOT NULL,
    waits boolean,
    held numeric(38,0) NOT NULL,
    captured numeric(38,0),
    debit_posted numeric(38,0),
    credit_posted numeric(38,0),
    parent_id uuid,
    reverses_id uuid,
    link_id uuid,
    destination_id uuid REFERENCES destinations (id),
    approval_id uuid REFERENCES approvals (id),
    chain text,
    tx_hash text,
    output bigint,
    block bigint,
    confirmations bigint,
    error text,
    evidence text,
    limited_id uuid,
    request bytea,
    reference text,
    metadata text,
    created_by uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    expires_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    CHECK (debit_id <> credit_id)
);

COMMENT ON COLUMN operations.entry IS 'Index of the entry that wrote it; no foreign key, since entries are never deleted and the seal says more';

COMMENT ON TABLE operations IS 'Movements, holds and what is on its way; one that carries a movement never changes again (sealed)';

CREATE INDEX operations_debit ON operations ((entry >> 10), debit_id);

CREATE INDEX operations_credit ON operations ((entry >> 10), credit_id);

CREATE UNIQUE INDEX operations_output ON operations (tx_hash, chain, coalesce(output, -1)) WHERE tx_hash IS NOT NULL;

CREATE UNIQUE INDEX operations_reverses ON operations (reverses_id) WHERE reverses_id IS NOT NULL;

CREATE INDEX operations_parent ON operations (parent_id) WHERE parent_id IS NOT NULL;

CREATE INDEX operations_open ON operations (status) WHERE status IN ('pending', 'processing', 'unknown');

CREATE INDEX operations_expiring ON operations (expires_at) WHERE status = 'pending' AND expires_at IS NOT NULL;

CREATE INDEX operations_due ON operations (debit_id) WHERE status = 'pending' AND expires_at IS NOT NULL;

CREATE INDEX operations_limited ON operations (limited_id, created_at) WHERE limited_id IS NOT NULL;

CREATE FUNCTION custody_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of custody are never deleted, and a movement is never changed' USING ERRCODE = '55000';
END
$$;

CREATE TRIGGER assets_no_delete BEFORE DELETE ON assets
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER assets_no_truncate BEFORE TRUNCATE ON assets
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER balances_no_delete BEFORE DELETE ON balances
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER balances_no_truncate BEFORE TRUNCATE ON balances
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER kyc_records_no_delete BEFORE DELETE ON kyc_records
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER kyc_records_no_truncate BEFORE TRUNCATE ON kyc_records
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER kyc_documents_no_delete BEFORE DELETE ON kyc_documents
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER kyc_documents_no_truncate BEFORE TRUNCATE ON kyc_documents
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER approvals_no_truncate BEFORE TRUNCATE ON approvals
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER approval_votes_no_delete BEFORE DELETE ON approval_votes
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER approval_votes_no_truncate BEFORE TRUNCATE ON approval_votes
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER operations_no_delete BEFORE DELETE ON operations
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER operations_no_truncate BEFORE TRUNCATE ON operations
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER operations_final BEFORE UPDATE ON operations
    FOR EACH ROW WHEN (OLD.debit_posted IS NOT NULL) EXECUTE FUNCTION custody_refuse();

COMMENT ON COLUMN operations.debit_id IS 'The balance debited; no foreign key, see docs/decisions/0016-custody.md: balances are never deleted, and verify follows each one through its movements';

COMMENT ON COLUMN operations.parent_id IS 'The pending transfer that this is a capture of; no foreign key, like other links between operations, since they may be written at once';
