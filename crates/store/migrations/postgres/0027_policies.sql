ALTER TABLE approvals ADD COLUMN content_salt bytea CHECK (octet_length(content_salt) = 16);

ALTER TABLE approvals ADD COLUMN verdict text CHECK (verdict IN ('allow', 'ask', 'deny'));

ALTER TABLE approvals ADD COLUMN policy_digest bytea CHECK (octet_length(policy_digest) = 32);

ALTER TABLE approvals ADD COLUMN policy_rule bigint CHECK (policy_rule >= 0);

ALTER TABLE approvals ADD COLUMN asked_quorum bigint CHECK (asked_quorum > 0);

ALTER TABLE approvals ADD COLUMN owner_may_vote boolean;

ALTER TABLE approvals ADD COLUMN outcome text CHECK (outcome IN ('succeeded', 'failed'));

ALTER TABLE approvals ADD COLUMN outcome_at timestamptz;

ALTER TABLE approvals ADD COLUMN result text;

CREATE INDEX approvals_unsalted ON approvals (id) WHERE content_salt IS NULL AND arguments <> '';

CREATE INDEX approvals_unreported ON approvals (used_at) WHERE used_at IS NOT NULL AND outcome IS NULL AND verdict IS NOT NULL;

ALTER TABLE approval_votes ADD COLUMN session_id uuid;

COMMENT ON COLUMN approval_votes.session_id IS 'The session in which was voted; no foreign key, since sessions are never deleted and the seal says more';

ALTER TABLE approval_votes ADD COLUMN second_factor boolean;

ALTER TABLE approval_votes ADD COLUMN suggested_arguments text;

CREATE INDEX approval_votes_by ON approval_votes (user_id, id);
