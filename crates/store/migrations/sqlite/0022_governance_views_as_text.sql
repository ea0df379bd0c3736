DROP VIEW governance_recent;

DROP VIEW governance_users;

CREATE VIEW governance_recent AS
    SELECT
        lower(substr(hex(e.id), 1, 8) || '-' || substr(hex(e.id), 9, 4) || '-' || substr(hex(e.id), 13, 4) || '-' || substr(hex(e.id), 17, 4) || '-' || substr(hex(e.id), 21, 12)) AS id,
        strftime('%Y-%m-%dT%H:%M:%S', (e.started_at - (e.started_at % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', (e.started_at % 1000000 + 1000000) % 1000000) AS started_at,
        e.workflow, e.drag_mode, e.status,
        lower(substr(hex(e.user_id), 1, 8) || '-' || substr(hex(e.user_id), 9, 4) || '-' || substr(hex(e.user_id), 13, 4) || '-' || substr(hex(e.user_id), 17, 4) || '-' || substr(hex(e.user_id), 21, 12)) AS user_id,
        u.username,
        lower(substr(hex(e.agent_id), 1, 8) || '-' || substr(hex(e.agent_id), 9, 4) || '-' || substr(hex(e.agent_id), 13, 4) || '-' || substr(hex(e.agent_id), 17, 4) || '-' || substr(hex(e.agent_id), 21, 12)) AS agent_id,
        strftime('%Y-%m-%dT%H:%M:%S', (e.finished_at - (e.finished_at % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', (e.finished_at % 1000000 + 1000000) % 1000000) AS finished_at
    FROM executions e JOIN users u ON u.id = e.user_id ORDER BY e.started_at DESC, e.id DESC LIMIT 100;

CREATE VIEW governance_users AS
    SELECT
        lower(substr(hex(d.user_id), 1, 8) || '-' || substr(hex(d.user_id), 9, 4) || '-' || substr(hex(d.user_id), 13, 4) || '-' || substr(hex(d.user_id), 17, 4) || '-' || substr(hex(d.user_id), 21, 12)) AS user_id,
        u.username,
        CAST(sum(d.running + d.completed + d.failed + d.cancelled) AS INTEGER) AS executions,
        CAST(sum(d.running) AS INTEGER) AS running, CAST(sum(d.completed) AS INTEGER) AS completed,
        CAST(sum(d.failed) AS INTEGER) AS failed, CAST(sum(d.cancelled) AS INTEGER) AS cancelled,
        strftime('%Y-%m-%dT%H:%M:%S', (max(d.day) - (max(d.day) % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', (max(d.day) % 1000000 + 1000000) % 1000000) AS last_day
    FROM execution_days d JOIN users u ON u.id = d.user_id WHERE d.covers = 'user' GROUP BY d.user_id, u.username;
