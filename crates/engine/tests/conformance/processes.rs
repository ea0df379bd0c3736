//! Two processes on one database: each with its own data folder, Writer and pool, both with the log's key.

crate::on_both!(
    two_processes_share_a_log,
    opened_and_verified_under_load,
    each_says_its_rules_again,
    size_wakes_for_both
);

mod cases {
    use std::collections::{BTreeMap, HashMap};
    use std::time::{Duration, Instant};

    use domain::Reply;
    use domain::audit::EntryFilter;
    use domain::identity::Rules;
    use domain::identity::security_event::ROLES_CHANGED;
    use engine::Engine;
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::people::{until, with_rules};
    use crate::support::{Bed, numbered, record, two};

    const TASKS: usize = 8;
    const SUBMISSIONS: usize = 100;
    /// Own ids that both processes use: so many, each by several tasks of both.
    const SHARED_IDS: usize = 60;

    /// One to three events; about one submission in four brings an id that others bring too.
    async fn submission(engine: &Engine, task: usize, number: usize) -> Vec<(Uuid, u64, bool, bool)> {
        let mut events: Vec<_> = (0..=number % 3)
            .map(|position| numbered(task * 10_000 + number * 3 + position))
            .collect();
        let shared = number % 4 == 1;
        if shared {
            let id = (task * 7 + number) % SHARED_IDS;
            events[0] = numbered(id);
            events[0].id = Some(Uuid::from_u128(
                0x0197_0000_0000_7000_8000_0000_0000_0000 + id as u128,
            ));
        }
        let answer = record(engine, events).await.unwrap();
        let Reply::Recorded(recorded) = answer.reply else {
            panic!("{:?}", answer.reply)
        };
        let places = recorded.iter().enumerate();
        places
            .map(|(position, entry)| {
                (
                    entry.id,
                    entry.place.unwrap().index,
                    entry.replayed,
                    shared && position == 0,
                )
            })
            .collect()
    }

    pub async fn two_processes_share_a_log(bed: Bed) {
        let options = two(&bed).await;
        let mut engines = Vec::new();
        for options in &options {
            engines.push(Engine::open(options.clone()).await.unwrap());
        }
        let mut tasks = Vec::new();
        for task in 0..2 * TASKS {
            let engine = engines[task % 2].clone();
            tasks.push(tokio::spawn(async move {
                let mut all = Vec::new();
                for number in 0..SUBMISSIONS {
                    all.extend(submission(&engine, task, number).await);
                }
                all
            }));
        }
        let mut places: HashMap<Uuid, u64> = HashMap::new();
        let mut by_index: BTreeMap<u64, Uuid> = BTreeMap::new();
        let mut first_times: HashMap<Uuid, usize> = HashMap::new();
        for task in tasks {
            for (id, index, replayed, shared) in task.await.unwrap() {
                assert_eq!(
                    *places.entry(id).or_insert(index),
                    index,
                    "the same id has the same place for everyone"
                );
                assert_eq!(
                    *by_index.entry(index).or_insert(id),
                    id,
                    "no index is given twice"
                );
                *first_times.entry(id).or_default() += usize::from(!replayed);
                assert!(shared || !replayed);
            }
        }
        assert!(
            first_times.values().all(|times| *times == 1),
            "each id is new for exactly one caller"
        );
        let size = places.len() as u64 + 1;
        assert_eq!(
            by_index.into_keys().collect::<Vec<_>>(),
            (1..size).collect::<Vec<_>>(),
            "after the first admin, without gaps"
        );
        let mut seen = Vec::new();
        let each = &mut |entry: evidence::Entry| {
            seen.push((entry.index, entry.id, entry.at));
            std::ops::ControlFlow::Continue(())
        };
        assert_eq!(
            engines[0].export(&EntryFilter::default(), each).await.unwrap(),
            size
        );
        assert!(
            seen.windows(2)
                .all(|pair| pair[0].0 + 1 == pair[1].0 && pair[0].2 <= pair[1].2),
            "times never go back"
        );
        assert!(seen.iter().skip(1).all(|(index, id, _)| places[id] == *index));
        let appended: u64 = engines
            .iter()
            .map(|engine| engine.metrics().entries_appended)
            .sum();
        assert_eq!(appended, size - 1);
        for engine in engines {
            close(engine).await;
        }
        for options in &options {
            assert_eq!(assert_intact(options).await.size, size);
        }
    }

    /// What another process commits meanwhile is no contradiction, neither for one that starts nor for one that verifies.
    pub async fn opened_and_verified_under_load(bed: Bed) {
        let options = two(&bed).await;
        let one = Engine::open(options[0].clone()).await.unwrap();
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (writing, stopping) = (one.clone(), std::sync::Arc::clone(&stop));
        let writer = tokio::spawn(async move {
            while !stopping.load(std::sync::atomic::Ordering::Relaxed) {
                record(&writing, (0..2).map(numbered).collect()).await.unwrap();
            }
        });
        for _ in 0..20 {
            let engine = Engine::open(options[1].clone()).await.unwrap();
            record(&engine, vec![numbered(1)]).await.unwrap();
            close(engine).await;
            assert_intact(&options[1]).await;
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.await.unwrap();
        assert!(*one.size().borrow() > 100);
        close(one).await;
        assert_intact(&options[0]).await;
    }

    /// Who decides under other rules than the log says has said its own first, however often they take turns.
    pub async fn each_says_its_rules_again(bed: Bed) {
        let options = two(&bed).await;
        let [one, two] = [20, 30]
            .map(|cooling_off_s| move |rules: &mut Rules| rules.custody.cooling_off_s = cooling_off_s);
        let one = Engine::open(with_rules(options[0].clone(), one)).await.unwrap();
        record(&one, vec![numbered(1)]).await.unwrap();
        for turn in 0..2 {
            let options = with_rules(options[1].clone(), two);
            let other = Engine::open(options).await.unwrap();
            for number in [2, 3] {
                let answer = record(&other, vec![numbered(number)]).await.unwrap();
                let Reply::Recorded(recorded) = &answer.reply else {
                    panic!("{answer:?}")
                };
                assert_eq!(recorded[0].place.unwrap().index, answer.entry.unwrap());
            }
            close(other).await;
            let answer = record(&one, vec![numbered(4)]).await.unwrap();
            assert_eq!(answer.entry, Some(7 + 6 * turn));
            record(&one, vec![numbered(5)]).await.unwrap();
            until("nothing waits", Duration::from_secs(30), async || {
                one.metrics().queue_length == 0
            })
            .await;
        }
        let mut said = Vec::new();
        let each = &mut |entry: evidence::Entry| {
            said.push(match entry.details {
                Some(details) if entry.action == ROLES_CHANGED => {
                    details.0["custody.rules"]["cooling_off_s"].as_u64().unwrap()
                }
                details => details.map_or(0, |details| details.0["n"].as_u64().unwrap()),
            });
            std::ops::ControlFlow::Continue(())
        };
        one.export(&EntryFilter::default(), each).await.unwrap();
        assert_eq!(said[1..], [20, 1, 30, 2, 3, 20, 4, 5, 30, 2, 3, 20, 4, 5]);
        close(one).await;
        assert_intact(&options[0]).await;
    }

    pub async fn size_wakes_for_both(bed: Bed) {
        let options = two(&bed).await;
        let (one, two) = (
            Engine::open(options[0].clone()).await.unwrap(),
            Engine::open(options[1].clone()).await.unwrap(),
        );
        let (mut own, mut other) = (one.size(), two.size());
        assert_eq!((*own.borrow_and_update(), *other.borrow_and_update()), (1, 1));
        record(&one, (0..3).map(numbered).collect()).await.unwrap();
        assert_eq!(*own.borrow_and_update(), 4, "own commits are seen at once");
        let started = Instant::now();
        tokio::time::timeout(Duration::from_secs(5), other.changed())
            .await
            .expect("another process's commit wakes")
            .unwrap();
        assert_eq!(*other.borrow_and_update(), 4);
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "within half a second, on a machine that is not overloaded"
        );
        record(&two, vec![numbered(9)]).await.unwrap();
        assert_eq!(*other.borrow_and_update(), 5);
        tokio::time::timeout(Duration::from_secs(5), own.changed())
            .await
            .expect("and the other way round")
            .unwrap();
        assert_eq!(*own.borrow(), 5);
    }
}
