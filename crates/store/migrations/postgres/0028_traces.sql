ALTER TABLE executions ADD COLUMN told text;

CREATE TABLE roots (
    id uuid NOT NULL,
    place text COLLATE "C" NOT NULL,
    root text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (id, place)
);

CREATE INDEX roots_at ON roots (at);

COMMENT ON TABLE roots IS 'Roots of traces that are no steps, for an hour, until steps come (not sealed)';

COMMENT ON COLUMN roots.id IS 'Follows from the user and the execution';

COMMENT ON COLUMN roots.place IS 'Where the root stands among those of its trace';
