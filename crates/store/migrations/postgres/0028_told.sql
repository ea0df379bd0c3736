ALTER TABLE executions ADD COLUMN told text;
