CREATE TABLE counters (
    subject text COLLATE "C" NOT NULL,
    width_s bigint NOT NULL CHECK (width_s > 0),
    window_start bigint NOT NULL,
    used bigint NOT NULL,
    PRIMARY KEY (subject, width_s, window_start)
);

COMMENT ON TABLE counters IS 'How often a rate limit was used in a window of time (not sealed)';

COMMENT ON COLUMN counters.width_s IS 'Width of the window in seconds';

COMMENT ON COLUMN counters.window_start IS 'Begin of the window in seconds since 1970, a multiple of the width';

CREATE TABLE last_seen (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('api_key', 'session', 'user')),
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (kind, id)
);

COMMENT ON TABLE last_seen IS 'When an API key, a session or a user was last seen, to some seconds (not sealed)';
