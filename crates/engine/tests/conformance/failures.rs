//! Databases that fail in the middle: every command is answered once, nothing is doubled and nothing lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::Reply;
use domain::audit::EntryFilter;
use engine::{Engine, EntryKey, Error};
use store::db::Location;
use uuid::Uuid;

use crate::attacker::{assert_intact, close};
use crate::support::{Bed, On, numbered, record};

const TASKS: u128 = 6;
const SUBMISSIONS: u128 = 40;

pub fn own_id(task: u128, number: u128) -> Uuid {
    Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + task * 1_000 + number)
}

/// Records one event with an own id; what came of it.
pub async fn send(engine: &Engine, id: Uuid) -> Result<(u64, bool), Error> {
    let mut event = numbered(usize::try_from(id.as_u128() % 100_000).unwrap());
    event.id = Some(id);
    let answer = record(engine, vec![event]).await?;
    let Reply::Recorded(recorded) = answer.reply else {
        panic!("{:?}", answer.reply)
    };
    assert_eq!(recorded[0].id, id);
    Ok((recorded[0].place.unwrap().index, recorded[0].replayed))
}

/// Many tasks send; whoever is told nothing certain sends again until it is. Gives places, and how often that was.
pub async fn send_all(engine: &Engine) -> (HashMap<Uuid, u64>, usize) {
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let (mut places, mut uncertain) = (Vec::new(), 0);
                for number in 0..SUBMISSIONS {
                    let id = own_id(task, number);
                    let place = loop {
                        match send(&engine, id).await {
                            Ok((place, _)) => break place,
                            Err(Error::Unknown(_) | Error::Store(_)) => uncertain += 1,
                            Err(error) => panic!("{error:?}"),
                        }
                        assert!(uncertain < 500, "the writer does not come back");
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    };
                    places.push((id, place));
                }
                (places, uncertain)
            })
        })
        .collect();
    let (mut places, mut uncertain) = (HashMap::new(), 0);
    for task in tasks {
        let (found, again) = task.await.unwrap();
        places.extend(found);
        uncertain += again;
    }
    (places, uncertain)
}

/// Each id is in the log once, where its sender was told, and there is nothing else.
pub async fn assert_each_once(engine: &Engine, places: &HashMap<Uuid, u64>) {
    assert_eq!(places.len() as u128, TASKS * SUBMISSIONS);
    let mut log = Vec::new();
    let each = &mut |entry: evidence::Entry| {
        log.push(entry.id);
        std::ops::ControlFlow::Continue(())
    };
    engine.export(&EntryFilter::default(), each).await.unwrap();
    assert_eq!(log.len(), places.len() + 1, "and the first admin");
    for (id, place) in places {
        assert_eq!(log[usize::try_from(*place).unwrap()], *id);
        assert_eq!(send(engine, *id).await.unwrap(), (*place, true));
        assert_eq!(
            engine.entry(EntryKey::Id(*id)).await.unwrap().unwrap().index,
            *place
        );
    }
}

/// Ends the connections of an engine.
struct Killer {
    conn: store::Conn,
    name: String,
}

impl Killer {
    /// Ends them, and says how many there were.
    async fn kill(&mut self) -> i64 {
        let sql = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
        let row = self.conn.opt(sql, &[self.name.as_str().into()]).await.unwrap();
        row.unwrap().int(0).unwrap()
    }
}

/// An engine on PostgreSQL, and what ends its connections.
async fn victim() -> (Bed, Engine, Killer) {
    let bed = Bed::new(On::Postgres);
    Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
    let mut options = bed.options();
    let name = format!("victim-{}", bed.dir.path().file_name().unwrap().to_str().unwrap());
    let Location::Postgres(url) = &options.database.location else {
        panic!()
    };
    options.database.location = Location::Postgres(format!("{url}&application_name={name}"));
    let engine = Engine::open(options).await.unwrap();
    let conn = store::Db::new(bed.options().database)
        .unwrap()
        .writer()
        .await
        .unwrap();
    (bed, engine, Killer { conn, name })
}

/// What a commit that broke did is not told from the id alone: where it is sent again, it is there from before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_sent_again_over_a_killed_connection() {
    let (bed, engine, mut killer) = victim().await;
    let id = own_id(0, 0);
    let (place, replayed) = send(&engine, id).await.unwrap();
    assert!(!replayed);
    while killer.kill().await > 0 {}
    assert_eq!(send(&engine, id).await.unwrap(), (place, true));
    close(engine).await;
    assert_intact(&bed.options()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_killed() {
    let (bed, engine, mut killer) = victim().await;
    let stop = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&stop);
    let attack = tokio::spawn(async move {
        let mut count = 0;
        while !over.load(Ordering::Relaxed) {
            count += killer.kill().await;
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        count
    });
    let (places, uncertain) = send_all(&engine).await;
    stop.store(true, Ordering::Relaxed);
    let victims = attack.await.unwrap();
    assert!(victims >= 3, "only {victims} connections were killed");
    assert!(engine.metrics().retries > 0 || uncertain > 0, "no batch was hit");
    assert_each_once(&engine, &places).await;
    close(engine).await;
    assert_intact(&bed.options()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_write_lock_is_held_by_another() {
    let bed = Bed::new(On::Sqlite);
    let engine = bed.open().await;
    let mut other = engine.db().writer().await.unwrap();
    other.begin().await.unwrap();
    let sending = {
        let engine = engine.clone();
        tokio::spawn(async move { send_all(&engine).await })
    };
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(*engine.size().borrow(), 1, "nobody is told before the commit");
    assert!(!sending.is_finished());
    for _ in 0..3 {
        other.rollback().await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        other.begin().await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    other.rollback().await.unwrap();
    let (places, uncertain) = sending.await.unwrap();
    assert_eq!(uncertain, 0, "waiting for a lock is no failure");
    assert_each_once(&engine, &places).await;
    close(engine).await;
    assert_intact(&bed.options()).await;
}

crate::on_both!(a_constraint_fails_only_its_command);

mod cases {
    use domain::identity::Scope;
    use domain::identity::api_key::{ApiKey, CreateApiKey};
    use domain::{Command, Origin};
    use engine::Error;
    use futures_util::future::join_all;
    use store::ErrorKind;

    use super::{assert_intact, close};
    use crate::support::{Bed, numbered, operator};

    /// Two keys of one hash, which no decision sees coming: the second one fails, its neighbours in the batch do not.
    pub async fn a_constraint_fails_only_its_command(bed: Bed) {
        let engine = bed.open().await;
        let key = |hash| {
            Command::CreateApiKey(CreateApiKey {
                agent: None,
                owner: "admin".into(),
                name: "key".into(),
                scopes: vec![Scope::Read],
                expires_at: None,
                requests_per_minute: None,
                shown: "prb_x".into(),
                hash,
            })
        };
        let event = |number| Command::RecordEvents(engine.prepare(vec![numbered(number)], false).unwrap());
        for round in 0..5_u8 {
            let commands = [
                event(1),
                key([round; 32]),
                event(2),
                key([round; 32]),
                event(3),
                key([round + 100; 32]),
            ];
            let who = operator();
            let answers =
                join_all(commands.map(|command| engine.submit(&who, Origin::default(), command))).await;
            for (position, answer) in answers.into_iter().enumerate() {
                match answer {
                    Ok(_) => assert_ne!(position, 3),
                    Err(Error::Store(error)) => {
                        assert_eq!((position, error.kind), (3, ErrorKind::Constraint));
                    }
                    Err(error) => panic!("{position}: {error:?}"),
                }
            }
        }
        assert_eq!(*engine.size().borrow(), 1 + 5 * 5);
        assert_eq!(
            engine.select::<ApiKey>(&[], None, None).await.unwrap().0.len(),
            10
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
