ALTER TABLE entries ADD COLUMN occurred_at timestamptz;

COMMENT ON COLUMN entries.occurred_at IS 'When it happened by the recorder''s clock, as the payload says; goes with the payload';

DROP TRIGGER entries_erase_only ON entries;

UPDATE entries SET occurred_at = (payload::json ->> 'occurred_at')::timestamptz WHERE payload LIKE '%"occurred_at":"%';

CREATE TRIGGER entries_erase_only BEFORE UPDATE OF actor, target, ip, occurred_at, payload, salt ON entries
    FOR EACH ROW WHEN (NEW.payload IS NOT NULL OR NEW.salt IS NOT NULL) EXECUTE FUNCTION entries_refuse();

CREATE INDEX entries_timestamp ON entries (COALESCE(occurred_at, at), entry);
