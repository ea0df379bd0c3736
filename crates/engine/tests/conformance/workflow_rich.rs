//! A part of a rich log: conversations, with every column filled in some row.

use domain::identity::Role;
use domain::workflow::conversation::{CreateConversation, EndConversation};
use domain::{Command, Origin, Reply};
use engine::Engine;
use uuid::Uuid;

use crate::custody_desk::{done, user_id};
use crate::support::{create_user, operator};

/// A conversation of a user.
pub fn conversation(user: Uuid, thread: &str) -> CreateConversation {
    CreateConversation {
        id: None,
        user,
        thread: thread.to_owned(),
        title: Some("a title".to_owned()),
        context: Some(r#"{"a":1}"#.to_owned()),
    }
}

/// Writes it all.
pub async fn rich_workflows(engine: &Engine) {
    let (eva, bob) = (user_id(engine, "eva").await, user_id(engine, "bob").await);
    let own = crate::people::session_of(engine, eva).await;
    let begun = |user, thread: &str| Command::from(conversation(user, thread));
    done(engine, &operator(), begun(bob, "t-1")).await;
    let Reply::Conversation { conversation, .. } = done(engine, &own, begun(eva, "t-1")).await else {
        panic!("no conversation");
    };
    let end = EndConversation {
        conversation: conversation.id,
    };
    done(engine, &own, end.into()).await;
    done(engine, &own, begun(eva, "t-2")).await;
    // One whose user is erased, with what it held.
    create_user(engine, "kim", Role::USER).await.unwrap();
    let kim = user_id(engine, "kim").await;
    done(engine, &operator(), begun(kim, "t-1")).await;
    engine
        .erase_user(&operator(), Origin::default(), kim, "asked to")
        .await
        .unwrap();
}
