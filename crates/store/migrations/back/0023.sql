DROP INDEX entries_timestamp;

-- sqlite
DROP TRIGGER entries_erase_only;

-- postgres
DROP TRIGGER entries_erase_only ON entries;

ALTER TABLE entries DROP COLUMN occurred_at;

-- sqlite
CREATE TRIGGER entries_erase_only BEFORE UPDATE OF actor, target, ip, payload, salt ON entries
WHEN NEW.payload IS NOT NULL OR NEW.salt IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'entries are never changed, only their payload may be erased');
END;

-- postgres
CREATE TRIGGER entries_erase_only BEFORE UPDATE OF actor, target, ip, payload, salt ON entries
    FOR EACH ROW WHEN (NEW.payload IS NOT NULL OR NEW.salt IS NOT NULL) EXECUTE FUNCTION entries_refuse();
