ALTER TABLE users DROP COLUMN balances;
