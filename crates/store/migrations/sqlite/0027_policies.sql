ALTER TABLE approvals ADD COLUMN content_salt BLOB CHECK (length(content_salt) = 16);

ALTER TABLE approvals ADD COLUMN verdict TEXT CHECK (verdict IN ('allow', 'ask', 'deny'));

ALTER TABLE approvals ADD COLUMN policy_digest BLOB CHECK (length(policy_digest) = 32);

ALTER TABLE approvals ADD COLUMN policy_rule INTEGER CHECK (policy_rule >= 0);

ALTER TABLE approvals ADD COLUMN asked_quorum INTEGER CHECK (asked_quorum > 0);

ALTER TABLE approvals ADD COLUMN owner_may_vote INTEGER CHECK (owner_may_vote IN (0, 1));

ALTER TABLE approvals ADD COLUMN outcome TEXT CHECK (outcome IN ('succeeded', 'failed'));

ALTER TABLE approvals ADD COLUMN outcome_at INTEGER;

ALTER TABLE approvals ADD COLUMN result TEXT;

CREATE INDEX approvals_unsalted ON approvals (id) WHERE content_salt IS NULL AND arguments <> '';

CREATE INDEX approvals_unreported ON approvals (used_at) WHERE used_at IS NOT NULL AND outcome IS NULL AND verdict IS NOT NULL;

ALTER TABLE approval_votes ADD COLUMN session_id BLOB;

ALTER TABLE approval_votes ADD COLUMN second_factor INTEGER CHECK (second_factor IN (0, 1));

ALTER TABLE approval_votes ADD COLUMN suggested_arguments TEXT;

CREATE INDEX approval_votes_by ON approval_votes (user_id, id);
