use uuid::Uuid;

use super::*;
use crate::command::Command;
use crate::context::Caller;
use crate::identity::second_factor::{ChangeSecondFactor, Confirm, Enrol, Proof, RecoveryCodes, Remove};
use crate::identity::session::{EndSession, EndSessionsOf, RenewSession};
use crate::identity::user::{ChangePassword, CreateUser, DisableUser};
use crate::identity::world::{World, id, login, operator};
use crate::identity::{Must, Permission, Role, Scope};
use evidence::time::Timestamp;

const IDLE_S: i64 = 30 * 60;
const MAX_S: i64 = 12 * 3_600;

fn end(session: &Caller) -> Command {
    Command::EndSession(EndSession { session: id(session) })
}

fn verdict(world: &World, session: &Caller) -> &'static str {
    match world.who(session).good() {
        Ok(()) => "good",
        Err(refusal) => refusal.code,
    }
}

#[test]
fn a_session_lasts_while_it_is_used_and_not_for_ever() {
    // Seconds after which it is renewed or not, and what it is then.
    let cases: [(&[(i64, bool)], &str); 7] = [
        (&[(IDLE_S - 1, false)], "good"),
        (&[(IDLE_S, false)], "session_expired"),
        (&[(IDLE_S - 1, true), (IDLE_S - 1, false)], "good"),
        (&[(IDLE_S - 1, true), (IDLE_S, false)], "session_expired"),
        // Too little time is gone for a move to be worth an entry.
        (
            &[(IDLE_S / 9, true), (IDLE_S - IDLE_S / 9, false)],
            "session_expired",
        ),
        (&[(1_500, true); 28], "good"),
        (&[(1_500, true); 29], "session_expired"),
    ];
    for (steps, expected) in cases {
        let mut world = World::new();
        let ann = world.user("ann", "viewer");
        let session = world.session(ann);
        let begin = world.facts.sessions[&id(&session)].row.created_at;
        let mut gone = 0;
        for (seconds, renewed) in steps {
            gone += seconds;
            let now = begin.plus_seconds(gone);
            if *renewed {
                // A command takes a millisecond.
                world.now = Timestamp::from_micros(now.micros() - 1_000).unwrap();
                let _ = world.code(
                    &session,
                    &Command::RenewSession(RenewSession {
                        session: id(&session),
                    }),
                );
            }
            world.now = now;
        }
        assert_eq!(verdict(&world, &session), expected, "{steps:?}");
        let row = &world.facts.sessions[&id(&session)].row;
        assert!(row.idle_expires_at <= row.expires_at);
        assert_eq!(row.expires_at, begin.plus_seconds(MAX_S));
    }
}

#[test]
pub(crate) fn who_may_end_whose_session() {
    let all = |user: Uuid| Command::EndSessionsOf(EndSessionsOf { user });
    let mut world = World::new();
    let (ann, bob) = (world.user("ann", "viewer"), world.user("bob", "viewer"));
    let sre = world.user("sre", "sre");
    let (anns, other) = (world.session(ann), world.session(ann));
    let (bobs, sres) = (world.session(bob), world.session(sre));
    let key = world.key("ann", &[Scope::Admin]);
    let sre_key = world.key("sre", &[Scope::Admin]);
    let nobody = Caller::Session(Uuid::from_u128(9));
    let cases = [
        (&anns, end(&bobs), "permission_missing"),
        (&anns, end(&nobody), "permission_missing"),
        (&anns, all(bob), "permission_missing"),
        // A key is no session, even of the same user.
        (&key, end(&anns), "permission_missing"),
        (&sres, end(&nobody), "unknown_session"),
        (&anns, all(ann), "done"),
        (&anns, all(ann), "nothing"),
        (&other, end(&anns), "session_ended"),
        (&anns, end(&anns), "done"),
        (&anns, end(&anns), "session_ended"),
        (&sres, end(&anns), "nothing"),
        (&sres, all(bob), "done"),
        (&sre_key, all(sre), "done"),
        (&sres, all(bob), "session_ended"),
    ];
    for (number, (caller, command, expected)) in cases.into_iter().enumerate() {
        assert_eq!(
            world.code(caller, &command),
            expected,
            "case {number}: {command:?}"
        );
    }
    let reason = |session: &Caller| world.facts.sessions[&id(session)].row.ended_reason.clone();
    for (session, expected) in [
        (&anns, "logout"),
        (&other, "revoked"),
        (&bobs, "revoked"),
        (&sres, "revoked"),
    ] {
        assert_eq!(reason(session).as_deref(), Some(expected));
        let row = &world.facts.sessions[&id(session)].row;
        assert_eq!(
            (&row.ip, &row.user_agent),
            (&None, &None),
            "where from is forgotten"
        );
    }
}

#[test]
fn the_hundred_and_first_session_ends_the_first() {
    let mut world = World::new();
    let ann = world.user("ann", "viewer");
    let idle = world.session(ann);
    world.wait(IDLE_S);
    let sessions: Vec<Caller> = (0..SESSIONS_MAX).map(|_| world.session(ann)).collect();
    assert!(sessions.iter().all(|session| verdict(&world, session) == "good"));
    let reason =
        |world: &World, session: &Caller| world.facts.sessions[&id(session)].row.ended_reason.clone();
    // What the clock had ended does not count, and is marked.
    assert_eq!(reason(&world, &idle).as_deref(), Some("expired"));
    let one_more = world.session(ann);
    assert_eq!(verdict(&world, &one_more), "good");
    assert_eq!(reason(&world, &sessions[0]).as_deref(), Some("too_many"));
    assert_eq!(verdict(&world, &sessions[1]), "good");
}

#[test]
pub(crate) fn what_a_login_needs() {
    let mut world = World::new();
    let ann = world.user("ann", "viewer");
    let right = world.log_in(ann);
    let wrong_hash = crate::identity::login::LogIn {
        verified_hash: "another".to_owned(),
        ..right.clone()
    };
    let nobody = crate::identity::login::LogIn {
        user: Uuid::from_u128(9),
        ..right.clone()
    };
    assert_eq!(world.code(&login(), &Command::LogIn(right.clone())), "done");
    assert_eq!(
        world.code(&login(), &Command::LogIn(wrong_hash)),
        "invalid_credentials"
    );
    assert_eq!(
        world.code(&login(), &Command::LogIn(nobody)),
        "invalid_credentials"
    );
    let disable = Command::DisableUser(DisableUser { user: ann });
    assert_eq!(world.code(&operator(), &disable), "done");
    let (refusal, draft) = world.decide(&login(), &Command::LogIn(right)).unwrap_err();
    let draft = draft.unwrap();
    assert_eq!(refusal.code, "invalid_credentials");
    assert_eq!((&*draft.action, draft.target_id), ("authn_login_fail", Some(ann)));
}

fn enrol(user: Uuid, session: &Caller, hash: &str) -> Command {
    change(
        user,
        session,
        Enrol {
            secret: b"sealed".to_vec(),
            verified_hash: hash.to_owned(),
        },
    )
}

fn change<C>(user: Uuid, session: &Caller, change: C) -> Command
where
    Command: From<ChangeSecondFactor<C>>,
{
    let session = id(session);
    ChangeSecondFactor {
        user,
        session,
        change,
    }
    .into()
}

fn confirm(user: Uuid, session: &Caller, step: i64) -> Command {
    change(
        user,
        session,
        Confirm {
            proof: totp(step),
            recovery: vec![[1; 32], [2; 32]],
        },
    )
}

fn totp(step: i64) -> Proof {
    Proof::Totp {
        secret: b"sealed".to_vec(),
        step,
    }
}

#[test]
pub(crate) fn a_second_factor_from_enrolment_to_removal() {
    let mut world = World::new();
    let (ann, bob) = (world.user("ann", "viewer"), world.user("bob", "viewer"));
    let (anns, bobs) = (world.session(ann), world.session(bob));
    let key = world.key("ann", &[Scope::Admin]);
    let hash = "hash of ann";
    let remove = |hash: &str| {
        let verified_hash = hash.to_owned();
        change(ann, &anns, Remove { verified_hash })
    };
    let with = |world: &World, proof| {
        Command::LogIn(crate::identity::login::LogIn {
            second_factor: proof,
            ..world.log_in(ann)
        })
    };
    let steps: [(&Caller, Command, &str); 8] = [
        (&anns, confirm(ann, &anns, 10), "nothing_to_confirm"),
        (&anns, remove(hash), "no_second_factor"),
        (&anns, enrol(ann, &anns, "another"), "wrong_password"),
        (&bobs, enrol(ann, &bobs, hash), "session_needed"),
        (&key, enrol(ann, &key, hash), "session_needed"),
        (&anns, enrol(ann, &anns, hash), "done"),
        (&anns, confirm(ann, &anns, 10), "done"),
        (&anns, enrol(ann, &anns, hash), "second_factor_exists"),
    ];
    for (number, (caller, command, expected)) in steps.into_iter().enumerate() {
        assert_eq!(world.code(caller, &command), expected, "step {number}");
    }
    let logins = [
        (None, "second_factor_needed"),
        (Some(totp(10)), "invalid_second_factor"),
        (Some(totp(9)), "invalid_second_factor"),
        (Some(totp(11)), "done"),
        (Some(totp(11)), "invalid_second_factor"),
        (Some(Proof::Recovery([1; 32])), "done"),
        (Some(Proof::Recovery([1; 32])), "invalid_second_factor"),
        (Some(Proof::Recovery([3; 32])), "invalid_second_factor"),
        (Some(Proof::Recovery([2; 32])), "done"),
    ];
    for (number, (proof, expected)) in logins.into_iter().enumerate() {
        let command = with(&world, proof);
        assert_eq!(world.code(&login(), &command), expected, "login {number}");
    }
    assert_eq!(world.code(&anns, &remove("another")), "wrong_password");
    assert_eq!(world.code(&anns, &remove(hash)), "done");
    let command = with(&world, None);
    assert_eq!(world.code(&login(), &command), "done");
}

#[test]
pub(crate) fn what_must_be_done_first_is_all_that_may_be_done() {
    let mut world = World::new().with(|rules| {
        rules.require_second_factor(&Role::AUDITOR, true).unwrap();
    });
    let new = CreateUser {
        password_hash: Some("one-time".to_owned()),
        password_temporary: true,
        ..CreateUser::new("amy", Role::AUDITOR)
    };
    world.run(&operator(), &Command::CreateUser(new)).unwrap();
    let amy = world.facts.user_named("amy").unwrap().row.id;
    let session = world.session(amy);
    let change_password = Command::ChangePassword(ChangePassword {
        user: amy,
        verified_hash: "one-time".to_owned(),
        password_hash: "chosen".to_owned(),
    });
    let key = Command::CreateApiKey(world.new_key("amy", &[Scope::Read]));
    let codes = |hash: &str| RecoveryCodes {
        recovery: Vec::new(),
        verified_hash: hash.to_owned(),
    };
    let remove = Remove {
        verified_hash: "chosen".to_owned(),
    };
    let reading = |world: &World| world.who(&session).authorise(Permission::AuditRead).is_ok();
    assert_eq!(world.who(&session).must(), Some(Must::ChangePassword));
    assert!(!reading(&world));
    let steps = [
        (key.clone(), "password_change_required"),
        (enrol(amy, &session, "one-time"), "password_change_required"),
        (change_password, "done"),
        (key.clone(), "second_factor_required"),
        (change(amy, &session, codes("chosen")), "no_second_factor"),
        (enrol(amy, &session, "chosen"), "done"),
        (key.clone(), "second_factor_required"),
        (confirm(amy, &session, 10), "done"),
        (key, "done"),
        (change(amy, &session, codes("chosen")), "done"),
        (change(amy, &session, remove), "second_factor_required"),
    ];
    for (number, (command, expected)) in steps.into_iter().enumerate() {
        assert_eq!(world.code(&session, &command), expected, "step {number}");
    }
    assert!(reading(&world));
    // Whatever must be done first, one can log out.
    let new = CreateUser {
        password_hash: Some("one-time".to_owned()),
        password_temporary: true,
        ..CreateUser::new("ben", Role::AUDITOR)
    };
    world.run(&operator(), &Command::CreateUser(new)).unwrap();
    let ben = world.facts.user_named("ben").unwrap().row.id;
    let session = world.session(ben);
    assert_eq!(world.code(&session, &end(&session)), "done");
}

/// A password that was checked in part lets in, and must be changed before all else; its hash stays till then.
#[test]
fn what_was_checked_in_part_must_be_changed_first() {
    let mut world = World::new();
    let ann = world.user("ann", "viewer");
    let before = world.facts.users[&ann].row.clone();
    let in_part = crate::identity::login::LogIn {
        in_part: true,
        ..world.log_in(ann)
    };
    assert_eq!(world.code(&login(), &Command::LogIn(in_part)), "done");
    let after = &world.facts.users[&ann];
    assert_eq!(
        (after.version, &after.row.password_hash),
        (2, &before.password_hash)
    );
    let session = world.session(ann);
    assert_eq!(world.facts.users[&ann].version, 2, "it is said once");
    assert_eq!(world.who(&session).must(), Some(Must::ChangePassword));
    let change = Command::ChangePassword(ChangePassword {
        user: ann,
        verified_hash: before.password_hash.unwrap(),
        password_hash: "chosen".to_owned(),
    });
    assert_eq!(world.code(&session, &change), "done");
    assert_eq!(world.who(&session).must(), None);
}
