CREATE TABLE assets (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    scale INTEGER NOT NULL CHECK (scale BETWEEN 0 AND 18),
    chain TEXT,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE UNIQUE INDEX assets_code ON assets (lower(code));

CREATE TABLE balances (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    asset_id BLOB NOT NULL REFERENCES assets (id),
    user_id BLOB REFERENCES users (id),
    house TEXT CHECK (house IN ('omnibus', 'fees', 'suspense', 'external')),
    posted TEXT NOT NULL,
    held TEXT NOT NULL,
    minimum TEXT,
    maximum TEXT,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    CHECK ((user_id IS NULL) <> (house IS NULL))
) STRICT;

CREATE UNIQUE INDEX balances_user ON balances (user_id, asset_id) WHERE user_id IS NOT NULL;

CREATE UNIQUE INDEX balances_house ON balances (asset_id, house) WHERE house IS NOT NULL;

CREATE TABLE kyc_records (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    tier INTEGER NOT NULL CHECK (tier BETWEEN 0 AND 2),
    status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'rejected', 'expired', 'revoked')),
    submitted_by BLOB REFERENCES users (id),
    submitted_at INTEGER NOT NULL,
    decided_by BLOB REFERENCES users (id),
    decided_at INTEGER,
    reason TEXT,
    expires_at INTEGER,
    ended_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX kyc_records_user ON kyc_records (user_id);

CREATE UNIQUE INDEX kyc_records_pending ON kyc_records (user_id) WHERE status = 'pending';

CREATE INDEX kyc_records_expiring ON kyc_records (expires_at) WHERE status = 'approved';

CREATE TABLE kyc_documents (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    record_id BLOB NOT NULL REFERENCES kyc_records (id),
    kind TEXT NOT NULL CHECK (kind IN ('passport', 'identity_card', 'driving_licence', 'residence_permit', 'proof_of_address', 'source_of_funds', 'selfie', 'other')),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    state TEXT NOT NULL CHECK (state IN ('pending', 'verified', 'rejected')),
    checked_by BLOB REFERENCES users (id),
    checked_at INTEGER,
    reason TEXT,
    added_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX kyc_documents_record ON kyc_documents (record_id);

CREATE TABLE destinations (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    asset_id BLOB NOT NULL REFERENCES assets (id),
    address TEXT NOT NULL,
    label TEXT,
    created_by BLOB REFERENCES users (id),
    created_at INTEGER NOT NULL,
    usable_at INTEGER NOT NULL,
    removed_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE UNIQUE INDEX destinations_address ON destinations (user_id, asset_id, address) WHERE removed_at IS NULL;

CREATE TABLE approvals (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    action TEXT NOT NULL,
    arguments TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    reason TEXT,
    requested_by BLOB REFERENCES users (id),
    requested_at INTEGER NOT NULL,
    quorum INTEGER NOT NULL CHECK (quorum > 0),
    status TEXT NOT NULL CHECK (status IN ('pending', 'granted', 'rejected', 'used', 'withdrawn', 'expired')),
    expires_at INTEGER NOT NULL,
    decided_at INTEGER,
    used_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX approvals_open ON approvals (expires_at) WHERE status IN ('pending', 'granted');

CREATE TABLE approval_votes (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    approval_id BLOB NOT NULL REFERENCES approvals (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    approve INTEGER NOT NULL CHECK (approve IN (0, 1)),
    reason TEXT,
    voted_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE UNIQUE INDEX approval_votes_user ON approval_votes (approval_id, user_id);

CREATE TABLE operations (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('deposit', 'withdrawal', 'transfer', 'mint', 'burn', 'reversal')),
    status TEXT NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled', 'unknown')),
    asset_id BLOB NOT NULL,
    debit_id BLOB NOT NULL,
    credit_id BLOB NOT NULL,
    amount TEXT NOT NULL,
    waits INTEGER CHECK (waits IN (0, 1)),
    held TEXT NOT NULL,
    captured TEXT,
    debit_posted TEXT,
    credit_posted TEXT,
    parent_id BLOB,
    reverses_id BLOB,
    link_id BLOB,
    destination_id BLOB REFERENCES destinations (id),
    approval_id BLOB REFERENCES approvals (id),
    chain TEXT,
    tx_hash TEXT,
    output INTEGER,
    block INTEGER,
    confirmations INTEGER,
    error TEXT,
    evidence TEXT,
    limited_id BLOB,
    request BLOB,
    reference TEXT,
    metadata TEXT,
    created_by BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    CHECK (debit_id <> credit_id)
) STRICT;

CREATE INDEX operations_debit ON operations (entry >> 10, debit_id);

CREATE INDEX operations_credit ON operations (entry >> 10, credit_id);

CREATE UNIQUE INDEX operations_output ON operations (tx_hash, chain, coalesce(output, -1)) WHERE tx_hash IS NOT NULL;

CREATE UNIQUE INDEX operations_reverses ON operations (reverses_id) WHERE reverses_id IS NOT NULL;

CREATE INDEX operations_parent ON operations (parent_id) WHERE parent_id IS NOT NULL;

CREATE INDEX operations_open ON operations (status) WHERE status IN ('pending', 'processing', 'unknown');

CREATE INDEX operations_expiring ON operations (expires_at) WHERE status = 'pending' AND expires_at IS NOT NULL;

CREATE INDEX operations_due ON operations (debit_id) WHERE status = 'pending' AND expires_at IS NOT NULL;

CREATE INDEX operations_limited ON operations (limited_id, created_at) WHERE limited_id IS NOT NULL;

CREATE TRIGGER assets_no_delete BEFORE DELETE ON assets BEGIN
    SELECT RAISE(ABORT, 'rows of custody are never deleted');
END;

CREATE TRIGGER balances_no_delete BEFORE DELETE ON balances BEGIN
    SELECT RAISE(ABORT, 'rows of custody are never deleted');
END;

CREATE TRIGGER kyc_records_no_delete BEFORE DELETE ON kyc_records BEGIN
    SELECT RAISE(ABORT, 'rows of custody are never deleted');
END;

CREATE TRIGGER kyc_documents_no_delete BEFORE DELETE ON kyc_documents BEGIN
    SELECT RAISE(ABORT, 'rows of custody are never deleted');
END;

CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals BEGIN
    SELECT RAISE(ABORT, 'rows of custody are never deleted');
END;

CREATE TRIGGER approval_votes_no_delete BEFORE DELETE ON approval_votes BEGIN
    SELECT RAISE(ABORT, 'rows of custody are never deleted');
END;

CREATE TRIGGER operations_no_delete BEFORE DELETE ON operations BEGIN
    SELECT RAISE(ABORT, 'rows of custody are never deleted');
END;

CREATE TRIGGER operations_final BEFORE UPDATE ON operations WHEN OLD.debit_posted IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a movement is never changed');
END;
