DROP INDEX operations_debit;

DROP INDEX operations_credit;

DROP INDEX operations_open;

CREATE INDEX operations_debit ON operations ((entry >> 10), debit_id, entry, id);

CREATE INDEX operations_credit ON operations ((entry >> 10), credit_id, entry, id);

CREATE INDEX operations_entry ON operations ((entry + 0), id);

CREATE INDEX operations_asset ON operations (asset_id, entry, id);

CREATE INDEX operations_kind ON operations (kind, entry, id);

CREATE INDEX operations_status ON operations (status, entry, id) WHERE status <> 'completed';

CREATE TABLE sums (
    id uuid NOT NULL PRIMARY KEY,
    asset_id uuid NOT NULL REFERENCES assets (id),
    covers text NOT NULL CHECK (covers IN ('operations', 'posted', 'held')),
    kind text CHECK (kind IN ('deposit', 'withdrawal', 'transfer', 'mint', 'burn', 'reversal')),
    status text CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled', 'unknown')),
    day timestamptz,
    count bigint NOT NULL CHECK (count >= 0),
    amount numeric(38,0) NOT NULL,
    carry bigint,
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    CHECK ((covers = 'operations') = (kind IS NOT NULL)),
    CHECK ((kind IS NULL) = (status IS NULL))
) WITH (fillfactor = 20);

COMMENT ON COLUMN sums.entry IS 'Index of the entry that wrote it; no foreign key, since entries are never deleted and the seal says more';

COMMENT ON TABLE sums IS 'Sums over operations and balances, kept as they change (sealed)';

CREATE INDEX sums_total ON sums (asset_id) WHERE day IS NULL;

CREATE INDEX sums_day ON sums (day) WHERE day IS NOT NULL;

CREATE INDEX sums_asset_day ON sums (asset_id, day) WHERE day IS NOT NULL;

CREATE TRIGGER sums_no_delete BEFORE DELETE ON sums
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();

CREATE TRIGGER sums_no_truncate BEFORE TRUNCATE ON sums
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();
