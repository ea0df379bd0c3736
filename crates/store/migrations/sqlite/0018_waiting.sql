ALTER TABLE approvals ADD COLUMN execution_id BLOB;

CREATE INDEX approvals_execution ON approvals (execution_id, id) WHERE execution_id IS NOT NULL;
