CREATE TABLE log_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    origin TEXT NOT NULL,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    edge BLOB NOT NULL,
    at INTEGER NOT NULL,
    checkpoint TEXT NOT NULL
) STRICT;

CREATE TABLE entries (
    entry INTEGER NOT NULL PRIMARY KEY CHECK (entry >= 0),
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    recorded_by_kind TEXT NOT NULL CHECK (recorded_by_kind IN ('api_key', 'session', 'operator', 'system')),
    recorded_by_id BLOB CHECK (length(recorded_by_id) = 16),
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'agent', 'service', 'system', 'external')),
    actor TEXT,
    action TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 128),
    target_kind TEXT,
    target TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('success', 'refused', 'failed')),
    authority TEXT NOT NULL,
    ip TEXT,
    leaf TEXT NOT NULL,
    payload TEXT,
    salt BLOB CHECK (length(salt) = 16),
    changes TEXT
) STRICT;

CREATE INDEX entries_actor ON entries (entry >> 10, actor) WHERE actor IS NOT NULL;

CREATE INDEX entries_action ON entries (entry >> 10, action);

CREATE INDEX entries_target ON entries (entry >> 10, target) WHERE target IS NOT NULL;

CREATE INDEX entries_ip ON entries (entry >> 10, ip) WHERE ip IS NOT NULL;

CREATE INDEX entries_outcome ON entries (entry >> 10, outcome) WHERE outcome <> 'success';

CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries BEGIN
    SELECT RAISE(ABORT, 'entries are never deleted');
END;

CREATE TRIGGER entries_no_update BEFORE UPDATE OF
    entry, id, at, recorded_by_kind, recorded_by_id, actor_kind, action, target_kind, outcome, authority, leaf, changes
ON entries BEGIN
    SELECT RAISE(ABORT, 'entries are never changed, only their payload may be erased');
END;

CREATE TRIGGER entries_erase_only BEFORE UPDATE OF actor, target, ip, payload, salt ON entries
WHEN NEW.payload IS NOT NULL OR NEW.salt IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'entries are never changed, only their payload may be erased');
END;

CREATE TABLE subtrees (
    height INTEGER NOT NULL CHECK (height > 0 AND height % 8 = 0),
    position INTEGER NOT NULL CHECK (position >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (height, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username TEXT NOT NULL,
    email TEXT,
    full_name TEXT,
    role TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    password_hash TEXT,
    password_temporary INTEGER NOT NULL CHECK (password_temporary IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE UNIQUE INDEX users_username ON users (lower(username));

CREATE UNIQUE INDEX users_email ON users (lower(email)) WHERE email IS NOT NULL;

CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    shown TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX api_keys_user ON api_keys (user_id);

CREATE TABLE erasures (
    id BLOB NOT NULL PRIMARY KEY REFERENCES entries (id),
    erased INTEGER NOT NULL UNIQUE REFERENCES entries (entry),
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;
