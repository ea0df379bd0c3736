ALTER TABLE approvals ADD COLUMN execution_id uuid;

COMMENT ON COLUMN approvals.execution_id IS 'The execution that waits for it; no foreign key, since executions are never deleted and the seal says more';

CREATE INDEX approvals_execution ON approvals (execution_id, id) WHERE execution_id IS NOT NULL;
