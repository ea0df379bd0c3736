DROP INDEX metrics_in_time;

DROP INDEX metrics_name;

DROP INDEX metrics_workflow;

DROP INDEX metrics_execution;

DROP INDEX metrics_user;

CREATE INDEX metrics_at ON metrics (at, id);

CREATE INDEX metrics_in_time ON metrics (name, at, id, value, unit);

CREATE INDEX metrics_workflow ON metrics (workflow, at, id) WHERE workflow IS NOT NULL;

CREATE INDEX metrics_execution ON metrics (execution_id, at, id) WHERE execution_id IS NOT NULL;

CREATE INDEX metrics_user ON metrics (user_id, at, id) WHERE user_id IS NOT NULL;
