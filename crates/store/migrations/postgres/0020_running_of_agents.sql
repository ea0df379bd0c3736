CREATE INDEX executions_agent_running ON executions (agent_id, id) WHERE status = 'running' AND agent_id IS NOT NULL;
