CREATE TABLE jobs (
    job text COLLATE "C" NOT NULL PRIMARY KEY,
    done_to timestamptz NOT NULL,
    asked_at timestamptz,
    run uuid,
    started_at timestamptz,
    ended_at timestamptz,
    took_us bigint,
    outcome text CHECK (outcome IN ('running', 'succeeded', 'failed', 'broken_off')),
    error text,
    figure bigint,
    succeeded_at timestamptz,
    failures bigint NOT NULL CHECK (failures >= 0)
);

COMMENT ON TABLE jobs IS 'What is done again and again, and how it went last (not sealed)';

COMMENT ON COLUMN jobs.done_to IS 'Up to when the times of its schedule are covered';

COMMENT ON COLUMN jobs.figure IS 'What the last run that gave a number gave: bytes of a backup, findings of a verification';

CREATE TABLE leases (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    holder uuid,
    beats bigint NOT NULL
);

COMMENT ON TABLE leases IS 'Which process leads: it holds the lease for as long as it keeps the beats growing (not sealed)';
