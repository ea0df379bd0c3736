DROP INDEX approvals_execution;

ALTER TABLE approvals DROP COLUMN execution_id;
