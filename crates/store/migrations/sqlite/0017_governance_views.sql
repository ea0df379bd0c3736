CREATE TABLE execution_days (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    covers TEXT NOT NULL CHECK (covers IN ('workflow', 'drag_mode', 'user')),
    name TEXT,
    user_id BLOB REFERENCES users (id),
    day INTEGER NOT NULL,
    running INTEGER NOT NULL CHECK (running >= 0),
    completed INTEGER NOT NULL CHECK (completed >= 0),
    failed INTEGER NOT NULL CHECK (failed >= 0),
    cancelled INTEGER NOT NULL CHECK (cancelled >= 0),
    micros INTEGER NOT NULL CHECK (micros >= 0),
    version INTEGER NOT NULL CHECK (version > 0),
    entry INTEGER NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    CHECK ((covers = 'user') = (user_id IS NOT NULL))
) STRICT;

CREATE INDEX execution_days_in_time ON execution_days (covers, day);

CREATE TRIGGER execution_days_no_delete BEFORE DELETE ON execution_days BEGIN
    SELECT RAISE(ABORT, 'counts of executions are never deleted');
END;

CREATE INDEX executions_started ON executions (started_at, id);

CREATE VIEW governance_recent AS
    SELECT e.id, e.started_at, e.workflow, e.drag_mode, e.status, e.user_id, u.username, e.agent_id, e.finished_at
    FROM executions e JOIN users u ON u.id = e.user_id ORDER BY e.started_at DESC, e.id DESC LIMIT 100;

CREATE VIEW governance_workflows AS
    SELECT name AS workflow, CAST(sum(running + completed + failed + cancelled) AS INTEGER) AS executions,
        CAST(sum(running) AS INTEGER) AS running, CAST(sum(completed) AS INTEGER) AS completed,
        CAST(sum(failed) AS INTEGER) AS failed, CAST(sum(cancelled) AS INTEGER) AS cancelled,
        CAST(sum(completed) AS REAL) / NULLIF(CAST(sum(completed + failed + cancelled) AS REAL), 0) AS success_rate
    FROM execution_days WHERE covers = 'workflow' GROUP BY name;

CREATE VIEW governance_drag_modes AS
    SELECT name AS drag_mode, CAST(sum(running + completed + failed + cancelled) AS INTEGER) AS executions,
        CAST(sum(running) AS INTEGER) AS running, CAST(sum(completed) AS INTEGER) AS completed,
        CAST(sum(failed) AS INTEGER) AS failed, CAST(sum(cancelled) AS INTEGER) AS cancelled,
        CAST(sum(completed) AS REAL) / NULLIF(CAST(sum(completed + failed + cancelled) AS REAL), 0) AS success_rate
    FROM execution_days WHERE covers = 'drag_mode' GROUP BY name;

CREATE VIEW governance_users AS
    SELECT d.user_id, u.username, CAST(sum(d.running + d.completed + d.failed + d.cancelled) AS INTEGER) AS executions,
        CAST(sum(d.running) AS INTEGER) AS running, CAST(sum(d.completed) AS INTEGER) AS completed,
        CAST(sum(d.failed) AS INTEGER) AS failed, CAST(sum(d.cancelled) AS INTEGER) AS cancelled, max(d.day) AS last_day
    FROM execution_days d JOIN users u ON u.id = d.user_id WHERE d.covers = 'user' GROUP BY d.user_id, u.username;
