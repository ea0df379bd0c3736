ALTER TABLE users ADD COLUMN balances INTEGER CHECK (balances >= 0);
