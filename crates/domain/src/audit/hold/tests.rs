use evidence::json::StrictObject;
use evidence::time::Timestamp;
use evidence::{ActorKind, Outcome};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::audit::erase::EraseEntries;
use crate::audit::known::KnownEntry;
use crate::command::Command;
use crate::context::Caller;
use crate::decision::Reply;
use crate::identity::Scope;
use crate::identity::user::EraseUser;
use crate::identity::world::{World, id, operator};
use crate::recorded::Place;

const NOBODY: Uuid = Uuid::from_u128(0xdead);

pub(crate) fn on(actor: &str) -> CreateHold {
    CreateHold {
        id: None,
        actor: Some(actor.to_owned()),
        target: None,
        user: None,
        since: None,
        until: None,
        reason: "case 93".to_owned(),
    }
}

fn of(user: Uuid) -> CreateHold {
    CreateHold {
        actor: None,
        user: Some(user),
        ..on("")
    }
}

pub(crate) fn set(world: &mut World, by: &Caller, command: CreateHold) -> Uuid {
    match world.run(by, &command.into()) {
        Ok(Reply::Hold(hold, _)) => hold.id,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn release(hold: Uuid) -> Command {
    let reason = "closed".to_owned();
    ReleaseHold { hold, reason }.into()
}

pub(crate) fn erase(entries: &[u64]) -> Command {
    let (entries, reason) = (entries.to_vec(), "asked to".to_owned());
    EraseEntries { entries, reason }.into()
}

fn erase_user(user: Uuid, entries: &[u64]) -> Command {
    EraseUser {
        user,
        reason: "asked to".to_owned(),
        entries: entries.to_vec(),
        content: Vec::new(),
    }
    .into()
}

/// An entry at this time, with what is ours in its leaf and this payload.
pub(crate) fn entry(world: &mut World, index: u64, ours: [Option<Uuid>; 2], at: &str, payload: &Value) {
    let recorded_by = world.who(&operator()).recorded_by;
    let payload: StrictObject = serde_json::from_value(payload.clone()).unwrap();
    let mut text = String::new();
    evidence::json::write_map(&payload.0, &mut text);
    world.facts.know(KnownEntry {
        id: Uuid::from_u128(u128::from(index) + 1),
        place: Some(Place {
            index,
            at: at.parse().unwrap(),
        }),
        recorded_by,
        actor_kind: ActorKind::External,
        actor_id: ours[0],
        target_id: ours[1],
        action: "order.ship".to_owned(),
        target_kind: None,
        outcome: Outcome::Success,
        payload: Some(text),
    });
}

#[test]
pub(crate) fn bounds_of_a_hold() {
    type Case = (&'static str, fn(&mut CreateHold), &'static str);
    let cases: [Case; 13] = [
        ("plain", |_| {}, "done"),
        ("nothing", |hold| hold.actor = None, "invalid_field"),
        (
            "no actor",
            |hold| hold.actor = Some(String::new()),
            "invalid_field",
        ),
        ("longest actor", |hold| hold.actor = Some("é".repeat(256)), "done"),
        (
            "too long",
            |hold| hold.actor = Some("é".repeat(257)),
            "invalid_field",
        ),
        (
            "control",
            |hold| hold.target = Some("a\0".to_owned()),
            "invalid_field",
        ),
        ("no reason", |hold| hold.reason.clear(), "invalid_field"),
        ("longest reason", |hold| hold.reason = "é".repeat(500), "done"),
        (
            "too long a reason",
            |hold| hold.reason = "é".repeat(501),
            "invalid_field",
        ),
        ("nil", |hold| hold.id = Some(Uuid::nil()), "invalid_field"),
        ("nobody", |hold| hold.user = Some(NOBODY), "unknown_user"),
        (
            "no time between",
            |hold| {
                hold.since = Some(Timestamp::EPOCH);
                hold.until = Some(Timestamp::EPOCH);
            },
            "invalid_field",
        ),
        (
            "a microsecond",
            |hold| {
                hold.since = Some(Timestamp::EPOCH);
                hold.until = Timestamp::from_micros(1);
            },
            "done",
        ),
    ];
    let mut world = World::new();
    for (what, change, expected) in cases {
        let mut command = on("bob");
        change(&mut command);
        assert_eq!(world.code(&operator(), &command.into()), expected, "{what}");
    }
}

#[test]
pub(crate) fn so_many_are_active_at_a_time() {
    let mut world = World::new();
    let ann = world.user("ann", "auditor");
    let ann = world.session(ann);
    let first = set(&mut world, &operator(), on("0"));
    for number in 1..ACTIVE_MAX {
        set(&mut world, &operator(), on(&number.to_string()));
    }
    assert_eq!(world.code(&operator(), &on("more").into()), "too_many_holds");
    assert_eq!(world.code(&ann, &release(first)), "done");
    assert_eq!(world.code(&operator(), &on("more").into()), "done");
}

#[test]
pub(crate) fn an_id_is_one_content() {
    let mut world = World::new();
    let user = world.user("ann", "viewer");
    let first = CreateHold {
        id: Some(Uuid::from_u128(7)),
        ..on("bob")
    };
    assert_eq!(world.code(&operator(), &first.clone().into()), "done");
    assert_eq!(world.code(&operator(), &first.clone().into()), "nothing");
    let later = Some(Timestamp::EPOCH.plus_seconds(1));
    let others = [
        CreateHold {
            actor: Some("eve".to_owned()),
            ..first.clone()
        },
        CreateHold {
            target: Some("bob".to_owned()),
            ..first.clone()
        },
        CreateHold {
            user: Some(user),
            ..first.clone()
        },
        CreateHold {
            since: later,
            ..first.clone()
        },
        CreateHold {
            until: later,
            ..first.clone()
        },
        CreateHold {
            reason: "another".to_owned(),
            ..first
        },
    ];
    for other in others {
        assert_eq!(world.code(&operator(), &other.into()), "id_conflict");
    }
}

#[test]
pub(crate) fn who_sets_and_who_releases() {
    let mut world = World::new();
    let [ann, eve, val] = [("ann", "auditor"), ("eve", "compliance"), ("val", "viewer")]
        .map(|(name, role)| (world.user(name, role), name));
    let key = world.key("ann", &[Scope::Admin]);
    let narrow = world.key("ann", &[Scope::Read]);
    let (ann_s, eve_s, val_s) = (world.session(ann.0), world.session(eve.0), world.session(val.0));
    for (who, caller, expected) in [
        ("auditor", &ann_s, "done"),
        ("compliance", &eve_s, "done"),
        ("key", &key, "done"),
        ("operator", &operator(), "done"),
        ("narrow key", &narrow, "scope_missing"),
        ("viewer", &val_s, "permission_missing"),
    ] {
        assert_eq!(world.code(caller, &on("bob").into()), expected, "{who}");
    }
    let by_key = set(&mut world, &key, on("bob"));
    let by_operator = set(&mut world, &operator(), on("bob"));
    let on_eve = set(&mut world, &ann_s, of(eve.0));
    let eve_acts = set(&mut world, &ann_s, on(&eve.0.to_string()));
    for (what, caller, hold, expected) in [
        ("no person", &operator(), by_key, "session_needed"),
        ("a program", &key, by_operator, "session_needed"),
        ("not allowed to", &val_s, by_key, "permission_missing"),
        // A key is its owner's.
        ("one's own", &ann_s, by_key, "own_hold"),
        ("about oneself", &eve_s, on_eve, "own_record"),
        ("by oneself", &eve_s, eve_acts, "own_record"),
        ("not there", &eve_s, NOBODY, "unknown_hold"),
        ("by another", &eve_s, by_key, "done"),
        ("again", &eve_s, by_key, "nothing"),
        ("of an operator", &ann_s, by_operator, "done"),
    ] {
        assert_eq!(world.code(caller, &release(hold)), expected, "{what}");
    }
    let long = ReleaseHold {
        hold: on_eve,
        reason: "é".repeat(501),
    };
    assert_eq!(world.code(&eve_s, &long.into()), "invalid_field");
}

#[test]
pub(crate) fn what_a_hold_covers() {
    const AT: &str = "2026-03-05T12:00:00Z";
    let at = |text: &str| text.parse::<Timestamp>().ok();
    let mut world = World::new();
    let ann = world.user("ann", "viewer");
    let (key, agent) = (world.key("ann", &[Scope::Read]), world.agent("triage", ann));
    entry(&mut world, 10, [Some(ann), None], AT, &json!({}));
    entry(
        &mut world,
        11,
        [None, Some(id(&key))],
        AT,
        &json!({"actor": {"name": "os:bob"}}),
    );
    entry(
        &mut world,
        12,
        [Some(agent), None],
        AT,
        &json!({"target": {"id": "42"}}),
    );
    entry(
        &mut world,
        13,
        [None, None],
        AT,
        &json!({"actor": {"id": "arn:x", "name": "os:bob"}}),
    );
    let ann_outside =
        json!({"target": {"id": ann.to_string()}, "occurred_at": "2020-01-01T00:00:00.000000Z"});
    entry(&mut world, 14, [None, None], AT, &ann_outside);
    let all = [10, 11, 12, 13, 14];
    let by = |change: &dyn Fn(&mut CreateHold)| {
        let mut hold = on("");
        hold.actor = None;
        change(&mut hold);
        hold
    };
    let cases: Vec<(CreateHold, &[u64])> = vec![
        (on("os:bob"), &[11]),
        (on("arn:x"), &[13]),
        (on("nobody"), &[]),
        (by(&|hold| hold.target = Some("42".to_owned())), &[12]),
        (of(ann), &[10, 11, 12, 14]),
        (by(&|hold| hold.since = at(AT)), &all),
        (by(&|hold| hold.until = at(AT)), &[14]),
        (by(&|hold| hold.since = at("2026-03-05T12:00:00.000001Z")), &[]),
        (
            by(&|hold| {
                (hold.since, hold.until) = (at("2020-01-01T00:00:00Z"), at("2020-01-01T00:00:00.000001Z"));
            }),
            &[14],
        ),
        (
            CreateHold {
                until: at(AT),
                ..of(ann)
            },
            &[14],
        ),
        (
            CreateHold {
                actor: Some("os:bob".to_owned()),
                ..of(ann)
            },
            &[11],
        ),
    ];
    let other = world.user("eve", "auditor");
    let other = world.session(other);
    for (command, covered) in cases {
        let hold = set(&mut world, &operator(), command.clone());
        for index in all {
            let before = world.facts.clone();
            let expected = if covered.contains(&index) { "held" } else { "done" };
            assert_eq!(
                world.code(&operator(), &erase(&[index])),
                expected,
                "{index} {command:?}"
            );
            // One that is covered holds up the whole command.
            if expected == "held" {
                let (refusal, _) = world.decide(&operator(), &erase(&all)).unwrap_err();
                assert!(refusal.message.contains(&hold.to_string()), "{}", refusal.message);
            }
            world.facts = before;
        }
        assert_eq!(world.code(&other, &release(hold)), "done");
        let before = world.facts.clone();
        assert_eq!(world.code(&operator(), &erase(&all)), "done");
        world.facts = before;
    }
}

#[test]
pub(crate) fn a_user_under_a_hold_is_not_erased() {
    let mut world = World::new();
    world.user("root", "admin");
    let ann = world.user("ann", "viewer");
    let agent = world.agent("triage", ann);
    entry(
        &mut world,
        10,
        [Some(ann), None],
        "2026-03-05T12:00:00Z",
        &json!({}),
    );
    entry(
        &mut world,
        11,
        [Some(ann), None],
        "2026-03-06T12:00:00Z",
        &json!({}),
    );
    let other = world.user("eve", "auditor");
    let other = world.session(other);
    for command in [of(ann), on(&ann.to_string()), on(&agent.to_string())] {
        let hold = set(&mut world, &operator(), command);
        assert_eq!(world.code(&operator(), &erase_user(ann, &[])), "held");
        assert_eq!(world.code(&other, &release(hold)), "done");
    }
    // One that covers an entry alone holds up what erases the entry.
    let hold = CreateHold {
        until: "2026-03-06T00:00:00Z".parse().ok(),
        ..of(ann)
    };
    let hold = CreateHold { user: None, ..hold };
    let hold = set(&mut world, &operator(), hold);
    assert_eq!(world.code(&operator(), &erase_user(ann, &[10])), "held");
    assert_eq!(world.code(&operator(), &erase_user(ann, &[11])), "done");
    // What a restore erases again was erased before, when no hold covered it.
    let restore = Caller::System { part: "restore" };
    assert_eq!(world.code(&restore, &erase(&[10])), "done");
    // What is erased already is passed over.
    assert_eq!(world.code(&operator(), &erase(&[10])), "nothing");
    assert_eq!(world.code(&other, &release(hold)), "done");
}
