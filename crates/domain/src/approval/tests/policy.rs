//! What becomes of a request by what the policies say.

use sha2::Digest as _;

use super::*;
use crate::approval::policy::tests::policy;
use crate::approval::policy::{Policies, Policy};
use crate::approval::{ApprovalOutcome, ReportOutcome, SaltApprovals, Verdict};

fn desk(list: Vec<Policy>) -> Desk {
    let mut desk = Desk::new();
    let policies = Policies::new(list).unwrap();
    desk.world = desk.world.with(|rules| rules.policies = policies);
    desk
}

fn plain() -> RequestApproval {
    RequestApproval {
        quorum: None,
        ..ask()
    }
}

fn report(desk: &mut Desk, caller: &Caller, outcome: ApprovalOutcome, result: Option<&str>) -> &'static str {
    let command = ReportOutcome {
        approval: ID,
        outcome,
        result: result.map(str::to_owned),
    };
    desk.world.code(caller, &command.into())
}

#[test]
pub(crate) fn what_is_allowed_is_granted_at_once_and_used_once() {
    let mut desk = desk(vec![policy("workflow.*", Verdict::Allow)]);
    assert_eq!(desk.request(&plain()), "done");
    let row = &desk.approval().row;
    assert_eq!(
        (row.status, row.verdict, row.policy_rule),
        (ApprovalStatus::Granted, Some(Verdict::Allow), Some(0))
    );
    assert_eq!(
        row.policy_digest.as_deref(),
        Some(&desk.world.facts.rules.policies.digest()[..])
    );
    assert_eq!(row.decided_at, Some(row.requested_at));
    // Nobody asked for a vote.
    assert_eq!(desk.vote(desk.cora, true, None), "approval_decided");
    assert_eq!(desk.use_it(), "done");
    assert_eq!(desk.use_it(), "approval_not_granted");
    // The same again is the same; whoever wants a vote asks for something else.
    assert_eq!(desk.request(&plain()), "nothing");
    assert_eq!(desk.request(&ask()), "id_conflict");
}

#[test]
pub(crate) fn what_is_denied_stays_denied() {
    let mut desk = desk(vec![policy("*", Verdict::Deny)]);
    let agent = desk.agent.clone();
    let reply = desk.world.run(&agent, &ask().into()).unwrap();
    let (approval, ..) = <(Approval, u64, Vec<Vote>)>::try_from(reply).unwrap();
    assert_eq!(approval.status, ApprovalStatus::Denied);
    assert_eq!(desk.status(), ApprovalStatus::Rejected);
    let now = desk.world.now;
    assert_eq!(desk.approval().row.status_at(now), ApprovalStatus::Denied);
    assert_eq!(desk.vote(desk.cora, true, None), "approval_decided");
    assert_eq!(desk.use_it(), "approval_not_granted");
    assert_eq!(desk.withdraw(), "approval_decided");
    desk.run_out();
    assert!(desk.expire(&[ID]).is_empty());
}

#[test]
pub(crate) fn a_policy_says_how_many_how_long_and_whether_the_owner_votes() {
    let two = Policy {
        quorum: 2,
        expires_s: Some(60),
        ..policy("workflow.deploy", Verdict::Ask)
    };
    let mut desk = desk(vec![two]);
    let one = RequestApproval {
        quorum: Some(1),
        ..ask()
    };
    assert_eq!(desk.request(&one), "done");
    assert_eq!(desk.approval().row.quorum, 2, "never fewer");
    assert_eq!(desk.request(&one), "nothing");
    let row = &desk.approval().row;
    assert_eq!(row.expires_at, row.requested_at.plus_seconds(60));
    let late = RequestApproval {
        id: None,
        expires_at: Some(desk.world.now.plus_seconds(120)),
        ..ask()
    };
    assert_eq!(desk.request(&late), "invalid_field");
    desk.world.wait(60);
    assert_eq!(desk.vote(desk.cora, true, None), "approval_expired");
}

#[test]
pub(crate) fn an_owner_votes_where_a_policy_says_so_and_never_on_their_own_request() {
    for (owner_may_vote, by_agent, expected) in [
        (true, true, "done"),
        (false, true, "own_request"),
        (true, false, "own_request"),
    ] {
        let may = Policy {
            owner_may_vote,
            ..policy("*", Verdict::Ask)
        };
        let mut desk = desk(vec![may]);
        let owner = desk.world.user("olga", "admin");
        let agent = desk.world.agent("triage", owner);
        let asks = if by_agent {
            desk.world.agent_key("olga", agent, &[Scope::Governance])
        } else {
            desk.world.key("olga", &[Scope::Governance])
        };
        assert_eq!(desk.world.code(&asks, &plain().into()), "done");
        assert_eq!(
            desk.vote(owner, true, None),
            expected,
            "{owner_may_vote} {by_agent}"
        );
    }
}

#[test]
pub(crate) fn a_policy_is_for_the_agents_that_it_names() {
    let named = Policy {
        agents: vec!["tri*".to_owned()],
        ..policy("*", Verdict::Allow)
    };
    let mut desk = desk(vec![named]);
    let olga = desk.world.user("olga", "admin");
    for (number, (name, expected)) in [
        ("triage", ApprovalStatus::Granted),
        ("other", ApprovalStatus::Pending),
    ]
    .into_iter()
    .enumerate()
    {
        let agent = desk.world.agent(name, olga);
        let key = desk.world.agent_key("olga", agent, &[Scope::Governance]);
        let id = Uuid::from_u128(number as u128 + 1);
        let request = RequestApproval {
            id: Some(id),
            ..plain()
        };
        assert_eq!(desk.world.code(&key, &request.into()), "done");
        assert_eq!(desk.world.facts.approvals[&id].row.status, expected, "{name}");
    }
    // People are no agents.
    assert_eq!(desk.request(&plain()), "done");
    assert_eq!(desk.status(), ApprovalStatus::Pending);
}

#[test]
pub(crate) fn only_the_agent_that_asked_uses_it_and_says_what_came_of_it() {
    let mut desk = desk(vec![policy("*", Verdict::Allow)]);
    let olga = desk.world.user("olga", "developer");
    let (one, other) = (desk.world.agent("one", olga), desk.world.agent("other", olga));
    let key = |world: &mut World, agent| world.agent_key("olga", agent, &[Scope::Governance]);
    let (asks, again) = (key(&mut desk.world, one), key(&mut desk.world, one));
    let sibling = key(&mut desk.world, other);
    let owner = desk.world.key("olga", &[Scope::Governance]);
    assert_eq!(desk.world.code(&asks, &plain().into()), "done");
    let succeeded = ApprovalOutcome::Succeeded;
    assert_eq!(report(&mut desk, &asks, succeeded, None), "approval_not_used");
    for caller in [&sibling, &owner] {
        assert_eq!(
            desk.use_by(caller, "workflow.deploy", ARGUMENTS),
            "approval_not_own"
        );
    }
    assert_eq!(desk.use_by(&again, "workflow.deploy", ARGUMENTS), "done");
    for caller in [&sibling, &owner] {
        assert_eq!(report(&mut desk, caller, succeeded, None), "approval_not_own");
    }
    let result = Some(r#"{"ok":true}"#);
    assert_eq!(report(&mut desk, &asks, succeeded, Some("[]")), "invalid_field");
    assert_eq!(report(&mut desk, &asks, succeeded, result), "done");
    assert_eq!(report(&mut desk, &asks, succeeded, result), "nothing");
    assert_eq!(
        report(&mut desk, &asks, ApprovalOutcome::Failed, result),
        "approval_reported"
    );
    assert_eq!(report(&mut desk, &asks, succeeded, None), "approval_reported");
    assert_eq!(desk.approval().row.result.as_deref(), result);
    let missing = ReportOutcome {
        approval: Uuid::from_u128(9),
        outcome: succeeded,
        result: None,
    };
    assert_eq!(desk.world.code(&asks, &missing.into()), "unknown_approval");
}

#[test]
pub(crate) fn what_came_of_an_operation_is_in_the_operation() {
    let mut desk = Desk::new();
    let agent = desk.agent.clone();
    let request = RequestApproval {
        action: "operation.create".to_owned(),
        ..plain()
    };
    assert_eq!(desk.request(&request), "done");
    assert_eq!(
        report(&mut desk, &agent, ApprovalOutcome::Failed, None),
        "approval_internal"
    );
}

#[test]
fn it_is_unreported_a_day_after_its_use() {
    let mut desk = desk(vec![policy("*", Verdict::Allow)]);
    assert_eq!(desk.request(&plain()), "done");
    assert!(
        !desk
            .approval()
            .row
            .is_unreported(desk.world.now.plus_seconds(1_000_000))
    );
    assert_eq!(desk.use_it(), "done");
    let used = desk.approval().row.used_at.unwrap();
    let row = |desk: &Desk| desk.approval().row.clone();
    assert!(!row(&desk).is_unreported(used.plus_seconds(86_399)));
    assert!(row(&desk).is_unreported(used.plus_seconds(86_400)));
    let agent = desk.agent.clone();
    assert_eq!(report(&mut desk, &agent, ApprovalOutcome::Failed, None), "done");
    assert!(!row(&desk).is_unreported(used.plus_seconds(86_400)));
}

#[test]
fn a_vote_says_in_which_session_and_what_else_to_ask_for() {
    let mut desk = Desk::asked();
    let session = desk.world.session(desk.cora);
    let against = CastVote {
        approval: ID,
        operation: None,
        approve: false,
        reason: Some("too large".to_owned()),
        suggested_arguments: Some(r#"{"model":"small"}"#.to_owned()),
    };
    let wrong = |change: fn(&mut CastVote)| {
        let mut wrong = against.clone();
        change(&mut wrong);
        wrong.into()
    };
    for command in [
        wrong(|vote| vote.approve = true),
        wrong(|vote| vote.suggested_arguments = Some("[]".to_owned())),
        wrong(|vote| vote.suggested_arguments = Some(r#"{"b":1,"a":1}"#.to_owned())),
    ] {
        assert_eq!(desk.world.code(&session, &command), "invalid_field");
    }
    assert_eq!(desk.world.code(&session, &against.clone().into()), "done");
    assert_eq!(desk.world.code(&session, &against.clone().into()), "nothing");
    let Caller::Session(id) = session else {
        panic!("{session:?}")
    };
    let vote = desk.world.facts.votes.values().next().unwrap();
    assert_eq!(
        (vote.row.session_id, vote.row.second_factor),
        (Some(id), Some(false))
    );
    assert_eq!(vote.row.suggested_arguments, against.suggested_arguments);
    // What is suggested is for nobody to use.
    assert_eq!(desk.use_it(), "approval_not_granted");
}

#[test]
fn what_is_erased_cannot_be_guessed() {
    let mut desk = Desk::granted();
    let row = desk.approval().row.clone();
    assert!(row.is_for_these(ARGUMENTS));
    let unsalted = sha2::Sha256::digest(ARGUMENTS);
    assert_ne!(row.digest, unsalted.as_slice());
    let erased = row.erased(desk.world.now, evidence::Salt([9; 16]));
    assert_eq!(
        (erased.status, erased.arguments.as_str(), erased.reason.as_ref()),
        (ApprovalStatus::Withdrawn, "", None)
    );
    assert_eq!(
        (&erased.digest, erased.content_salt.is_none()),
        (&row.digest, true)
    );
    assert!(!erased.is_for_these("") && !erased.is_for_these(ARGUMENTS));
    // One of before there were salts.
    let old = Approval {
        digest: unsalted.to_vec(),
        content_salt: None,
        ..row
    };
    assert!(old.is_for_these(ARGUMENTS));
    assert_ne!(
        old.erased(desk.world.now, evidence::Salt([9; 16])).digest,
        unsalted.as_slice()
    );
    desk.world.facts.approvals.get_mut(&ID).unwrap().row = old;
    let salts = Caller::System { part: "salts" };
    let salt = |approvals: &[Uuid]| {
        Command::from(SaltApprovals {
            approvals: approvals.to_vec(),
        })
    };
    assert_eq!(desk.world.code(&salts, &salt(&[ID, ID])), "done");
    assert_eq!(desk.world.code(&salts, &salt(&[ID])), "nothing");
    assert_ne!(desk.approval().row.digest, unsalted.as_slice());
    assert_eq!(desk.use_it(), "done");
}
