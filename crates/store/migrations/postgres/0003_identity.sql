ALTER TABLE users ADD COLUMN password_changed_at timestamptz;

ALTER TABLE users ADD COLUMN erased_at timestamptz;

CREATE INDEX users_role ON users (role);

ALTER TABLE api_keys ADD COLUMN requests_per_minute bigint CHECK (requests_per_minute > 0);

ALTER TABLE api_keys ADD COLUMN successor uuid;

COMMENT ON COLUMN api_keys.successor IS 'The key that took its place; no foreign key, since both rows are written at once';

CREATE TABLE sessions (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    second_factor boolean NOT NULL,
    ip text,
    user_agent text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    idle_expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_reason text CHECK (ended_reason IN ('logout', 'revoked', 'expired', 'password_changed', 'user_disabled', 'user_erased', 'too_many')),
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE sessions IS 'Login sessions (sealed); only the hash of the token is stored';

COMMENT ON COLUMN sessions.idle_expires_at IS 'When it ends unless it is used; moved on in steps, each an entry';

CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;

CREATE TABLE invitations (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    closed_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE invitations IS 'Invitations by which users set a password, once (sealed)';

CREATE INDEX invitations_user ON invitations (user_id) WHERE closed_at IS NULL;

CREATE TABLE second_factors (
    id uuid NOT NULL PRIMARY KEY REFERENCES users (id),
    secret bytea,
    confirmed_at timestamptz,
    last_step bigint,
    recovery text NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE second_factors IS 'Second factors of users: encrypted TOTP secret, hashes of recovery codes (sealed)';

CREATE INDEX entries_recorded_by ON entries ((entry >> 10), recorded_by_id) WHERE recorded_by_id IS NOT NULL;
