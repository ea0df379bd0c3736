use uuid::Uuid;

use super::*;
use crate::command::Command;
use crate::context::Caller;
use crate::identity::Role;
use crate::identity::user::{CreateUser, DisableUser, EnableUser, EraseUser, ResetPassword};
use crate::identity::world::{World, hash, operator};

fn set_active(user: Uuid, active: bool) -> Command {
    if active {
        Command::EnableUser(EnableUser { user })
    } else {
        Command::DisableUser(DisableUser { user })
    }
}

fn reset(user: Uuid) -> Command {
    Command::ResetPassword(ResetPassword {
        user,
        password_hash: "one-time".to_owned(),
        temporary: true,
    })
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
pub(crate) fn an_invitation_works_once_and_in_time() {
    type Case = (&'static str, fn(&mut World, Uuid), &'static str);
    let cases: [Case; 8] = [
        ("open", |_, _| {}, "done"),
        ("just in time", |world, _| world.wait(72 * 3_600 - 1), "done"),
        (
            "too late",
            |world, _| world.wait(72 * 3_600),
            "invalid_invitation",
        ),
        (
            "accepted before",
            |world, user| {
                let invitation = world.facts.invitations_of(user)[0].row.id;
                let accept = accept(invitation, user);
                assert_eq!(world.code(&invited(), &accept), "done");
            },
            "invalid_invitation",
        ),
        (
            "another one came",
            |world, user| {
                let hash = hash(99);
                let again = Command::InviteUser(InviteUser { user, hash });
                assert_eq!(world.code(&operator(), &again), "done");
            },
            "invalid_invitation",
        ),
        (
            "a password was given",
            |world, user| assert_eq!(world.code(&operator(), &reset(user)), "done"),
            "invalid_invitation",
        ),
        (
            "disabled",
            |world, user| assert_eq!(world.code(&operator(), &set_active(user, false)), "done"),
            "invalid_invitation",
        ),
        (
            "erased",
            |world, user| assert_eq!(world.code(&operator(), &erase(user)), "done"),
            "invalid_invitation",
        ),
    ];
    for (what, before, expected) in cases {
        let mut world = World::new();
        world.user("ada", "admin");
        let new = CreateUser {
            invitation: Some(hash(5)),
            ..CreateUser::new("new", Role::USER)
        };
        world.run(&operator(), &Command::CreateUser(new)).unwrap();
        let user = world.facts.user_named("new").unwrap().row.id;
        let invitation = world.facts.invitations_of(user)[0].row.id;
        before(&mut world, user);
        let accept = accept(invitation, user);
        assert_eq!(world.code(&invited(), &accept), expected, "{what}");
        let other = world.facts.user_named("ada").unwrap().row.id;
        let for_other = self::accept(invitation, other);
        assert_eq!(world.code(&invited(), &for_other), "invalid_invitation", "{what}");
    }
}

fn invited() -> Caller {
    Caller::System { part: "invitation" }
}

fn accept(invitation: Uuid, user: Uuid) -> Command {
    Command::AcceptInvitation(AcceptInvitation {
        invitation,
        user,
        password_hash: "chosen".to_owned(),
    })
}
