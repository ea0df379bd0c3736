use super::*;
use crate::identity::Scope;
use crate::identity::api_key::RevokeApiKey;
use crate::identity::session::{EndSession, EndSessionsOf};
use crate::identity::user::{DisableUser, EnableUser};
use crate::identity::world::{World, id};

fn set_active(user: Uuid, active: bool) -> Command {
    if active {
        Command::EnableUser(EnableUser { user })
    } else {
        Command::DisableUser(DisableUser { user })
    }
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
pub(crate) fn a_refusal_names_only_what_is_there() {
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
        (
            &viewer,
            Command::RevokeApiKey(RevokeApiKey { id: key }),
            Some(key),
        ),
        (&viewer, Command::RevokeApiKey(RevokeApiKey { id: nobody }), None),
        (
            &viewer,
            Command::EndSession(EndSession { session: id(&admin) }),
            Some(id(&admin)),
        ),
        (&viewer, Command::EndSession(EndSession { session: nobody }), None),
        (
            &viewer,
            Command::EndSessionsOf(EndSessionsOf { user: ada }),
            Some(ada),
        ),
        (
            &viewer,
            Command::EndSessionsOf(EndSessionsOf { user: nobody }),
            None,
        ),
    ];
    for (caller, command, expected) in cases {
        let (_, draft) = world.decide(caller, &command).unwrap_err();
        let draft = draft.unwrap();
        assert_eq!(draft.target_id, expected, "{command:?}");
        assert_eq!(draft.target, expected.map(|id| id.to_string()), "{command:?}");
    }
}

/// A verb of several commands is refused with what any of them is.
#[test]
fn refusals_of_a_verb() {
    let names = |action| -> Vec<_> { refusals(action).iter().map(|code| code.name).collect() };
    assert_eq!(names(&crate::action::SESSION_END), ["unknown_session"]);
    assert_eq!(names(&crate::action::KYC_EXPIRE), [""; 0]);
    let mut made = names(&crate::action::OPERATION_CREATE);
    made.sort_unstable();
    assert!(made.windows(2).all(|two| two[0] != two[1]), "{made:?}");
}
