DROP INDEX metrics_at;

DROP INDEX metrics_in_time;

DROP INDEX metrics_workflow;

DROP INDEX metrics_execution;

DROP INDEX metrics_user;

CREATE INDEX metrics_in_time ON metrics (name, at, id);

CREATE INDEX metrics_name ON metrics (name, id);

CREATE INDEX metrics_workflow ON metrics (workflow, id) WHERE workflow IS NOT NULL;

CREATE INDEX metrics_execution ON metrics (execution_id, id) WHERE execution_id IS NOT NULL;

CREATE INDEX metrics_user ON metrics (user_id, id) WHERE user_id IS NOT NULL;
