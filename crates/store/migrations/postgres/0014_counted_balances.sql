ALTER TABLE users ADD COLUMN balances bigint CHECK (balances >= 0);
