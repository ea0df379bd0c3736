//! Who makes, changes and stops agents, and what their keys may do.

use evidence::payload::{ActorKind, Payload};

use super::*;
use crate::action::{self, Demand};
use crate::approval::{ApprovalStatus, CastVote, RequestApproval, UseApproval, WithdrawApproval};
use crate::command::Command;
use crate::context::Caller;
use crate::identity::Scope;
use crate::identity::api_key::{CreateApiKey, RotateApiKey};
use crate::identity::user::{DisableUser, EraseUser};
use crate::identity::world::{World, id, operator};

const NOBODY: Uuid = Uuid::from_u128(0xdead);
const ID: Uuid = Uuid::from_u128(0xa6);

/// The switch of an agent that has nothing running.
pub(crate) fn disable(agent: Uuid) -> DisableAgent {
    let running = Vec::new();
    DisableAgent { agent, running }
}

fn new(name: &str, user: Uuid) -> CreateAgent {
    CreateAgent {
        id: None,
        name: name.to_owned(),
        description: None,
        release: None,
        user,
    }
}

#[test]
pub(crate) fn what_a_new_agent_may_be() {
    type Case = (&'static str, fn(&mut CreateAgent), &'static str);
    let cases: [Case; 18] = [
        ("plain", |_| {}, "done"),
        ("the name again", |_| {}, "agent_exists"),
        ("no name", |new| new.name.clear(), "invalid_field"),
        ("longest name", |new| new.name = "a".repeat(100), "done"),
        ("too long", |new| new.name = "a".repeat(101), "invalid_field"),
        ("upper case", |new| new.name = "Triage".into(), "invalid_field"),
        ("a blank", |new| new.name = "a b".into(), "invalid_field"),
        ("U+0000", |new| new.name = "a\0".into(), "invalid_field"),
        ("a line break", |new| new.name = "a\nb".into(), "invalid_field"),
        ("a folder", |new| new.name = "..".into(), "invalid_field"),
        ("like an id", |new| new.name = ID.to_string(), "invalid_field"),
        (
            "no description",
            |new| new.description = Some(String::new()),
            "invalid_field",
        ),
        (
            "longest words",
            |new| {
                new.name = "words".into();
                new.description = Some("é".repeat(1_000));
                new.release = Some("é".repeat(100));
            },
            "done",
        ),
        (
            "too many",
            |new| new.description = Some("é".repeat(1_001)),
            "invalid_field",
        ),
        (
            "too long a release",
            |new| new.release = Some("1".repeat(101)),
            "invalid_field",
        ),
        ("control", |new| new.release = Some("1\n".into()), "invalid_field"),
        ("nobody's", |new| new.user = NOBODY, "unknown_user"),
        ("the nil id", |new| new.id = Some(Uuid::nil()), "invalid_field"),
    ];
    let mut world = World::new();
    let (ann, gone) = (world.user("ann", "developer"), world.user("gone", "viewer"));
    for (what, change, expected) in cases {
        let mut command = new("triage", ann);
        change(&mut command);
        assert_eq!(world.code(&operator(), &command.into()), expected, "{what}");
    }
    let erase = EraseUser {
        user: gone,
        reason: "asked to".to_owned(),
        entries: Vec::new(),
        content: Vec::new(),
    };
    assert_eq!(world.code(&operator(), &erase.into()), "done");
    assert_eq!(world.code(&operator(), &new("late", gone).into()), "user_erased");
}

#[test]
pub(crate) fn an_id_is_one_content() {
    let mut world = World::new();
    let (ann, bob) = (world.user("ann", "developer"), world.user("bob", "developer"));
    let first = CreateAgent {
        id: Some(ID),
        release: Some("1".to_owned()),
        ..new("triage", ann)
    };
    let caller = world.session(ann);
    assert_eq!(world.code(&caller, &first.clone().into()), "done");
    assert_eq!(world.code(&caller, &first.clone().into()), "nothing");
    for other in [
        CreateAgent {
            name: "other".to_owned(),
            ..first.clone()
        },
        CreateAgent {
            description: Some("d".to_owned()),
            ..first.clone()
        },
        CreateAgent {
            release: None,
            ..first.clone()
        },
    ] {
        assert_eq!(world.code(&caller, &other.into()), "id_conflict");
    }
    // Whoever may read agents is told which field differs.
    let other = CreateAgent { user: bob, ..first };
    let refusal = world.run(&operator(), &other.into()).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("user"));
}

fn update(agent: Uuid, version: u64) -> UpdateAgent {
    UpdateAgent {
        agent,
        version: Some(version),
        description: None,
        release: None,
    }
}

#[test]
pub(crate) fn who_may_change_whose_agents() {
    // Who, whose agent; make, update, disable, enable.
    let table = [
        ("admin", "own", ["done"; 4]),
        ("admin", "other's", ["done"; 4]),
        (
            "admin",
            "unknown",
            ["unknown_user", "unknown_agent", "unknown_agent", "unknown_agent"],
        ),
        ("developer", "own", ["done", "done", "done", "permission_missing"]),
        ("developer", "other's", ["permission_missing"; 4]),
        ("developer", "unknown", ["permission_missing"; 4]),
        ("analyst", "own", ["done", "done", "done", "permission_missing"]),
        // The kill switch is for whoever runs the service; on again takes somebody who may do what the owner may.
        ("sre", "other's", ["done", "done", "done", "exceeds_own"]),
        ("viewer", "own", ["permission_missing"; 4]),
        ("auditor", "other's", ["permission_missing"; 4]),
        ("user", "own", ["permission_missing"; 4]),
    ];
    for (role, whose, expected) in table {
        let mut world = World::new();
        let (ann, bob) = (world.user("ann", role), world.user("bob", "developer"));
        let caller = world.session(ann);
        let (owner, agent) = match whose {
            "own" => (ann, world.agent("triage", ann)),
            "unknown" => (NOBODY, NOBODY),
            _ => (bob, world.agent("triage", bob)),
        };
        let release = Some(Some("2.2.0".to_owned()));
        let commands: [Command; 4] = [
            new("another", owner).into(),
            UpdateAgent {
                release,
                ..update(agent, 1)
            }
            .into(),
            disable(agent).into(),
            EnableAgent { agent }.into(),
        ];
        for (command, expected) in commands.iter().zip(expected) {
            assert_eq!(
                world.code(&caller, command),
                expected,
                "{role} {whose} {command:?}"
            );
        }
    }
}

#[test]
pub(crate) fn versions_and_what_is_so_already() {
    let mut world = World::new();
    let ann = world.user("ann", "developer");
    let agent = world.agent("triage", ann);
    let by = operator();
    let described = |text: &str, version| UpdateAgent {
        description: Some(Some(text.to_owned())),
        ..update(agent, version)
    };
    let cases: [(Command, &str); 11] = [
        (update(agent, 1).into(), "nothing"),
        (described("Sorts", 2).into(), "version_mismatch"),
        (described("", 1).into(), "invalid_field"),
        (described("Sorts", 1).into(), "done"),
        (described("Sorts", 2).into(), "nothing"),
        (EnableAgent { agent }.into(), "nothing"),
        (disable(agent).into(), "done"),
        (disable(agent).into(), "nothing"),
        (disable(NOBODY).into(), "unknown_agent"),
        (EnableAgent { agent: NOBODY }.into(), "unknown_agent"),
        (update(NOBODY, 1).into(), "unknown_agent"),
    ];
    for (command, expected) in cases {
        assert_eq!(world.code(&by, &command), expected, "{command:?}");
    }
    let erase = EraseUser {
        user: ann,
        reason: "asked to".to_owned(),
        entries: Vec::new(),
        content: Vec::new(),
    };
    assert_eq!(world.code(&by, &erase.into()), "done");
    let kept = &world.facts.agents[&agent].row;
    assert_eq!((kept.description.as_deref(), kept.active), (None, false));
    assert_eq!(world.code(&by, &EnableAgent { agent }.into()), "user_erased");
}

fn key(world: &World, owner: &str, agent: Uuid, scopes: &[Scope]) -> CreateApiKey {
    CreateApiKey {
        agent: Some(agent),
        ..world.new_key(owner, scopes)
    }
}

#[test]
pub(crate) fn a_key_of_an_agent_has_few_scopes() {
    let mut world = World::new();
    let (ann, bob) = (world.user("ann", "admin"), world.user("bob", "developer"));
    let (agent, other) = (world.agent("triage", ann), world.agent("other", bob));
    for scope in Scope::ALL {
        let expected = match scope {
            Scope::Read | Scope::Governance | Scope::Workflows => "done",
            Scope::Write | Scope::Admin | Scope::Custody => "invalid_field",
        };
        let new = key(&world, "ann", agent, &[Scope::Read, *scope]);
        assert_eq!(world.code(&operator(), &new.into()), expected, "{scope:?}");
    }
    for nobodys in [other, NOBODY] {
        let new = key(&world, "ann", nobodys, &[Scope::Read]);
        assert_eq!(world.code(&operator(), &new.into()), "unknown_agent");
    }
    // Whoever makes a key for another's agent must be allowed what its owner is.
    let session = world.session(bob);
    let new = key(&world, "ann", agent, &[Scope::Read]);
    assert_eq!(world.code(&session, &new.into()), "permission_missing");
    // A rotated key is for the same agent.
    let old = world.agent_key("ann", agent, &[Scope::Governance]);
    let rotate = RotateApiKey {
        id: id(&old),
        overlap_s: 0,
        shown: "prb_111111".to_owned(),
        hash: [9; 32],
    };
    let Reply::ApiKey(rotated) = world.run(&operator(), &rotate.into()).unwrap() else {
        panic!("no key");
    };
    assert_eq!(rotated.agent_id, Some(agent));
}

#[test]
pub(crate) fn a_key_of_an_agent_is_the_agent() {
    let mut world = World::new();
    let ann = world.user("ann", "admin");
    let agent = world.agent("triage", ann);
    let caller = world.agent_key("ann", agent, SCOPES);
    let who = world.who(&caller);
    assert_eq!((who.agent_id(), who.user_id), (Some(agent), Some(ann)));
    let drafts = world.decide(&caller, &ask().into()).unwrap().drafts;
    let [draft] = &drafts[..] else {
        panic!("{drafts:?}")
    };
    assert_eq!(
        (draft.actor_kind, draft.actor_id),
        (ActorKind::Agent, Some(agent))
    );
    assert_eq!(draft.recorded_by.id, Some(id(&caller)));
    assert_eq!(draft.authority, "role:admin approvals:request");
    let actor = Payload::parse(&draft.payload).unwrap().actor;
    assert_eq!(actor.name.as_deref(), Some("triage"));
    assert_eq!(actor.on_behalf_of, Some(ann.to_string()));
    // What is said to be a user's key, or another agent's, is neither.
    let other = world.agent("other", ann);
    let key = id(&caller);
    for wrong in [Caller::ApiKey(key), Caller::AgentKey { key, agent: other }] {
        let refusal = Principal::of(&wrong, &world.facts, world.now).unwrap_err();
        assert_eq!(refusal.code, "unknown_api_key");
    }
}

/// Whatever its owner may do, an agent's key never votes, makes no credential or user, and erases nothing.
#[test]
fn what_an_agent_never_does() {
    let mut world = World::new();
    let ann = world.user("ann", "admin");
    let agent = world.agent("triage", ann);
    let key = world.agent_key("ann", agent, SCOPES);
    let who = world.who(&key);
    for action in action::ALL {
        let may = match action.demand {
            Demand::Permission(one) => who.holds(one),
            Demand::OwnOr(own, all) => who.holds(own) || who.holds(all),
            Demand::OwnSessionOr(all) => who.session().is_ok() || who.holds(all),
            Demand::Vote(..) | Demand::Session | Demand::SecondFactor => who.session().is_ok(),
            Demand::Credentials | Demand::System => who.is_local(),
        };
        assert_eq!(may, action.demand.agents(), "{}", action.name);
        let noun = action.name.split('.').next().unwrap_or_default();
        let forbidden = [
            "user",
            "api_key",
            "audit",
            "invitation",
            "second_factor",
            "log",
            "agent",
            "operation",
        ];
        assert!(!may || !forbidden.contains(&noun), "{}", action.name);
    }
}

/// What an agent is told helps an agent: it can take neither another role nor a scope that no agent has.
#[test]
fn an_agent_is_told_what_helps_it() {
    let mut world = World::new();
    let (ann, vera) = (world.user("ann", "admin"), world.user("vera", "viewer"));
    let (of_ann, of_vera) = (world.agent("triage", ann), world.agent("reader", vera));
    let all = world.agent_key("ann", of_ann, SCOPES);
    let narrow = world.agent_key("ann", of_ann, &[Scope::Read]);
    let low = world.agent_key("vera", of_vera, SCOPES);
    for (key, permission, code, says) in [
        (
            &all,
            Permission::UsersWrite,
            "scope_missing",
            "no agent may do what needs users:write",
        ),
        (
            &low,
            Permission::UsersWrite,
            "permission_missing",
            "no agent may do what needs users:write",
        ),
        (
            &narrow,
            Permission::WorkflowsOwn,
            "scope_missing",
            "scopes that do: workflows",
        ),
        (
            &low,
            Permission::WorkflowsOwn,
            "permission_missing",
            "no more than its owner, whose role viewer does not hold workflows:own: ask a person whose role does (admin, ",
        ),
    ] {
        let refusal = world.who(key).authorise(permission).unwrap_err();
        assert_eq!(refusal.code, code, "{permission:?}");
        assert!(refusal.message.contains(says), "{}", refusal.message);
    }
}

fn ask() -> RequestApproval {
    RequestApproval {
        id: Some(ID),
        action: "workflow.deploy".to_owned(),
        arguments: "{}".to_owned(),
        reason: None,
        quorum: Some(1),
        expires_at: None,
        execution: None,
    }
}

#[test]
pub(crate) fn the_switch_stops_it_at_once() {
    let mut world = World::new();
    let (ann, cora) = (world.user("ann", "developer"), world.user("cora", "compliance"));
    let (agent, other) = (world.agent("triage", ann), world.agent("other", ann));
    let caller = world.agent_key("ann", agent, &[Scope::Governance]);
    let (others, session) = (
        world.agent_key("ann", other, &[Scope::Governance]),
        world.session(cora),
    );
    let number = |number| RequestApproval {
        id: Some(Uuid::from_u128(number)),
        ..ask()
    };
    for (caller, number) in [(&caller, number(1)), (&caller, number(2)), (&others, number(3))] {
        assert_eq!(world.code(caller, &number.into()), "done");
    }
    let vote = CastVote {
        approval: Uuid::from_u128(2),
        operation: None,
        approve: true,
        suggested_arguments: None,
        reason: None,
    };
    assert_eq!(world.code(&session, &vote.into()), "done");
    let by = world.session(ann);
    assert_eq!(world.code(&by, &disable(agent).into()), "done");
    let status = |number| world.facts.approvals[&Uuid::from_u128(number)].row.status;
    let withdrawn = ApprovalStatus::Withdrawn;
    assert_eq!(
        [1, 2, 3].map(status),
        [withdrawn, withdrawn, ApprovalStatus::Pending]
    );
    assert_eq!(world.code(&caller, &number(4).into()), "agent_disabled");
    assert_eq!(world.code(&others, &number(4).into()), "done");
    assert_eq!(world.code(&operator(), &EnableAgent { agent }.into()), "done");
    assert_eq!(world.code(&caller, &number(5).into()), "done");
    assert_eq!(world.code(&operator(), &DisableUser { user: ann }.into()), "done");
    assert_eq!(world.code(&caller, &number(6).into()), "user_disabled");
}

#[test]
pub(crate) fn what_an_agent_asks_for_is_its_own_and_not_for_its_owner_to_vote_on() {
    let mut world = World::new();
    let (ann, cora) = (world.user("ann", "admin"), world.user("cora", "compliance"));
    let (agent, other) = (world.agent("triage", ann), world.agent("other", ann));
    let scopes = [Scope::Governance];
    let (mine, others) = (
        world.agent_key("ann", agent, &scopes),
        world.agent_key("ann", other, &scopes),
    );
    let owners = world.key("ann", &scopes);
    let (ann, cora) = (world.session(ann), world.session(cora));
    let vote = CastVote {
        approval: ID,
        operation: None,
        approve: true,
        suggested_arguments: None,
        reason: None,
    };
    let using = UseApproval {
        approval: ID,
        action: "workflow.deploy".to_owned(),
        arguments: "{}".to_owned(),
    };
    let withdraw = WithdrawApproval { approval: ID };
    let cases: [(&Caller, Command, &str); 11] = [
        (&mine, ask().into(), "done"),
        (&mine, ask().into(), "nothing"),
        (&others, ask().into(), "id_conflict"),
        (&mine, vote.clone().into(), "session_needed"),
        (&ann, vote.clone().into(), "own_request"),
        (&cora, vote.into(), "done"),
        (&others, using.clone().into(), "approval_not_own"),
        (&owners, using.clone().into(), "approval_not_own"),
        (&others, withdraw.clone().into(), "not_requester"),
        (&mine, using.into(), "done"),
        (&ann, withdraw.into(), "approval_decided"),
    ];
    for (caller, command, expected) in cases {
        assert_eq!(world.code(caller, &command), expected, "{caller:?} {command:?}");
    }
}
