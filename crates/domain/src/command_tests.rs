use super::*;
use crate::identity::Scope;
use crate::identity::world::{World, id};

fn set_active(user: Uuid, active: bool) -> Command {
    Command::SetActive(SetActive { user, active })
}

/// Credentials are checked outside: nobody who calls from outside may say that they were.
#[test]
fn internal_commands_are_for_the_program() {
    let mut world = World::new();
    let ada = world.user("ada", "admin");
    let callers = [world.session(ada), world.key("ada", &[Scope::Admin])];
    let accept = Command::AcceptInvitation(AcceptInvitation {
        invitation: Uuid::from_u128(1),
        user: ada,
        password_hash: "chosen".to_owned(),
    });
    let commands = [Command::LogIn(world.log_in(ada)), accept];
    for caller in &callers {
        for command in &commands {
            assert_eq!(world.code(caller, command), "internal_command", "{command:?}");
        }
    }
}

/// An id that is not there is whatever somebody wrote: it is in no leaf, whatever the command was refused for.
#[test]
fn a_refusal_names_only_what_is_there() {
    let mut world = World::new();
    let (ada, vic) = (world.user("ada", "admin"), world.user("vic", "viewer"));
    let (admin, viewer) = (world.session(ada), world.session(vic));
    let key = id(&world.key("ada", &[Scope::Read]));
    let nobody = Uuid::from_u128(0xdead);
    let cases = [
        (&viewer, set_active(ada, false), Some(ada)),
        (&viewer, set_active(nobody, false), None),
        (&admin, set_active(nobody, false), None),
        (&admin, set_active(ada, false), Some(ada)),
        (&viewer, Command::RevokeApiKey(key), Some(key)),
        (&viewer, Command::RevokeApiKey(nobody), None),
        (
            &viewer,
            Command::EndSessions(EndSessions::One(id(&admin))),
            Some(id(&admin)),
        ),
        (&viewer, Command::EndSessions(EndSessions::One(nobody)), None),
        (&viewer, Command::EndSessions(EndSessions::AllOf(ada)), Some(ada)),
        (&viewer, Command::EndSessions(EndSessions::AllOf(nobody)), None),
    ];
    for (caller, command, expected) in cases {
        let (_, draft) = world.decide(caller, &command).unwrap_err();
        let draft = draft.unwrap();
        assert_eq!(draft.target_id, expected, "{command:?}");
        assert_eq!(draft.target, expected.map(|id| id.to_string()), "{command:?}");
    }
}
