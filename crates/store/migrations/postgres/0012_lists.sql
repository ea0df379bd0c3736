CREATE INDEX sessions_in_use ON sessions (id) WHERE ended_at IS NULL;

CREATE INDEX balances_asset ON balances (asset_id, id);

CREATE INDEX destinations_owner ON destinations (user_id, id);

CREATE INDEX approvals_requester ON approvals (requested_by, id);

CREATE INDEX balances_of_house ON balances (id) WHERE house IS NOT NULL;
