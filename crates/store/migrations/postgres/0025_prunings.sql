CREATE TABLE prunings (
    id uuid NOT NULL PRIMARY KEY,
    bucket bigint NOT NULL UNIQUE CHECK (bucket >= 0),
    bits bytea NOT NULL CHECK (octet_length(bits) = 128),
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL REFERENCES entries (entry),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON TABLE prunings IS 'Which entries had their payload pruned, a bit each, by buckets of 1,024 (sealed)';

CREATE INDEX prunings_entry ON prunings (entry);

CREATE TRIGGER prunings_no_delete BEFORE DELETE ON prunings
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER prunings_no_truncate BEFORE TRUNCATE ON prunings
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();
