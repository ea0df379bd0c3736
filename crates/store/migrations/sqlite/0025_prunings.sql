CREATE TABLE prunings (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    bucket INTEGER NOT NULL UNIQUE CHECK (bucket >= 0),
    bits BLOB NOT NULL CHECK (length(bits) = 128),
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL REFERENCES entries (entry),
    salt BLOB NOT NULL CHECK (length(salt) = 16)
) STRICT;

CREATE INDEX prunings_entry ON prunings (entry);

CREATE TRIGGER prunings_no_delete BEFORE DELETE ON prunings BEGIN
    SELECT RAISE(ABORT, 'rows that are sealed are never deleted');
END;
