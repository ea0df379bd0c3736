//! Legal holds: what they cover is not erased, whichever comes first, also from two processes at once.

use domain::Caller;
use domain::audit::hold::{CreateHold, LegalHold, ReleaseHold};
use domain::identity::Role;
use engine::{Answer, Engine, Error};
use uuid::Uuid;

use crate::people::session_of;
use crate::support::{create_user, submit};

/// A hold on what this actor did.
pub fn on(actor: &str) -> CreateHold {
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

/// Sets a hold.
pub async fn set(engine: &Engine, hold: CreateHold) -> Answer<(LegalHold, u64)> {
    submit(engine, hold.into()).await.unwrap().typed().unwrap()
}

/// Releases a hold.
pub async fn release(engine: &Engine, by: &Caller, hold: Uuid) -> Result<Answer, Error> {
    let reason = "closed".to_owned();
    let command = ReleaseHold { hold, reason };
    engine.submit(by, crate::people::origin(), command.into()).await
}

/// A session of somebody who may release what others set.
pub async fn releaser(engine: &Engine) -> Caller {
    create_user(engine, "lea", Role::AUDITOR).await.unwrap();
    let lea = engine.user_meant("lea").await.unwrap().unwrap().row.id;
    session_of(engine, lea).await
}

/// One that is active and names little, and one that names all and is released.
pub async fn rich_holds(engine: &Engine) {
    let lea = releaser(engine).await;
    set(engine, on("nobody at all")).await;
    let target = CreateHold {
        actor: None,
        target: Some("nothing".to_owned()),
        ..on("")
    };
    set(engine, target).await;
    let user = engine.user_meant("ann").await.unwrap().unwrap().row.id;
    let all = CreateHold {
        target: Some("nothing at all".to_owned()),
        user: Some(user),
        since: Some(evidence::Timestamp::EPOCH),
        until: Some(evidence::Timestamp::EPOCH.plus_seconds(1)),
        ..on("nobody")
    };
    let command = domain::Command::from(all);
    let set = engine.submit(&lea, crate::people::origin(), command).await;
    let (hold, _): (LegalHold, u64) = set.unwrap().typed().unwrap().reply;
    let max = create_user(engine, "max", Role::COMPLIANCE).await.unwrap();
    let (max, _): (domain::identity::user::User, u64) = max.typed().unwrap().reply;
    let max = session_of(engine, max.id).await;
    release(engine, &max, hold.id).await.unwrap();
}

crate::on_both!(covered_entries_stay, covered_users_stay, whichever_comes_first);

mod cases {
    use domain::Origin;
    use domain::audit::hold::CreateHold;
    use domain::identity::Role;
    use engine::{Engine, EntryKey};

    use super::{on, release, releaser, set};
    use crate::attacker::{assert_intact, close};
    use crate::people::{code, entries};
    use crate::support::{Bed, create_user, erase, event, operator, record, two};

    fn by(actor: &str) -> domain::audit::Event {
        event(&format!(
            r#"{{"actor":{{"kind":"service","id":"{actor}"}},"action":"order.ship"}}"#
        ))
    }

    async fn is_erased(engine: &Engine, index: u64) -> bool {
        engine
            .entry(EntryKey::Index(index))
            .await
            .unwrap()
            .unwrap()
            .erased
    }

    pub async fn covered_entries_stay(bed: Bed) {
        let engine = bed.open().await;
        let lea = releaser(&engine).await;
        let first = *engine.size().borrow();
        record(&engine, vec![by("shop"), by("store")]).await.unwrap();
        let hold = set(&engine, on("shop")).await.reply.0.id;
        let refused = erase(&engine, vec![first, first + 1]).await.unwrap_err();
        assert!(refused.to_string().contains(&hold.to_string()), "{refused}");
        assert_eq!(code(Err::<(), _>(refused)), "held");
        assert!(!is_erased(&engine, first + 1).await, "all or none");
        erase(&engine, vec![first + 1]).await.unwrap();
        // Whoever opens the log later knows of it too.
        close(engine).await;
        let engine = bed.open().await;
        assert_eq!(code(erase(&engine, vec![first]).await), "held");
        assert_eq!(code(release(&engine, &operator(), hold).await), "session_needed");
        release(&engine, &lea, hold).await.unwrap();
        erase(&engine, vec![first]).await.unwrap();
        assert!(is_erased(&engine, first).await);
        let refused = entries(&engine, "audit.erase").await;
        let refused = refused
            .iter()
            .filter(|entry| entry.outcome == evidence::Outcome::Failed);
        assert_eq!(refused.count(), 2, "a refusal is an entry");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn covered_users_stay(bed: Bed) {
        let engine = bed.open().await;
        let lea = releaser(&engine).await;
        let made = create_user(&engine, "ann", Role::USER).await.unwrap();
        let (ann, _): (domain::identity::user::User, u64) = made.typed().unwrap().reply;
        let about = *engine.size().borrow() - 1;
        let erase = async || {
            let done = engine
                .erase_user(&operator(), Origin::default(), ann.id, "asked to")
                .await;
            done.map(|_| ())
        };
        let at = engine.entry(EntryKey::Index(about)).await.unwrap().unwrap().at;
        let nobody = CreateHold {
            actor: None,
            ..on("")
        };
        // By name, and by a time in which an entry about her was recorded.
        let named = CreateHold {
            user: Some(ann.id),
            ..nobody.clone()
        };
        let then = CreateHold {
            since: Some(at),
            until: Some(at.plus_seconds(1)),
            ..nobody
        };
        for hold in [named, then] {
            let hold = set(&engine, hold).await.reply.0.id;
            assert_eq!(code(erase().await), "held");
            assert!(!is_erased(&engine, about).await);
            let now = engine.user(ann.id).await.unwrap().unwrap().row;
            assert_eq!(now.username, "ann", "nothing is erased, not even the name");
            release(&engine, &lea, hold).await.unwrap();
        }
        erase().await.unwrap();
        assert!(is_erased(&engine, about).await);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// One process erases while another sets a hold: what the log says came first is what held.
    pub async fn whichever_comes_first(bed: Bed) {
        const ROUNDS: u64 = 25;
        let options = two(&bed).await;
        let one = Engine::open(options[0].clone()).await.unwrap();
        let other = Engine::open(options[1].clone()).await.unwrap();
        let first = one.size_now().await.unwrap();
        let names: Vec<String> = (0..ROUNDS).map(|round| format!("shop{round}")).collect();
        record(&one, names.iter().map(|name| by(name)).collect())
            .await
            .unwrap();
        let mut erased = 0;
        for (index, name) in (first..).zip(&names) {
            let (erasing, held) = tokio::join!(erase(&one, vec![index]), set(&other, on(name)));
            let held = held.entry.unwrap();
            match erasing {
                Ok(answer) => {
                    erased += 1;
                    assert!(answer.entry.unwrap() < held, "erased although it was held before");
                    assert!(is_erased(&other, index).await);
                }
                Err(error) => {
                    assert_eq!(code(Err::<(), _>(error)), "held");
                    assert!(!is_erased(&one, index).await);
                }
            }
        }
        assert!(erased <= ROUNDS);
        for engine in [one, other] {
            close(engine).await;
        }
        assert_intact(&options[0]).await;
    }
}
