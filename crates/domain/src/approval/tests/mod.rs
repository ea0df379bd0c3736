//! What approvals may become, by whom and when.

pub(crate) mod policy;
pub(crate) mod request;

use super::*;
use crate::approval::{ExpireApprovals, WithdrawApproval};
use crate::command::Command;
use crate::context::Caller;
use crate::decision::Draft;
use crate::identity::world::{World, operator};
use crate::identity::{Permission, Scope};
use crate::refusal::RefusalKind;

const ARGUMENTS: &str = r#"{"model":"small","steps":3}"#;

struct Desk {
    world: World,
    /// Asks.
    ada: Uuid,
    agent: Caller,
    /// Vote.
    cora: Uuid,
    dora: Uuid,
}

fn ask() -> RequestApproval {
    RequestApproval {
        id: Some(Uuid::from_u128(0xa9)),
        action: "workflow.deploy".to_owned(),
        arguments: ARGUMENTS.to_owned(),
        reason: Some("it is better".to_owned()),
        quorum: Some(2),
        expires_at: None,
        execution: None,
    }
}

const ID: Uuid = Uuid::from_u128(0xa9);

impl Desk {
    fn new() -> Desk {
        let mut world = World::new();
        let ada = world.user("ada", "developer");
        let (cora, dora) = (world.user("cora", "compliance"), world.user("dora", "compliance"));
        let agent = world.key("ada", &[Scope::Governance]);
        Desk {
            world,
            ada,
            agent,
            cora,
            dora,
        }
    }

    /// With the approval asked for.
    fn asked() -> Desk {
        let mut desk = Desk::new();
        assert_eq!(desk.request(&ask()), "done");
        desk
    }

    fn granted() -> Desk {
        let mut desk = Desk::asked();
        for voter in [desk.cora, desk.dora] {
            assert_eq!(desk.vote(voter, true, None), "done");
        }
        desk
    }

    fn request(&mut self, request: &RequestApproval) -> &'static str {
        let agent = self.agent.clone();
        self.world
            .code(&agent, &Command::RequestApproval(request.clone()))
    }

    fn vote(&mut self, user: Uuid, approve: bool, reason: Option<&str>) -> &'static str {
        let session = self.world.session(user);
        self.vote_by(&session, approve, reason)
    }

    fn vote_by(&mut self, caller: &Caller, approve: bool, reason: Option<&str>) -> &'static str {
        let vote = CastVote {
            approval: ID,
            operation: None,
            approve,
            suggested_arguments: None,
            reason: reason.map(str::to_owned),
        };
        self.world.code(caller, &Command::CastVote(vote))
    }

    fn withdraw(&mut self) -> &'static str {
        let agent = self.agent.clone();
        self.world.code(
            &agent,
            &Command::WithdrawApproval(WithdrawApproval { approval: ID }),
        )
    }

    fn use_it(&mut self) -> &'static str {
        let agent = self.agent.clone();
        self.use_by(&agent, "workflow.deploy", ARGUMENTS)
    }

    fn use_by(&mut self, caller: &Caller, action: &str, arguments: &str) -> &'static str {
        let command = UseApproval {
            approval: ID,
            action: action.to_owned(),
            arguments: arguments.to_owned(),
        };
        self.world.code(caller, &Command::UseApproval(command))
    }

    fn expire(&mut self, ids: &[Uuid]) -> Vec<Draft> {
        let clock = Caller::System { part: "expiry" };
        let command = Command::ExpireApprovals(ExpireApprovals {
            approvals: ids.to_vec(),
        });
        self.world.decide(&clock, &command).unwrap().drafts
    }

    fn approval(&self) -> &Sealed<Approval> {
        &self.world.facts.approvals[&ID]
    }

    fn status(&self) -> ApprovalStatus {
        self.approval().row.status
    }

    /// Lets its time pass.
    fn run_out(&mut self) {
        self.world.wait(24 * 3_600);
    }
}

#[test]
fn enough_votes_grant_it() {
    let mut desk = Desk::asked();
    assert_eq!(desk.vote(desk.cora, true, None), "done");
    assert_eq!(
        (desk.status(), desk.approval().version),
        (ApprovalStatus::Pending, 1)
    );
    // The same person counts once.
    assert_eq!(desk.vote(desk.cora, true, None), "nothing");
    assert_eq!(desk.vote(desk.cora, true, Some("tested")), "done");
    assert_eq!(desk.status(), ApprovalStatus::Pending);
    let session = desk.world.session(desk.dora);
    let vote = CastVote {
        approval: ID,
        operation: None,
        approve: true,
        suggested_arguments: None,
        reason: None,
    };
    let reply = desk.world.run(&session, &Command::CastVote(vote)).unwrap();
    let Reply::Approval {
        approval,
        version,
        votes,
    } = reply
    else {
        panic!("{reply:?}")
    };
    assert_eq!((approval.status, version), (ApprovalStatus::Granted, 2));
    assert_eq!(approval.decided_at, Some(desk.world.now));
    assert_eq!(
        (&*approval, version),
        (&desk.approval().row, desk.approval().version)
    );
    let voters: Vec<_> = votes.iter().map(|vote| vote.user_id).collect();
    assert_eq!(voters, [desk.cora, desk.dora]);
    assert_eq!(votes, super::votes(&desk.world.facts, ID));
    assert_eq!(desk.vote(desk.cora, true, Some("tested")), "nothing");
    assert_eq!(desk.vote(desk.cora, false, Some("no")), "approval_decided");
}

#[test]
pub(crate) fn one_vote_against_it_rejects_it() {
    let mut desk = Desk::asked();
    assert_eq!(desk.vote(desk.cora, false, None), "invalid_field");
    assert_eq!(desk.vote(desk.cora, false, Some("")), "invalid_field");
    assert_eq!(
        desk.vote(desk.cora, true, Some(&"é".repeat(1_001))),
        "invalid_field"
    );
    assert_eq!(desk.vote(desk.cora, true, None), "done");
    // Changing one's vote replaces it.
    assert_eq!(desk.vote(desk.cora, false, Some("no")), "done");
    assert_eq!(desk.status(), ApprovalStatus::Rejected);
    assert!(desk.approval().row.decided_at.is_some());
    assert_eq!(desk.world.facts.votes.len(), 1);
    assert_eq!(desk.vote(desk.cora, false, Some("no")), "nothing");
    assert_eq!(desk.vote(desk.cora, true, None), "approval_decided");
    assert_eq!(desk.vote(desk.dora, true, None), "approval_decided");
    assert_eq!(desk.use_it(), "approval_not_granted");
}

#[test]
pub(crate) fn who_votes() {
    let mut desk = Desk::asked();
    let key = desk.world.key("cora", &[Scope::Admin]);
    assert_eq!(desk.vote_by(&key, true, None), "session_needed");
    assert_eq!(desk.vote_by(&operator(), true, None), "session_needed");
    let vic = desk.world.user("vic", "viewer");
    assert_eq!(desk.vote(vic, true, None), "permission_missing");
    let session = desk.world.session(vic);
    let unknown = CastVote {
        approval: Uuid::nil(),
        operation: None,
        approve: true,
        suggested_arguments: None,
        reason: None,
    };
    assert_eq!(
        desk.world.code(&session, &Command::CastVote(unknown)),
        "unknown_approval"
    );
    assert_eq!(desk.status(), ApprovalStatus::Pending);
    // Nobody votes on their own request, whatever they may do.
    let mut desk = Desk::new();
    let root = desk.world.user("root", "admin");
    desk.agent = desk.world.key("root", &[Scope::Governance]);
    assert_eq!(desk.request(&ask()), "done");
    let session = desk.world.session(root);
    let vote = CastVote {
        approval: ID,
        operation: None,
        approve: true,
        suggested_arguments: None,
        reason: None,
    };
    let refusal = desk.world.run(&session, &Command::CastVote(vote)).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.kind),
        ("own_request", RefusalKind::Forbidden)
    );
    assert!(refusal.rule.unwrap().lifted_by.contains("governance:approve"));
}

#[test]
fn custody_has_voters_of_its_own() {
    let custody = [
        "operation.create",
        "balance.configure",
        "asset.create",
        "kyc.approve",
        "destination.add",
    ];
    let others = [
        "workflow.deploy",
        "operations.run",
        "operation",
        "balance_x",
        "x.operation.create",
    ];
    let cases = custody.iter().map(|action| (action, "treasurer", "done"));
    let cases = cases.chain(
        custody
            .iter()
            .map(|action| (action, "governor", "permission_missing")),
    );
    let cases = cases.chain(
        others
            .iter()
            .map(|action| (action, "treasurer", "permission_missing")),
    );
    let cases = cases.chain(others.iter().map(|action| (action, "governor", "done")));
    for (action, role, expected) in cases {
        let mut desk = Desk::new();
        desk.world = desk.world.with(|rules| {
            for (name, permission) in [
                ("treasurer", Permission::CustodyApprove),
                ("governor", Permission::GovernanceApprove),
            ] {
                let name = crate::identity::Role::parse(name).unwrap();
                rules.define(name, "Votes".to_owned(), vec![permission]).unwrap();
            }
        });
        let request = RequestApproval {
            action: (*action).to_owned(),
            ..ask()
        };
        assert_eq!(desk.request(&request), "done");
        let voter = desk.world.user("eve", role);
        assert_eq!(desk.vote(voter, true, None), expected, "{action} {role}");
    }
}

#[test]
pub(crate) fn it_works_once() {
    let mut desk = Desk::granted();
    let cora = desk.world.key("cora", &[Scope::Admin]);
    let dev = desk.world.user("dev", "developer");
    let other = desk.world.key("dev", &[Scope::Governance]);
    assert_eq!(
        desk.use_by(&cora, "workflow.deploy", ARGUMENTS),
        "permission_missing"
    );
    assert_eq!(
        desk.use_by(&other, "workflow.deploy", ARGUMENTS),
        "approval_not_own"
    );
    assert_eq!(
        desk.use_by(&operator(), "workflow.deploy", ARGUMENTS),
        "approval_not_own"
    );
    let session = desk.world.session(dev);
    assert_eq!(
        desk.world.code(
            &session,
            &Command::WithdrawApproval(WithdrawApproval { approval: ID })
        ),
        "not_requester"
    );
    let agent = desk.agent.clone();
    assert_eq!(
        desk.use_by(&agent, "workflow.delete", ARGUMENTS),
        "approval_differs"
    );
    assert_eq!(desk.use_by(&agent, "workflow.deploy", "{}"), "approval_differs");
    assert_eq!(
        desk.use_by(&agent, "operation.create", ARGUMENTS),
        "approval_internal"
    );
    assert_eq!(desk.use_it(), "done");
    assert_eq!(desk.status(), ApprovalStatus::Used);
    assert_eq!(desk.approval().row.used_at, Some(desk.world.now));
    assert_eq!(desk.use_it(), "approval_not_granted");
    assert_eq!(desk.withdraw(), "approval_decided");
}

#[test]
fn who_may_not_see_it_is_not_told_that_it_is_there() {
    let mut desk = Desk::asked();
    let uma = desk.world.user("uma", "user");
    let session = desk.world.session(uma);
    let nothing = Uuid::from_u128(0xdead);
    for approval in [ID, nothing] {
        let using = UseApproval {
            approval,
            action: "workflow.deploy".to_owned(),
            arguments: ARGUMENTS.to_owned(),
        };
        let reported = ReportOutcome {
            approval,
            outcome: ApprovalOutcome::Succeeded,
            result: None,
        };
        let commands: [Command; 3] = [
            using.into(),
            reported.into(),
            WithdrawApproval { approval }.into(),
        ];
        for command in commands {
            assert_eq!(
                desk.world.code(&session, &command),
                "unknown_approval",
                "{command:?}"
            );
        }
    }
}

#[test]
fn someone_at_the_machine_uses_only_what_they_asked_for() {
    let mut desk = Desk::new();
    let request = RequestApproval {
        quorum: Some(1),
        ..ask()
    };
    assert_eq!(
        desk.world.code(&operator(), &Command::RequestApproval(request)),
        "done"
    );
    assert_eq!(desk.vote(desk.cora, true, None), "done");
    assert_eq!(desk.use_it(), "approval_not_own");
    assert_eq!(desk.use_by(&operator(), "workflow.deploy", ARGUMENTS), "done");
}

#[test]
pub(crate) fn it_needs_its_votes_when_it_is_used() {
    let mut desk = Desk::granted();
    let vote = *desk.world.facts.votes.keys().next().unwrap();
    desk.world.facts.votes.remove(&vote);
    assert_eq!(desk.use_it(), "approval_quorum");
}

#[test]
pub(crate) fn it_can_be_taken_back() {
    let mut desk = Desk::asked();
    let unknown = Command::WithdrawApproval(WithdrawApproval {
        approval: Uuid::nil(),
    });
    let agent = desk.agent.clone();
    assert_eq!(desk.world.code(&agent, &unknown), "unknown_approval");
    for mut desk in [desk, Desk::granted()] {
        assert_eq!(desk.withdraw(), "done");
        assert_eq!(desk.status(), ApprovalStatus::Withdrawn);
        assert_eq!(desk.approval().row.decided_at, Some(desk.world.now));
        assert_eq!(desk.withdraw(), "nothing");
        assert_eq!(desk.use_it(), "approval_not_granted");
        assert_eq!(desk.vote(desk.cora, false, Some("no")), "approval_decided");
    }
}

/// The clock decides, whether or not it was written down.
#[test]
pub(crate) fn time_ends_it() {
    for (mut desk, recorded) in [(Desk::granted(), false), (Desk::granted(), true)] {
        let early = desk.expire(&[ID]);
        assert_eq!(early, []);
        desk.run_out();
        if recorded {
            let drafts = desk.expire(&[ID, ID, Uuid::nil()]);
            assert_eq!(drafts.len(), 1);
            assert_eq!(drafts[0].action, "approval.expire");
            assert_eq!(drafts[0].target_id, Some(ID));
            assert_eq!(desk.status(), ApprovalStatus::Expired);
            assert_eq!(desk.expire(&[ID]), []);
        }
        assert_eq!(desk.use_it(), "approval_not_granted");
        assert_eq!(desk.withdraw(), "approval_expired");
        assert_eq!(desk.vote(desk.cora, false, Some("late")), "approval_expired");
    }
    let mut desk = Desk::asked();
    desk.run_out();
    assert_eq!(desk.vote(desk.cora, true, None), "approval_expired");
    let mut desk = Desk::granted();
    assert_eq!(desk.use_it(), "done");
    desk.run_out();
    assert_eq!(desk.expire(&[ID]), []);
    assert_eq!(desk.status(), ApprovalStatus::Used);
}

#[test]
fn the_last_moment_counts() {
    let mut desk = Desk::granted();
    desk.world.now = desk.approval().row.expires_at;
    // The clock goes on by a millisecond before a command is decided.
    let before = |desk: &Desk, micros| {
        Timestamp::from_micros(desk.approval().row.expires_at.micros() - micros).unwrap()
    };
    desk.world.now = before(&desk, 1_000);
    assert_eq!(desk.use_it(), "approval_not_granted");
    desk.world.now = before(&desk, 1_001);
    assert_eq!(desk.use_it(), "done");
}
