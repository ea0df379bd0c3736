use super::*;
use crate::command::Command;
use crate::context::Caller;
use crate::identity::user::EraseUser;
use crate::identity::world::{World, operator};

/// A world with two users who keep their own, an analyst, a service that keeps all, and a viewer.
struct Room {
    world: World,
    ann: Caller,
    ann_id: Uuid,
    bob: Caller,
    bob_id: Uuid,
    svc: Caller,
    vic: Caller,
}

impl Room {
    fn new() -> Room {
        let mut world = World::new();
        let (ann_id, bob_id) = (world.user("ann", "user"), world.user("bob", "analyst"));
        let (svc, vic) = (world.user("svc", "service"), world.user("vic", "viewer"));
        Room {
            ann: world.session(ann_id),
            bob: world.session(bob_id),
            svc: world.session(svc),
            vic: world.session(vic),
            world,
            ann_id,
            bob_id,
        }
    }

    fn begin(&self, thread: &str) -> CreateConversation {
        CreateConversation {
            id: None,
            user: self.ann_id,
            thread: thread.to_owned(),
            title: Some("A title".to_owned()),
            context: Some(r#"{"a":1}"#.to_owned()),
        }
    }

    fn made(&mut self, caller: &Caller, command: impl Into<Command>) -> (Conversation, u64) {
        let reply = self.world.run(caller, &command.into()).unwrap();
        <(Conversation, u64)>::try_from(reply).unwrap()
    }

    fn field(&mut self, command: impl Into<Command>) -> Option<String> {
        match self.world.run(&self.ann.clone(), &command.into()) {
            Ok(_) => None,
            Err(refusal) => {
                assert_eq!(refusal.code, "invalid_field");
                refusal.field
            }
        }
    }

    fn code(&mut self, caller: &Caller, command: impl Into<Command>) -> &'static str {
        self.world.code(caller, &command.into())
    }
}

fn update(conversation: Uuid) -> UpdateConversation {
    UpdateConversation {
        conversation,
        version: None,
        title: None,
        context: None,
    }
}

/// Erases a user with what these hold.
pub(crate) fn erase(user: Uuid, content: Vec<Uuid>) -> EraseUser {
    EraseUser {
        user,
        reason: "asked to".to_owned(),
        entries: Vec::new(),
        content: content.into_iter().map(|id| (id, None)).collect(),
    }
}

const NOBODY: Uuid = Uuid::from_u128(0xdead);

#[test]
pub fn bounds_at_their_edges() {
    let (thread, title) = ("é".repeat(THREAD_LEN_MAX), "é".repeat(TITLE_LEN_MAX));
    let context = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
    let longest = context(CONTEXT_LEN_MAX);
    for (text, good) in [
        ("t", true),
        (&*thread, true),
        ("", false),
        (&*format!("{thread}é"), false),
        ("a\0", false),
    ] {
        let mut room = Room::new();
        let field = room.field(room.begin(text));
        assert_eq!(field.as_deref(), (!good).then_some("thread_id"), "{text}");
    }
    for (text, good) in [
        ("t", true),
        (&*title, true),
        ("", false),
        (&*format!("{title}é"), false),
    ] {
        let mut room = Room::new();
        let (made, _) = room.made(&room.ann.clone(), room.begin("t"));
        let title = Some(Some(text.to_owned()));
        let changed = UpdateConversation {
            title: title.clone(),
            ..update(made.id)
        };
        let begun = CreateConversation {
            title: title.flatten(),
            ..room.begin("u")
        };
        let expected = (!good).then_some("title");
        assert_eq!(room.field(changed).as_deref(), expected);
        assert_eq!(room.field(begun).as_deref(), expected);
    }
    for (text, good) in [
        ("{}", true),
        (&*longest, true),
        (&*context(CONTEXT_LEN_MAX + 1), false),
        ("[]", false),
        (r#"{"b":1,"a":2}"#, false),
        (r#"{"a": 1}"#, false),
    ] {
        let mut room = Room::new();
        let (made, _) = room.made(&room.ann.clone(), room.begin("t"));
        let context = Some(Some(text.to_owned()));
        let changed = UpdateConversation {
            context: context.clone(),
            ..update(made.id)
        };
        let begun = CreateConversation {
            context: context.flatten(),
            ..room.begin("u")
        };
        let expected = (!good).then_some("context");
        assert_eq!(room.field(changed).as_deref(), expected, "{text}");
        assert_eq!(room.field(begun).as_deref(), expected, "{text}");
    }
    let mut room = Room::new();
    for id in [Uuid::nil(), Uuid::max()] {
        let command = CreateConversation {
            id: Some(id),
            ..room.begin("t")
        };
        assert_eq!(room.field(command).as_deref(), Some("id"));
    }
}

#[test]
pub fn a_thread_is_one_conversation() {
    let mut room = Room::new();
    let (ann, svc) = (room.ann.clone(), room.svc.clone());
    let own = CreateConversation {
        id: Some(Uuid::from_u128(7)),
        ..room.begin("t")
    };
    let (made, version) = room.made(&ann, own.clone());
    assert_eq!((made.id, version), (Uuid::from_u128(7), 1));
    let other = CreateConversation {
        title: None,
        ..room.begin("t")
    };
    for again in [own.clone(), other.clone()] {
        assert_eq!(room.code(&ann, again.clone()), "nothing");
        assert_eq!(room.made(&svc, again), (made.clone(), 1));
    }
    // Another user's thread of that name is another conversation.
    let of_bob = CreateConversation {
        user: room.bob_id,
        ..room.begin("t")
    };
    assert_ne!(room.made(&svc, of_bob.clone()).0.id, made.id);
    for (command, field) in [
        (
            CreateConversation {
                id: own.id,
                thread: "v".to_owned(),
                ..own.clone()
            },
            "thread_id",
        ),
        (
            CreateConversation {
                id: own.id,
                thread: "v".to_owned(),
                ..of_bob.clone()
            },
            "user",
        ),
    ] {
        let refusal = room.world.run(&svc, &command.into()).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("id_conflict", Some(field))
        );
    }
    assert_eq!(
        room.code(
            &ann,
            EndConversation {
                conversation: made.id
            }
        ),
        "done"
    );
    assert_eq!(room.code(&ann, other), "nothing");
}

#[test]
pub fn who_may_keep_whose() {
    let mut room = Room::new();
    let (ann, bob, svc, vic) = (
        room.ann.clone(),
        room.bob.clone(),
        room.svc.clone(),
        room.vic.clone(),
    );
    let begin = room.begin("t");
    for (caller, expected) in [
        (&vic, "permission_missing"),
        (&bob, "permission_missing"),
        (&ann, "done"),
        (&svc, "nothing"),
        (&operator(), "nothing"),
    ] {
        assert_eq!(room.code(caller, begin.clone()), expected, "{caller:?}");
    }
    let (made, _) = room.made(&ann, begin);
    for (caller, expected) in [
        (&vic, "permission_missing"),
        (&bob, "unknown_conversation"),
        (&svc, "done"),
        (&ann, "done"),
    ] {
        let title = Some(Some(format!("by {caller:?}")));
        let change = UpdateConversation {
            title,
            ..update(made.id)
        };
        assert_eq!(room.code(caller, change), expected, "{caller:?}");
    }
    let end = EndConversation {
        conversation: made.id,
    };
    assert_eq!(room.code(&bob, end.clone()), "unknown_conversation");
    assert_eq!(room.code(&svc, end), "done");
    let nobody = CreateConversation {
        user: NOBODY,
        ..room.begin("t")
    };
    assert_eq!(room.code(&svc, nobody), "unknown_user");
    let end = EndConversation { conversation: NOBODY };
    assert_eq!(room.code(&svc, end), "unknown_conversation");
}

#[test]
pub fn what_has_ended_stays() {
    let mut room = Room::new();
    let ann = room.ann.clone();
    let (made, _) = room.made(&ann, room.begin("t"));
    let change = UpdateConversation {
        version: Some(1),
        title: Some(None),
        context: Some(Some("{}".to_owned())),
        ..update(made.id)
    };
    let (changed, version) = room.made(&ann, change.clone());
    assert_eq!(
        (changed.title, changed.context.as_deref(), version),
        (None, Some("{}"), 2)
    );
    assert_eq!(room.code(&ann, change), "version_mismatch");
    assert_eq!(room.code(&ann, update(made.id)), "nothing");
    let end = EndConversation {
        conversation: made.id,
    };
    let (ended, version) = room.made(&ann, end.clone());
    assert_eq!((ended.status, version), (ConversationStatus::Ended, 3));
    assert_eq!(room.code(&ann, end), "nothing");
    let change = UpdateConversation {
        title: Some(Some("late".to_owned())),
        ..update(made.id)
    };
    assert_eq!(room.code(&ann, change), "conversation_ended");
}

#[test]
pub fn what_is_held_is_in_no_entry_and_goes_with_the_user() {
    let mut room = Room::new();
    let (ann, operator) = (room.ann.clone(), operator());
    let begin = CreateConversation {
        title: Some("quince".to_owned()),
        context: Some(r#"{"secret":"medlar"}"#.to_owned()),
        ..room.begin("loquat")
    };
    let decided = room.world.decide(&ann, &begin.clone().into()).unwrap();
    for word in ["quince", "medlar", "loquat"] {
        assert!(!decided.drafts[0].payload.contains(word), "{word}");
    }
    let (made, _) = room.made(&ann, begin.clone());
    let (ann_id, bob_id) = (room.ann_id, room.bob_id);
    let refused = |content| (erase(bob_id, content), "content_of_others");
    for (command, expected) in [
        refused(vec![made.id]),
        refused(vec![NOBODY]),
        (erase(ann_id, vec![made.id; 1_001]), "invalid_field"),
        (erase(ann_id, Vec::new()), "done"),
        (erase(ann_id, vec![made.id]), "done"),
        (erase(ann_id, Vec::new()), "nothing"),
    ] {
        assert_eq!(room.code(&operator, command), expected);
    }
    let left = &room.world.facts.conversations[&made.id].row;
    assert_eq!((&left.thread, &left.title, &left.context), (&None, &None, &None));
    assert_eq!(
        (left.status, left.user_id, left.created_at),
        (ConversationStatus::Ended, ann_id, made.created_at)
    );
    assert_eq!(room.code(&operator, begin), "user_erased");
}
