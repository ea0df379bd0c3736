ALTER TABLE entries ADD COLUMN occurred_at INTEGER;

DROP TRIGGER entries_erase_only;

UPDATE entries SET occurred_at =
    CAST(strftime('%s', substr(payload ->> '$.occurred_at', 1, 19)) AS INTEGER) * 1000000
    + CAST(substr(payload ->> '$.occurred_at', 21, 6) AS INTEGER)
WHERE payload LIKE '%"occurred_at":"%' AND payload ->> '$.occurred_at' IS NOT NULL;

CREATE TRIGGER entries_erase_only BEFORE UPDATE OF actor, target, ip, occurred_at, payload, salt ON entries
WHEN NEW.payload IS NOT NULL OR NEW.salt IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'entries are never changed, only their payload may be erased');
END;

CREATE INDEX entries_timestamp ON entries (COALESCE(occurred_at, at), entry);
