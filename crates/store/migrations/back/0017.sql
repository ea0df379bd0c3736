DROP VIEW governance_recent;

DROP VIEW governance_workflows;

DROP VIEW governance_drag_modes;

DROP VIEW governance_users;

DROP INDEX executions_started;

DROP TABLE execution_days;
