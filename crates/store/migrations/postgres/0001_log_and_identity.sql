CREATE TABLE log_head (
    id bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    origin text NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    edge bytea NOT NULL,
    at timestamptz NOT NULL,
    checkpoint text NOT NULL
);

COMMENT ON TABLE log_head IS 'The head of the Merkle log: one row, locked by every append';

CREATE TABLE entries (
    entry bigint NOT NULL PRIMARY KEY CHECK (entry >= 0),
    id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    recorded_by_kind text NOT NULL CHECK (recorded_by_kind IN ('api_key', 'session', 'operator', 'system')),
    recorded_by_id uuid,
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'agent', 'service', 'system', 'external')),
    actor text COLLATE "C",
    action text COLLATE "C" NOT NULL CHECK (length(action) BETWEEN 1 AND 128),
    target_kind text COLLATE "C",
    target text COLLATE "C",
    outcome text NOT NULL CHECK (outcome IN ('success', 'refused', 'failed')),
    authority text NOT NULL,
    ip text COLLATE "C",
    leaf text NOT NULL,
    payload text COLLATE "C",
    salt bytea CHECK (octet_length(salt) = 16),
    changes text
);

COMMENT ON TABLE entries IS 'The audit log: append-only; payload, salt, actor, target and ip may be erased by command';

COMMENT ON COLUMN entries.entry IS 'Index in the log, counted from 0 without gaps';

COMMENT ON COLUMN entries.leaf IS 'What the Merkle tree hashes, byte for byte (RFC 8785 JSON)';

COMMENT ON COLUMN entries.payload IS 'The erasable part, committed to by the leaf as SHA-256(salt || payload)';

COMMENT ON COLUMN entries.changes IS 'Rows that the entry wrote: table, id, version, digest';

CREATE INDEX entries_actor ON entries ((entry >> 10), actor) WHERE actor IS NOT NULL;

CREATE INDEX entries_action ON entries ((entry >> 10), action);

CREATE INDEX entries_target ON entries ((entry >> 10), target) WHERE target IS NOT NULL;

CREATE INDEX entries_ip ON entries ((entry >> 10), ip) WHERE ip IS NOT NULL;

CREATE INDEX entries_outcome ON entries ((entry >> 10), outcome) WHERE outcome <> 'success';

CREATE FUNCTION entries_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are never changed or deleted, only their payload may be erased' USING ERRCODE = '55000';
END $$;

CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
    FOR EACH ROW EXECUTE FUNCTION entries_refuse();

CREATE TRIGGER entries_no_truncate BEFORE TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION entries_refuse();

CREATE TRIGGER entries_no_update BEFORE UPDATE OF
    entry, id, at, recorded_by_kind, recorded_by_id, actor_kind, action, target_kind, outcome, authority, leaf, changes
ON entries FOR EACH ROW EXECUTE FUNCTION entries_refuse();

CREATE TRIGGER entries_erase_only BEFORE UPDATE OF actor, target, ip, payload, salt ON entries
    FOR EACH ROW WHEN (NEW.payload IS NOT NULL OR NEW.salt IS NOT NULL) EXECUTE FUNCTION entries_refuse();

CREATE TABLE subtrees (
    height bigint NOT NULL CHECK (height > 0 AND height % 8 = 0),
    position bigint NOT NULL CHECK (position >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (height, position)
);

COMMENT ON TABLE subtrees IS 'Hashes of full subtrees of 256, 65,536, ... entries, so that a proof needs a bounded number of reads';

CREATE TABLE users (
    id uuid NOT NULL PRIMARY KEY,
    username text COLLATE "C" NOT NULL,
    email text COLLATE "C",
    full_name text,
    role text NOT NULL,
    active boolean NOT NULL,
    password_hash text,
    password_temporary boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE users IS 'Users (sealed)';

CREATE UNIQUE INDEX users_username ON users (lower(username));

CREATE UNIQUE INDEX users_email ON users (lower(email)) WHERE email IS NOT NULL;

CREATE TABLE api_keys (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    name text NOT NULL,
    shown text NOT NULL,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    scopes text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE api_keys IS 'API keys (sealed); only the hash of the secret is stored';

CREATE INDEX api_keys_user ON api_keys (user_id);

CREATE TABLE erasures (
    id uuid NOT NULL PRIMARY KEY REFERENCES entries (id),
    erased bigint NOT NULL UNIQUE REFERENCES entries (entry),
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE erasures IS 'Which entries had their payload erased by command (sealed)';
