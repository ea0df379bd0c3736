DROP VIEW governance_recent;

DROP VIEW governance_users;

CREATE VIEW governance_recent AS
    SELECT e.id, e.started_at, e.workflow, e.drag_mode, e.status, e.user_id, u.username, e.agent_id, e.finished_at
    FROM executions e JOIN users u ON u.id = e.user_id ORDER BY e.started_at DESC, e.id DESC LIMIT 100;

-- sqlite
CREATE VIEW governance_users AS
    SELECT d.user_id, u.username, CAST(sum(d.running + d.completed + d.failed + d.cancelled) AS INTEGER) AS executions,
        CAST(sum(d.running) AS INTEGER) AS running, CAST(sum(d.completed) AS INTEGER) AS completed,
        CAST(sum(d.failed) AS INTEGER) AS failed, CAST(sum(d.cancelled) AS INTEGER) AS cancelled, max(d.day) AS last_day
    FROM execution_days d JOIN users u ON u.id = d.user_id WHERE d.covers = 'user' GROUP BY d.user_id, u.username;

-- postgres
CREATE VIEW governance_users AS
    SELECT d.user_id, u.username, CAST(sum(d.running + d.completed + d.failed + d.cancelled) AS bigint) AS executions,
        CAST(sum(d.running) AS bigint) AS running, CAST(sum(d.completed) AS bigint) AS completed,
        CAST(sum(d.failed) AS bigint) AS failed, CAST(sum(d.cancelled) AS bigint) AS cancelled, max(d.day) AS last_day
    FROM execution_days d JOIN users u ON u.id = d.user_id WHERE d.covers = 'user' GROUP BY d.user_id, u.username;
