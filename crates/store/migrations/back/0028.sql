ALTER TABLE executions DROP COLUMN told;

DROP TABLE roots;
