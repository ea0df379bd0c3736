CREATE TABLE api_keys_new (
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
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    requests_per_minute INTEGER CHECK (requests_per_minute > 0),
    successor BLOB REFERENCES api_keys_new (id)
) STRICT;

INSERT INTO api_keys_new (id, user_id, name, shown, hash, scopes, created_at, expires_at, revoked_at, version, entry, salt, requests_per_minute, successor)
SELECT id, user_id, name, shown, hash, scopes, created_at, expires_at, revoked_at, version, entry, salt, requests_per_minute, successor FROM api_keys;

DROP TABLE api_keys;

ALTER TABLE api_keys_new RENAME TO api_keys;

CREATE INDEX api_keys_user ON api_keys (user_id);

CREATE TRIGGER log_head_no_delete BEFORE DELETE ON log_head BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;

CREATE TRIGGER subtrees_no_delete BEFORE DELETE ON subtrees BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;

CREATE TRIGGER users_no_delete BEFORE DELETE ON users BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;

CREATE TRIGGER api_keys_no_delete BEFORE DELETE ON api_keys BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;

CREATE TRIGGER sessions_no_delete BEFORE DELETE ON sessions BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;

CREATE TRIGGER invitations_no_delete BEFORE DELETE ON invitations BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;

CREATE TRIGGER second_factors_no_delete BEFORE DELETE ON second_factors BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;

CREATE TRIGGER erasures_no_delete BEFORE DELETE ON erasures BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;

CREATE TRIGGER destinations_no_delete BEFORE DELETE ON destinations BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;
