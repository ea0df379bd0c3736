use uuid::Uuid;

use super::*;
use crate::command::Command;
use crate::identity::Scope;
use crate::identity::invitation::InviteUser;
use crate::identity::second_factor::ResetSecondFactor;
use crate::identity::user::{DisableUser, EnableUser};
use crate::identity::world::{World, hash, operator};

fn create(name: &str, role: &str) -> CreateUser {
    CreateUser::new(name, Role::parse(role).unwrap())
}

fn update(user: Uuid) -> UpdateUser {
    UpdateUser {
        user,
        version: None,
        username: None,
        email: None,
        full_name: None,
    }
}

fn set_role(user: Uuid, role: &str) -> Command {
    Command::SetRole(SetRole {
        user,
        version: None,
        role: Role::parse(role).unwrap(),
    })
}

fn set_active(user: Uuid, active: bool) -> Command {
    if active {
        Command::EnableUser(EnableUser { user })
    } else {
        Command::DisableUser(DisableUser { user })
    }
}

fn reset(user: Uuid, recover: bool) -> Command {
    let reset = ResetPassword {
        user,
        password_hash: "one-time".to_owned(),
        temporary: true,
    };
    if recover {
        RecoverUser(reset).into()
    } else {
        reset.into()
    }
}

fn erase(user: Uuid) -> Command {
    Command::EraseUser(EraseUser {
        user,
        reason: "asked to".to_owned(),
        entries: Vec::new(),
        content: Vec::new(),
    })
}

#[test]
pub(crate) fn what_a_new_user_may_be() {
    let long = |number| "a".repeat(number);
    let with_email = |email: &str| CreateUser {
        email: Some(email.to_owned()),
        ..create("new", "user")
    };
    let with_name = |name: &str| CreateUser {
        full_name: Some(name.to_owned()),
        ..create("new", "user")
    };
    let cases = [
        (create("a", "user"), "done"),
        (create(&long(64), "user"), "done"),
        (create(&long(65), "user"), "invalid_field"),
        (create("", "user"), "invalid_field"),
        (create("Ann2", "user"), "invalid_field"),
        (create("an n", "user"), "invalid_field"),
        (create("a@b", "user"), "invalid_field"),
        (create("a\0", "user"), "invalid_field"),
        (create("ünal", "user"), "invalid_field"),
        (create("ann", "viewer"), "username_taken"),
        (create("new", "trader"), "invalid_field"),
        (with_email("new@example.com"), "done"),
        (with_email("ANN@Example.COM"), "email_taken"),
        (with_email("new"), "invalid_field"),
        (with_email("@example.com"), "invalid_field"),
        (with_email("a@b@c"), "invalid_field"),
        (with_email("a@b..c"), "invalid_field"),
        (with_email("a b@example.com"), "invalid_field"),
        (with_email("a\0@example.com"), "invalid_field"),
        (with_email(&format!("{}@example.com", long(65))), "invalid_field"),
        (with_name("Élodie Ñandú"), "done"),
        (with_name(&long(200)), "done"),
        (with_name(&long(201)), "invalid_field"),
        (with_name(""), "invalid_field"),
        (with_name("a\nb"), "invalid_field"),
    ];
    for (command, expected) in cases {
        let mut world = World::new();
        let ann = CreateUser {
            email: Some("ann@example.com".to_owned()),
            ..create("ann", "admin")
        };
        world.run(&operator(), &Command::CreateUser(ann)).unwrap();
        let shown = format!("{} {:?} {:?}", command.username, command.email, command.full_name);
        assert_eq!(
            world.code(&operator(), &Command::CreateUser(command)),
            expected,
            "{shown}"
        );
    }
}

/// Who may do what to whom: an admin, a clerk (who keeps users, and holds no more), and one who may not at all.
#[test]
pub(crate) fn nobody_gives_or_changes_more_than_they_hold() {
    let table: [(&str, &str, &str, &str, &str); 10] = [
        // Command, whose, by admin, by clerk, by viewer.
        ("create clerk", "", "done", "done", "permission_missing"),
        ("create admin", "", "done", "exceeds_own", "permission_missing"),
        ("create viewer", "", "done", "exceeds_own", "permission_missing"),
        ("update", "boss", "done", "exceeds_own", "permission_missing"),
        ("update", "kim", "done", "done", "permission_missing"),
        ("promote", "kim", "done", "exceeds_own", "permission_missing"),
        ("disable", "boss", "done", "exceeds_own", "permission_missing"),
        ("reset", "boss", "done", "exceeds_own", "permission_missing"),
        ("invite", "boss", "done", "exceeds_own", "permission_missing"),
        (
            "erase",
            "boss",
            "done",
            "permission_missing",
            "permission_missing",
        ),
    ];
    for (what, whose, by_admin, by_clerk, by_viewer) in table {
        for (caller, expected) in [("ada", by_admin), ("cleo", by_clerk), ("vic", by_viewer)] {
            let mut world = World::new();
            let ids = [
                ("ada", "admin"),
                ("boss", "admin"),
                ("cleo", "clerk"),
                ("kim", "clerk"),
                ("vic", "viewer"),
            ]
            .map(|(name, role)| (name, world.user(name, role)));
            let of = |name: &str| ids.iter().find(|(known, _)| *known == name).unwrap().1;
            let command = match what.split_once(' ') {
                Some((_, role)) => Command::CreateUser(create("new", role)),
                None => match what {
                    "update" => Command::UpdateUser(UpdateUser {
                        full_name: Some(Some("Somebody".to_owned())),
                        ..update(of(whose))
                    }),
                    "promote" => set_role(of(whose), "admin"),
                    "disable" => set_active(of(whose), false),
                    "reset" => reset(of(whose), false),
                    "invite" => Command::InviteUser(InviteUser {
                        user: of(whose),
                        hash: hash(1),
                    }),
                    _ => erase(of(whose)),
                },
            };
            let session = world.session(of(caller));
            assert_eq!(
                world.code(&session, &command),
                expected,
                "{what} {whose} by {caller}"
            );
        }
    }
}

#[test]
fn a_key_gives_no_more_than_its_scopes_leave() {
    let mut world = World::new();
    world.user("ada", "admin");
    let all = world.key("ada", &[Scope::Admin]);
    let reading = world.key("ada", &[Scope::Read]);
    let command = Command::CreateUser(create("new", "viewer"));
    assert_eq!(world.code(&reading, &command), "scope_missing");
    assert_eq!(world.code(&all, &command), "done");
}

#[test]
pub(crate) fn the_last_admin_stays() {
    type Case = (&'static str, fn(Uuid) -> Command);
    let commands: [Case; 3] = [
        ("disable", |id| set_active(id, false)),
        ("demote", |id| set_role(id, "viewer")),
        ("erase", erase),
    ];
    for (what, command) in commands {
        let mut world = World::new();
        let (one, two) = (world.user("one", "admin"), world.user("two", "admin"));
        let out = world.user("out", "admin");
        assert_eq!(world.code(&operator(), &set_active(out, false)), "done");
        assert_eq!(world.code(&operator(), &command(one)), "done", "{what}");
        assert_eq!(world.code(&operator(), &command(two)), "last_admin", "{what}");
        // One that is disabled is none that is left, and may go.
        assert_eq!(world.code(&operator(), &command(out)), {
            if what == "disable" { "nothing" } else { "done" }
        });
        assert_eq!(world.code(&operator(), &set_role(two, "admin")), "nothing");
    }
}

#[test]
pub(crate) fn versions_and_what_is_so_already() {
    type Case = (bool, fn(&mut UpdateUser), &'static str);
    fn email(command: &mut UpdateUser, text: &str) {
        command.email = Some(Some(text.to_owned()));
    }
    let mut world = World::new();
    let (ann, bob) = (world.user("ann", "admin"), world.user("bob", "user"));
    // Whether of ann, what, and what comes of it, one after the other.
    let cases: [Case; 12] = [
        (true, |it| email(it, "a@example.com"), "done"),
        (true, |it| email(it, "a@example.com"), "nothing"),
        (false, |it| email(it, "A@EXAMPLE.com"), "email_taken"),
        (true, |it| email(it, "A@EXAMPLE.com"), "done"),
        (true, |it| it.version = Some(2), "version_mismatch"),
        (true, |it| it.version = Some(3), "nothing"),
        (true, |it| (it.version, it.email) = (Some(3), Some(None)), "done"),
        (false, |it| email(it, "a@example.com"), "done"),
        (true, |it| it.username = Some("bob".into()), "username_taken"),
        (true, |it| it.username = Some("Bob".into()), "invalid_field"),
        (true, |it| it.username = Some("ann.b".into()), "done"),
        (false, |it| it.username = Some("ann".into()), "done"),
    ];
    for (number, (of_ann, change, expected)) in cases.into_iter().enumerate() {
        let mut command = update(if of_ann { ann } else { bob });
        change(&mut command);
        let command = Command::UpdateUser(command);
        assert_eq!(world.code(&operator(), &command), expected, "case {number}");
    }
    let nobody = Command::UpdateUser(update(Uuid::from_u128(9)));
    assert_eq!(world.code(&operator(), &nobody), "unknown_user");
    let version = world.facts.users[&bob].version;
    for (version, expected) in [(version - 1, "version_mismatch"), (version, "done")] {
        let command = Command::SetRole(SetRole {
            user: bob,
            version: Some(version),
            role: Role::VIEWER,
        });
        assert_eq!(world.code(&operator(), &command), expected);
    }
}

#[test]
pub(crate) fn an_erased_user_is_left_alone() {
    let mut world = World::new();
    world.user("ada", "admin");
    let bob = world.user("bob", "user");
    let bobs = [world.key("bob", &[Scope::Read]), world.session(bob)];
    let session = world.session(bob);
    assert_eq!(world.code(&operator(), &erase(bob)), "done");
    let row = world.facts.users[&bob].row.clone();
    assert_eq!(row.username, format!("erased-{bob}"));
    assert!(!row.active && row.password_hash.is_none() && row.erased_at.is_some());
    for caller in bobs.iter().chain([&session]) {
        assert!(world.who(caller).good().is_err(), "{caller:?}");
    }
    let invite = Command::InviteUser(InviteUser {
        user: bob,
        hash: hash(1),
    });
    let name = UpdateUser {
        full_name: Some(Some("Bob".to_owned())),
        ..update(bob)
    };
    let key = world.new_key(&row.username, &[Scope::Read]);
    let cases = [
        (Command::UpdateUser(name), "user_erased"),
        (set_role(bob, "admin"), "user_erased"),
        (set_active(bob, true), "user_erased"),
        (reset(bob, true), "user_erased"),
        (invite, "user_erased"),
        (
            Command::ResetSecondFactor(ResetSecondFactor { user: bob }),
            "user_erased",
        ),
        (Command::CreateApiKey(key), "user_erased"),
        (erase(bob), "nothing"),
        // The name is free again.
        (Command::CreateUser(create("bob", "user")), "done"),
    ];
    for (command, expected) in cases {
        assert_eq!(world.code(&operator(), &command), expected, "{command:?}");
    }
}

#[test]
pub(crate) fn recovery_is_for_the_machine_itself() {
    let mut world = World::new();
    let ada = world.user("ada", "admin");
    let other = world.user("eve", "admin");
    let callers = [world.session(other), world.key("eve", &[Scope::Admin])];
    assert_eq!(world.code(&operator(), &set_active(ada, false)), "done");
    for caller in callers {
        assert_eq!(world.code(&caller, &reset(ada, true)), "local_only");
        let lasting = Command::ResetPassword(ResetPassword {
            user: ada,
            password_hash: "lasting".to_owned(),
            temporary: false,
        });
        assert_eq!(world.code(&caller, &lasting), "local_only");
    }
    assert_eq!(world.code(&operator(), &reset(ada, false)), "done");
    assert!(
        !world.facts.users[&ada].row.active,
        "a reset alone enables nobody"
    );
    assert_eq!(world.code(&operator(), &reset(ada, true)), "done");
    let row = &world.facts.users[&ada].row;
    assert!(row.active && row.password_temporary);
}

/// Names that mean something else where users are named: nobody gets one, and who has one keeps it until another.
#[test]
fn users_are_not_called_what_means_something_else() {
    let id = "0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d";
    let simple = id.replace('-', "");
    let erased = format!("erased-{id}");
    let nil = Uuid::nil().to_string();
    for name in ["me", ".", "..", id, &simple, &erased, &nil] {
        let mut world = World::new();
        assert_eq!(
            world.code(&operator(), &Command::CreateUser(create(name, "user"))),
            "invalid_field",
            "{name}"
        );
        let ann = world.user("ann", "user");
        let rename = |name: &str| {
            Command::UpdateUser(UpdateUser {
                username: Some(name.to_owned()),
                ..update(ann)
            })
        };
        assert_eq!(world.code(&operator(), &rename(name)), "invalid_field", "{name}");
        // From before there was a rule.
        world.facts.users.get_mut(&ann).unwrap().row.username = name.to_owned();
        assert_eq!(
            world.code(&operator(), &Command::LogIn(world.log_in(ann))),
            "done"
        );
        let named = UpdateUser {
            username: Some(name.to_owned()),
            full_name: Some(Some("Ann".to_owned())),
            ..update(ann)
        };
        assert_eq!(
            world.code(&operator(), &Command::UpdateUser(named)),
            "done",
            "{name}"
        );
        assert_eq!(world.code(&operator(), &rename("ann")), "done", "{name}");
        assert_eq!(world.code(&operator(), &rename(name)), "invalid_field", "{name}");
    }
    for name in [
        "mee",
        "...",
        "m.e",
        "-",
        &id[1..],
        &format!("{id}0"),
        "erased-ann",
    ] {
        let mut world = World::new();
        let made = world.code(&operator(), &Command::CreateUser(create(name, "user")));
        assert_eq!(made, "done", "{name}");
    }
}
