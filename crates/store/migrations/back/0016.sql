DROP TABLE execution_steps;

ALTER TABLE executions DROP COLUMN steps;

ALTER TABLE executions DROP COLUMN usage;
