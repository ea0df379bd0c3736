DROP INDEX approvals_unsalted;

DROP INDEX approvals_unreported;

DROP INDEX approval_votes_by;

ALTER TABLE approvals DROP COLUMN content_salt;

ALTER TABLE approvals DROP COLUMN verdict;

ALTER TABLE approvals DROP COLUMN policy_digest;

ALTER TABLE approvals DROP COLUMN policy_rule;

ALTER TABLE approvals DROP COLUMN asked_quorum;

ALTER TABLE approvals DROP COLUMN owner_may_vote;

ALTER TABLE approvals DROP COLUMN outcome;

ALTER TABLE approvals DROP COLUMN outcome_at;

ALTER TABLE approvals DROP COLUMN result;

ALTER TABLE approval_votes DROP COLUMN session_id;

ALTER TABLE approval_votes DROP COLUMN second_factor;

ALTER TABLE approval_votes DROP COLUMN suggested_arguments;
