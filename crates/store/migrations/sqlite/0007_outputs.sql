ALTER TABLE operations ADD COLUMN replaces_id BLOB;

ALTER TABLE operations ADD COLUMN transactions TEXT;

DROP INDEX operations_output;

CREATE INDEX operations_hash ON operations (lower(replace(tx_hash, ' ', ''))) WHERE tx_hash IS NOT NULL;

CREATE TABLE chain_outputs (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    chain TEXT NOT NULL,
    tx_hash TEXT NOT NULL,
    output INTEGER CHECK (output >= 0),
    number INTEGER NOT NULL CHECK (number > 0),
    operation_id BLOB NOT NULL REFERENCES operations (id),
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE UNIQUE INDEX chain_outputs_output ON chain_outputs (tx_hash, chain, coalesce(output, -1), number);

CREATE TRIGGER chain_outputs_no_delete BEFORE DELETE ON chain_outputs BEGIN
    SELECT RAISE(ABORT, 'rows of custody are never deleted');
END;

CREATE TRIGGER chain_outputs_no_update BEFORE UPDATE ON chain_outputs BEGIN
    SELECT RAISE(ABORT, 'a claim is never changed');
END;
