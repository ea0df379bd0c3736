ALTER TABLE assets ADD COLUMN summed boolean;

ALTER TABLE sums ADD COLUMN totals bigint CHECK (totals >= 0);

ALTER TABLE sums ADD COLUMN days bigint CHECK (days >= 0);

COMMENT ON TABLE assets IS 'What can be held (sealed)';

ALTER TABLE users ALTER COLUMN full_name TYPE text COLLATE "C";
