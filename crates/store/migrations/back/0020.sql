DROP INDEX executions_agent_running;
