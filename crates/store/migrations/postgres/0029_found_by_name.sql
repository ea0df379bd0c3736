CREATE INDEX users_full_name ON users (lower(full_name)) WHERE full_name IS NOT NULL;

CREATE INDEX api_keys_name ON api_keys (lower(name));

CREATE INDEX api_keys_shown ON api_keys (shown);
