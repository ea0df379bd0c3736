DROP INDEX operations_debit;

DROP INDEX operations_credit;

DROP INDEX operations_open;

CREATE INDEX operations_debit ON operations (entry >> 10, debit_id, entry, id);

CREATE INDEX operations_credit ON operations (entry >> 10, credit_id, entry, id);

CREATE INDEX operations_entry ON operations (entry + 0, id);

CREATE INDEX operations_asset ON operations (asset_id, entry, id);

CREATE INDEX operations_kind ON operations (kind, entry, id);

CREATE INDEX operations_status ON operations (status, entry, id) WHERE status <> 'completed';

CREATE TABLE sums (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    asset_id BLOB NOT NULL REFERENCES assets (id),
    covers TEXT NOT NULL CHECK (covers IN ('operations', 'posted', 'held')),
    kind TEXT CHECK (kind IN ('deposit', 'withdrawal', 'transfer', 'mint', 'burn', 'reversal')),
    status TEXT CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled', 'unknown')),
    day INTEGER,
    count INTEGER NOT NULL CHECK (count >= 0),
    amount TEXT NOT NULL,
    carry INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    CHECK ((covers = 'operations') = (kind IS NOT NULL)),
    CHECK ((kind IS NULL) = (status IS NULL))
) STRICT;

CREATE INDEX sums_total ON sums (asset_id) WHERE day IS NULL;

CREATE INDEX sums_day ON sums (day) WHERE day IS NOT NULL;

CREATE INDEX sums_asset_day ON sums (asset_id, day) WHERE day IS NOT NULL;

CREATE TRIGGER sums_no_delete BEFORE DELETE ON sums BEGIN
    SELECT RAISE(ABORT, 'rows of custody are never deleted');
END;
