CREATE TABLE execution_days (
    id uuid NOT NULL PRIMARY KEY,
    covers text NOT NULL CHECK (covers IN ('workflow', 'drag_mode', 'user')),
    name text,
    user_id uuid REFERENCES users (id),
    day timestamptz NOT NULL,
    running bigint NOT NULL CHECK (running >= 0),
    completed bigint NOT NULL CHECK (completed >= 0),
    failed bigint NOT NULL CHECK (failed >= 0),
    cancelled bigint NOT NULL CHECK (cancelled >= 0),
    micros bigint NOT NULL CHECK (micros >= 0),
    version bigint NOT NULL CHECK (version > 0),
    entry bigint NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    CHECK ((covers = 'user') = (user_id IS NOT NULL))
) WITH (fillfactor = 50);

COMMENT ON COLUMN execution_days.entry IS 'Index of the entry that wrote it; no foreign key, since entries are never deleted and the seal says more';

COMMENT ON TABLE execution_days IS 'How many executions of a workflow, a DRAG mode or a user were started on each day, and how they stand (sealed)';

CREATE INDEX execution_days_in_time ON execution_days (covers, day);

CREATE TRIGGER execution_days_no_delete BEFORE DELETE ON execution_days
    FOR EACH ROW EXECUTE FUNCTION sealed_refuse();

CREATE TRIGGER execution_days_no_truncate BEFORE TRUNCATE ON execution_days
    FOR EACH STATEMENT EXECUTE FUNCTION sealed_refuse();

CREATE INDEX executions_started ON executions (started_at, id);

CREATE VIEW governance_recent AS
    SELECT e.id, e.started_at, e.workflow, e.drag_mode, e.status, e.user_id, u.username, e.agent_id, e.finished_at
    FROM executions e JOIN users u ON u.id = e.user_id ORDER BY e.started_at DESC, e.id DESC LIMIT 100;

CREATE VIEW governance_workflows AS
    SELECT name AS workflow, CAST(sum(running + completed + failed + cancelled) AS bigint) AS executions,
        CAST(sum(running) AS bigint) AS running, CAST(sum(completed) AS bigint) AS completed,
        CAST(sum(failed) AS bigint) AS failed, CAST(sum(cancelled) AS bigint) AS cancelled,
        CAST(sum(completed) AS double precision) / NULLIF(CAST(sum(completed + failed + cancelled) AS double precision), 0) AS success_rate
    FROM execution_days WHERE covers = 'workflow' GROUP BY name;

CREATE VIEW governance_drag_modes AS
    SELECT name AS drag_mode, CAST(sum(running + completed + failed + cancelled) AS bigint) AS executions,
        CAST(sum(running) AS bigint) AS running, CAST(sum(completed) AS bigint) AS completed,
        CAST(sum(failed) AS bigint) AS failed, CAST(sum(cancelled) AS bigint) AS cancelled,
        CAST(sum(completed) AS double precision) / NULLIF(CAST(sum(completed + failed + cancelled) AS double precision), 0) AS success_rate
    FROM execution_days WHERE covers = 'drag_mode' GROUP BY name;

CREATE VIEW governance_users AS
    SELECT d.user_id, u.username, CAST(sum(d.running + d.completed + d.failed + d.cancelled) AS bigint) AS executions,
        CAST(sum(d.running) AS bigint) AS running, CAST(sum(d.completed) AS bigint) AS completed,
        CAST(sum(d.failed) AS bigint) AS failed, CAST(sum(d.cancelled) AS bigint) AS cancelled, max(d.day) AS last_day
    FROM execution_days d JOIN users u ON u.id = d.user_id WHERE d.covers = 'user' GROUP BY d.user_id, u.username;
