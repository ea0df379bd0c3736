ALTER TABLE users ADD COLUMN password_changed_at INTEGER;

ALTER TABLE users ADD COLUMN erased_at INTEGER;

CREATE INDEX users_role ON users (role);

ALTER TABLE api_keys ADD COLUMN requests_per_minute INTEGER CHECK (requests_per_minute > 0);

ALTER TABLE api_keys ADD COLUMN successor BLOB;

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    second_factor INTEGER NOT NULL CHECK (second_factor IN (0, 1)),
    ip TEXT,
    user_agent TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_reason TEXT CHECK (ended_reason IN ('logout', 'revoked', 'expired', 'password_changed', 'user_disabled', 'user_erased', 'too_many')),
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;

CREATE TABLE invitations (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    closed_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX invitations_user ON invitations (user_id) WHERE closed_at IS NULL;

CREATE TABLE second_factors (
    id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    secret BLOB,
    confirmed_at INTEGER,
    last_step INTEGER,
    recovery TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX entries_recorded_by ON entries (entry >> 10, recorded_by_id) WHERE recorded_by_id IS NOT NULL;
