ALTER TABLE operations ADD COLUMN replaces_id uuid;

ALTER TABLE operations ADD COLUMN transactions text;

COMMENT ON COLUMN operations.replaces_id IS 'The operation that had its output before; no foreign key, like other links between operations, since they may be written at once';

DROP INDEX operations_output;

CREATE INDEX operations_hash ON operations (lower(replace(tx_hash, ' ', ''))) WHERE tx_hash IS NOT NULL;

CREATE TABLE chain_outputs (
    id uuid NOT NULL PRIMARY KEY,
    chain text NOT NULL,
    tx_hash text NOT NULL,
    output bigint CHECK (output >= 0),
    number bigint NOT NULL CHECK (number > 0),
    operation_id uuid NOT NULL REFERENCES operations (id),
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);

COMMENT ON COLUMN chain_outputs.entry IS 'Index of the entry that wrote it; no foreign key, since entries are never deleted and the seal says more';

COMMENT ON TABLE chain_outputs IS 'Claims of operations to outputs of transactions, never changed (sealed)';

CREATE UNIQUE INDEX chain_outputs_output ON chain_outputs (tx_hash, chain, coalesce(output, -1), number);

CREATE TRIGGER chain_outputs_no_delete BEFORE DELETE ON chain_outputs
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER chain_outputs_no_truncate BEFORE TRUNCATE ON chain_outputs
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER chain_outputs_no_update BEFORE UPDATE ON chain_outputs
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();
