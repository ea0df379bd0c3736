ALTER TABLE executions DROP COLUMN told;
