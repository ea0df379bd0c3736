use crate::decision::Reply;
use crate::identity::{Permission, Scope};
use evidence::time::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::command::Command;
use crate::context::Caller;
use crate::identity::api_key::RevokeApiKey;
use crate::identity::user::{DisableUser, EnableUser};
use crate::identity::world::{World, hash, id, operator};

fn rotate(key: &Caller, overlap_s: i64) -> Command {
    Command::RotateApiKey(RotateApiKey {
        id: id(key),
        overlap_s,
        shown: "prb_111111".to_owned(),
        hash: hash(77),
    })
}

fn revoke(key: &Caller) -> Command {
    Command::RevokeApiKey(RevokeApiKey { id: id(key) })
}

#[test]
pub(crate) fn what_a_new_key_may_be() {
    type Case = (&'static str, fn(&mut CreateApiKey, Timestamp), &'static str);
    let cases: [Case; 12] = [
        ("plain", |_, _| {}, "done"),
        ("no name", |key, _| key.name.clear(), "invalid_field"),
        ("longest name", |key, _| key.name = "é".repeat(100), "done"),
        ("too long", |key, _| key.name = "é".repeat(101), "invalid_field"),
        ("control", |key, _| key.name.push('\t'), "invalid_field"),
        ("no scope", |key, _| key.scopes.clear(), "invalid_field"),
        ("past", |key, now| key.expires_at = Some(now), "invalid_field"),
        (
            "future",
            |key, now| key.expires_at = Some(now.plus_seconds(9)),
            "done",
        ),
        (
            "none",
            |key, _| key.requests_per_minute = Some(0),
            "invalid_field",
        ),
        ("one", |key, _| key.requests_per_minute = Some(1), "done"),
        (
            "too many",
            |key, _| key.requests_per_minute = Some(REQUESTS_PER_MINUTE_MAX + 1),
            "invalid_field",
        ),
        ("nobody's", |key, _| key.owner = "no\0body".into(), "unknown_user"),
    ];
    let mut world = World::new();
    world.user("ann", "admin");
    for (what, change, expected) in cases {
        let mut command = world.new_key("ann", &[Scope::Read]);
        change(&mut command, world.now);
        let command = Command::CreateApiKey(command);
        assert_eq!(world.code(&operator(), &command), expected, "{what}");
    }
}

#[test]
pub(crate) fn whose_keys_who_may_change() {
    // Who, whose key; create, rotate, revoke.
    let table = [
        ("admin", "own", ["done", "done", "done"]),
        ("admin", "other's", ["done", "done", "done"]),
        ("developer", "own", ["done", "done", "done"]),
        ("developer", "other's", ["permission_missing"; 3]),
        ("developer", "unknown", ["permission_missing"; 3]),
        (
            "admin",
            "unknown",
            ["unknown_user", "unknown_api_key", "unknown_api_key"],
        ),
        ("viewer", "own", ["permission_missing"; 3]),
        ("clerk", "other's", ["permission_missing"; 3]),
        ("keeper", "own", ["done", "done", "done"]),
        // A key does what its owner may: nobody gets one of somebody who may more.
        ("keeper", "admin's", ["exceeds_own", "exceeds_own", "done"]),
    ];
    for (role, whose, expected) in table {
        let mut world = World::new().with(|rules| {
            let permissions = vec![Permission::ApiKeysWrite];
            rules
                .define(
                    crate::identity::Role::parse("keeper").unwrap(),
                    String::new(),
                    permissions,
                )
                .unwrap();
        });
        let caller = world.user("ann", role);
        world.user("bob", "viewer");
        world.user("ada", "admin");
        let session = world.session(caller);
        let (owner, key) = match whose {
            "own" => ("ann", world.key("ann", &[Scope::Read])),
            "other's" => ("bob", world.key("bob", &[Scope::Read])),
            "admin's" => ("ada", world.key("ada", &[Scope::Read])),
            _ => ("nobody", Caller::ApiKey(Uuid::from_u128(9))),
        };
        let create = Command::CreateApiKey(world.new_key(owner, &[Scope::Read]));
        for (command, expected) in [create, rotate(&key, 60), revoke(&key)].iter().zip(expected) {
            assert_eq!(
                world.code(&session, command),
                expected,
                "{role} {whose} {command:?}"
            );
        }
    }
}

#[test]
pub(crate) fn rotation() {
    let mut world = World::new();
    world.user("ann", "admin");
    let key = world.key("ann", &[Scope::Read]);
    let cases = [
        (-1, "invalid_field"),
        (OVERLAP_S_MAX + 1, "invalid_field"),
        (OVERLAP_S_MAX, "done"),
        (60, "api_key_rotated"),
    ];
    for (overlap_s, expected) in cases {
        assert_eq!(
            world.code(&operator(), &rotate(&key, overlap_s)),
            expected,
            "{overlap_s}"
        );
    }
    let successor = Caller::ApiKey(world.facts.api_keys[&id(&key)].row.successor.unwrap());
    assert_eq!(world.code(&operator(), &revoke(&key)), "done");
    assert_eq!(world.code(&operator(), &revoke(&key)), "nothing");
    assert_eq!(world.code(&operator(), &rotate(&key, 60)), "api_key_revoked");
    assert!(
        world.who(&successor).good().is_ok(),
        "the old key's end is not the new one's"
    );
    assert_eq!(world.code(&operator(), &rotate(&successor, 0)), "done");
    assert_eq!(world.code(&operator(), &rotate(&successor, 0)), "api_key_expired");
    // The new key expires when the old one would have, and the overlap makes the old one no older.
    let expiring = CreateApiKey {
        expires_at: Some(world.now.plus_seconds(100)),
        ..world.new_key("ann", &[Scope::Read])
    };
    let Reply::ApiKey(old) = world.run(&operator(), &Command::CreateApiKey(expiring)).unwrap() else {
        unreachable!()
    };
    let Reply::ApiKey(new) = world
        .run(&operator(), &rotate(&Caller::ApiKey(old.id), 1_000))
        .unwrap()
    else {
        unreachable!()
    };
    assert_eq!(new.expires_at, old.expires_at);
    assert_eq!(world.facts.api_keys[&old.id].row.expires_at, old.expires_at);
}

/// What the model knows of a key: plain numbers, in seconds since the beginning.
#[derive(Clone, Copy, Debug)]
struct Modelled {
    ends: Option<i64>,
    revoked: bool,
    rotated: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Create { lasts: Option<i64> },
    Rotate { key: usize, overlap_s: i64 },
    Revoke { key: usize },
    Owner { active: bool },
    Wait { seconds: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let key = any::<usize>();
    prop_oneof![
        2 => prop::option::of(1..2_000_i64).prop_map(|lasts| Step::Create { lasts }),
        4 => (key, prop_oneof![Just(0), 1..1_000_i64]).prop_map(|(key, overlap_s)| Step::Rotate { key, overlap_s }),
        2 => key.prop_map(|key| Step::Revoke { key }),
        2 => any::<bool>().prop_map(|active| Step::Owner { active }),
        4 => (1..600_i64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// What the model says of a key.
fn expected(key: Modelled, active: bool, now: i64) -> &'static str {
    if key.revoked {
        "api_key_revoked"
    } else if key.ends.is_some_and(|end| end <= now) {
        "api_key_expired"
    } else if !active {
        "user_disabled"
    } else {
        "good"
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any sequence of making, rotating and revoking keys, of time going by and of owners disabled and enabled
    /// gives the model's answer for every key after every step.
    #[test]
    fn keys_are_good_when_the_model_says_so(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        world.user("root", "admin");
        let owner = world.user("ann", "developer");
        let begin = world.now;
        let (mut keys, mut model): (Vec<Caller>, Vec<Modelled>) = Default::default();
        let (mut active, mut clock) = (true, 1);
        for step in steps {
            // Commands take no time here: the model counts whole seconds.
            let at = |world: &mut World, clock: i64| {
                let micros = begin.plus_seconds(clock).micros() - 1_000;
                world.now = Timestamp::from_micros(micros).unwrap();
            };
            at(&mut world, clock);
            match step {
                Step::Create { lasts } => {
                    let ends = lasts.map(|lasts| clock + lasts);
                    let command = CreateApiKey { expires_at: ends.map(|end| begin.plus_seconds(end)), ..world.new_key("ann", &[Scope::Write]) };
                    let Ok(Reply::ApiKey(key)) = world.run(&operator(), &Command::CreateApiKey(command)) else { unreachable!() };
                    keys.push(Caller::ApiKey(key.id));
                    model.push(Modelled { ends, revoked: false, rotated: false });
                }
                Step::Rotate { key, overlap_s } if !keys.is_empty() => {
                    let key = key % keys.len();
                    let old = model[key];
                    let wanted = match expected(old, true, clock) {
                        "good" if old.rotated => "api_key_rotated",
                        "good" => "done",
                        code => code,
                    };
                    match world.run(&operator(), &rotate(&keys[key], overlap_s)) {
                        Ok(Reply::ApiKey(new)) => {
                            prop_assert_eq!(wanted, "done");
                            keys.push(Caller::ApiKey(new.id));
                            model.push(old);
                            let end = clock + overlap_s;
                            model[key].ends = Some(old.ends.map_or(end, |before| before.min(end)));
                            model[key].rotated = true;
                        }
                        Ok(other) => prop_assert!(false, "{other:?}"),
                        Err(refusal) => prop_assert_eq!(refusal.code, wanted),
                    }
                }
                Step::Revoke { key } if !keys.is_empty() => {
                    let key = key % keys.len();
                    let wanted = if model[key].revoked { "nothing" } else { "done" };
                    prop_assert_eq!(world.code(&operator(), &revoke(&keys[key])), wanted);
                    model[key].revoked = true;
                }
                Step::Owner { active: now_active } => {
                    let wanted = if active == now_active { "nothing" } else { "done" };
                    let command = if now_active { Command::EnableUser(EnableUser { user: owner }) } else { Command::DisableUser(DisableUser { user: owner }) };
                    prop_assert_eq!(world.code(&operator(), &command), wanted);
                    active = now_active;
                }
                Step::Wait { seconds } => clock += seconds,
                Step::Rotate { .. } | Step::Revoke { .. } => {}
            }
            world.now = begin.plus_seconds(clock);
            for (key, modelled) in keys.iter().zip(&model) {
                let who = world.who(key);
                let found = who.authorise(Permission::AuditWrite).map_or_else(|refusal| refusal.code, |_| "good");
                prop_assert_eq!(found, expected(*modelled, active, clock));
                let read = who.authorise(Permission::AuditRead).map_or_else(|refusal| refusal.code, |_| "good");
                let narrowed = if found == "good" { "scope_missing" } else { found };
                prop_assert_eq!(read, narrowed);
            }
        }
    }
}
