ALTER TABLE api_keys ADD CONSTRAINT api_keys_successor_fkey FOREIGN KEY (successor) REFERENCES api_keys (id);

COMMENT ON COLUMN api_keys.successor IS 'The key that took its place';

CREATE FUNCTION sealed_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows that are sealed are never deleted' USING ERRCODE = '55000';
END
$$;

CREATE TRIGGER log_head_no_delete BEFORE DELETE ON log_head
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER log_head_no_truncate BEFORE TRUNCATE ON log_head
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER subtrees_no_delete BEFORE DELETE ON subtrees
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER subtrees_no_truncate BEFORE TRUNCATE ON subtrees
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER users_no_delete BEFORE DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER users_no_truncate BEFORE TRUNCATE ON users
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER api_keys_no_delete BEFORE DELETE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER api_keys_no_truncate BEFORE TRUNCATE ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER sessions_no_delete BEFORE DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER sessions_no_truncate BEFORE TRUNCATE ON sessions
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER invitations_no_delete BEFORE DELETE ON invitations
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER invitations_no_truncate BEFORE TRUNCATE ON invitations
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER second_factors_no_delete BEFORE DELETE ON second_factors
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER second_factors_no_truncate BEFORE TRUNCATE ON second_factors
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER erasures_no_delete BEFORE DELETE ON erasures
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER erasures_no_truncate BEFORE TRUNCATE ON erasures
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER destinations_no_delete BEFORE DELETE ON destinations
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER destinations_no_truncate BEFORE TRUNCATE ON destinations
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();
