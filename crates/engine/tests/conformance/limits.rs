//! Rate counters and last-seen marks: shared between processes, kept over a restart, never in the way.

crate::on_both!(
    counters_add_up,
    two_processes_add_in_any_order,
    marks_keep_the_later_time,
    a_quota_is_shared,
    what_is_given_back_is_shared,
    counts_and_marks_survive_a_restart,
    a_broken_database_fails_no_take,
    a_busy_writer_does_not_keep_counts_away,
    old_windows_go_from_memory
);

mod cases {
    use std::time::{Duration, Instant};

    use engine::{Engine, Quota, SeenKind};
    use evidence::Timestamp;
    use store::side::{self, Count, Window};
    use store::{Conn, Db};
    use uuid::Uuid;

    use crate::support::{AN_AGE, Bed, numbered, record, two};

    fn now() -> Timestamp {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap()).unwrap()
    }

    fn window(subject: &str, width_s: u32, start: i64) -> Window {
        Window {
            subject: subject.to_owned(),
            width_s,
            start,
        }
    }

    fn count(subject: &str, add: i64) -> Count {
        Count {
            window: window(subject, 60, 600),
            add,
        }
    }

    /// Asks again and again until it holds, for some seconds.
    async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let started = Instant::now();
        while !holds().await {
            assert!(started.elapsed() < Duration::from_secs(20), "{what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn side_writer(bed: &Bed) -> Conn {
        Db::new(bed.options().database)
            .unwrap()
            .side_writer()
            .await
            .unwrap()
    }

    pub async fn counters_add_up(bed: Bed) {
        bed.open().await.shutdown().await;
        let conn = &mut side_writer(&bed).await;
        assert_eq!(side::add_counts(conn, &[]).await.unwrap(), [0; 0]);
        let counts = [count("b", 3), count("a", 2), count("b", 4), count("z", -1)];
        assert_eq!(
            side::add_counts(conn, &counts).await.unwrap(),
            [7, 2, 7, 0],
            "in the order given, sums of equal ones"
        );
        let counts = [count("a", -1), count("b", -100), count("c", 0)];
        assert_eq!(
            side::add_counts(conn, &counts).await.unwrap(),
            [1, 0, 0],
            "never below 0"
        );
        let counts = [count("b", 5), count("ü", 1), count("a", 1)];
        assert_eq!(side::add_counts(conn, &counts).await.unwrap(), [5, 1, 2]);
        let windows = [
            window("ü", 60, 600),
            window("z", 60, 600),
            window("b", 60, 600),
            window("b", 60, 660),
            window("b", 30, 600),
            window("B", 60, 600),
        ];
        assert_eq!(
            side::read_counts(conn, &windows).await.unwrap(),
            [1, 0, 5, 0, 0, 0]
        );
        assert_eq!(side::read_counts(conn, &[]).await.unwrap(), [0; 0]);

        // Windows that end at or before the time go, however many; others stay.
        let many: Vec<Count> = (0..2_500)
            .map(|number| Count {
                window: window(&format!("ip:{number}"), 30, 600),
                add: 1,
            })
            .collect();
        side::add_counts(conn, &many).await.unwrap();
        assert_eq!(side::prune_counts(conn, 629).await.unwrap(), 0);
        assert_eq!(side::prune_counts(conn, 659).await.unwrap(), 2_500);
        assert_eq!(side::read_counts(conn, &windows[2..3]).await.unwrap(), [5]);
        assert_eq!(side::prune_counts(conn, 660).await.unwrap(), 4, "a, b, c and ü");
    }

    /// Two connections write the same counters at once, each in another order: nobody fails, nothing is lost.
    pub async fn two_processes_add_in_any_order(bed: Bed) {
        bed.open().await.shutdown().await;
        let names: Vec<String> = (0..50).map(|number| format!("key:{number}")).collect();
        let mut tasks = Vec::new();
        for task in 0..4_usize {
            let (mut conn, mut names) = (side_writer(&bed).await, names.clone());
            tasks.push(tokio::spawn(async move {
                for round in 0..50 {
                    names.rotate_left(task * 11 + round % 7);
                    if task % 2 == 0 {
                        names.reverse();
                    }
                    // Up by two and down by one, in two calls of which each locks all rows.
                    for add in [2, -1] {
                        let counts: Vec<Count> = names.iter().map(|name| count(name, add)).collect();
                        side::add_counts(&mut conn, &counts).await.unwrap();
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let windows: Vec<Window> = names.iter().map(|name| window(name, 60, 600)).collect();
        let totals = side::read_counts(&mut side_writer(&bed).await, &windows)
            .await
            .unwrap();
        assert_eq!(totals, [4 * 50; 50]);
    }

    pub async fn marks_keep_the_later_time(bed: Bed) {
        bed.open().await.shutdown().await;
        let conn = &mut side_writer(&bed).await;
        let [one, two, three] = [1, 2, 3].map(Uuid::from_u128);
        let at = |seconds| Timestamp::EPOCH.plus_seconds(seconds);
        side::touch(conn, &[]).await.unwrap();
        let marks = [
            (SeenKind::User, one, at(50)),
            (SeenKind::User, two, at(60)),
            (SeenKind::User, one, at(40)),
            (SeenKind::Session, one, at(70)),
        ];
        side::touch(conn, &marks).await.unwrap();
        side::touch(
            conn,
            &[(SeenKind::User, one, at(49)), (SeenKind::User, two, at(61))],
        )
        .await
        .unwrap();
        let mut seen = side::seen(conn, SeenKind::User, &[two, three, one])
            .await
            .unwrap();
        seen.sort_unstable();
        assert_eq!(seen, [(one, at(50)), (two, at(61))]);
        side::forget(conn, SeenKind::User, one).await.unwrap();
        side::forget(conn, SeenKind::ApiKey, two).await.unwrap();
        let seen = side::seen(conn, SeenKind::User, &[one, two]).await.unwrap();
        assert_eq!(seen, [(two, at(61))]);
        let seen = side::seen(conn, SeenKind::Session, &[one]).await.unwrap();
        assert_eq!(seen, [(one, at(70))]);
        assert!(
            side::seen(conn, SeenKind::ApiKey, &[one])
                .await
                .unwrap()
                .is_empty()
        );
    }

    async fn engines(bed: &Bed) -> [Engine; 2] {
        let [one, two] = two(bed).await;
        [Engine::open(one).await.unwrap(), Engine::open(two).await.unwrap()]
    }

    pub async fn a_quota_is_shared(bed: Bed) {
        let [one, two] = engines(&bed).await;
        // By the tasks alone: what one process uses up, the other refuses soon after.
        for _ in 0..5 {
            assert!(one.limits().take("key:a", AN_AGE, now()).allowed);
        }
        assert!(
            !one.limits().take("key:a", AN_AGE, now()).allowed,
            "exact within a process"
        );
        until("the other process refuses", async || {
            !two.limits().peek("key:a", AN_AGE, now()).allowed
        })
        .await;
        assert!(!two.limits().take("key:a", AN_AGE, now()).allowed);
        assert_eq!(two.limits().stats().refused["key"], 1);
        // Each takes a part, and both see the sum.
        for (engine, times) in [(&one, 2), (&two, 1)] {
            for _ in 0..times {
                assert!(engine.limits().take("key:b", AN_AGE, now()).allowed);
            }
        }
        for engine in [&one, &two] {
            until("both see the sum", async || {
                engine.limits().peek("key:b", AN_AGE, now()).remaining == 2
            })
            .await;
        }
        // At once, for a subject that is new to the process.
        for _ in 0..4 {
            one.limits().take("login:c", AN_AGE, now());
        }
        one.limits().flush().await.unwrap();
        let subjects = ["login:c", "login:d"].map(|subject| (subject.to_owned(), AN_AGE));
        assert!(two.limits().load(&subjects).await);
        assert_eq!(two.limits().take("login:c", AN_AGE, now()).remaining, 0);
        assert!(!two.limits().take("login:c", AN_AGE, now()).allowed);
        assert_eq!(two.limits().peek("login:d", AN_AGE, now()).remaining, 5);
        // Loading does not make a process forget what it has counted itself.
        assert!(two.limits().load(&subjects).await);
        assert!(!two.limits().take("login:c", AN_AGE, now()).allowed);
    }

    pub async fn what_is_given_back_is_shared(bed: Bed) {
        let [one, two] = engines(&bed).await;
        let taken = now();
        for _ in 0..5 {
            one.limits().take("login:a", AN_AGE, taken);
        }
        until("the other process refuses", async || {
            !two.limits().peek("login:a", AN_AGE, now()).allowed
        })
        .await;
        one.limits().give_back("login:a", AN_AGE, taken);
        one.limits().give_back("login:a", AN_AGE, taken);
        assert_eq!(one.limits().peek("login:a", AN_AGE, now()).remaining, 2);
        until("the other process allows two again", async || {
            two.limits().peek("login:a", AN_AGE, now()).remaining == 2
        })
        .await;
    }

    pub async fn counts_and_marks_survive_a_restart(bed: Bed) {
        let engine = bed.open().await;
        let (id, at) = (Uuid::from_u128(7), now());
        for _ in 0..3 {
            engine.limits().take("key:a", AN_AGE, now());
        }
        engine.limits().touch(SeenKind::Session, id, at);
        engine.shutdown().await;
        drop(engine);
        let engine = Engine::open(bed.options()).await.unwrap();
        assert!(engine.limits().load(&[("key:a".to_owned(), AN_AGE)]).await);
        assert_eq!(engine.limits().peek("key:a", AN_AGE, now()).remaining, 2);
        let conn = &mut engine.db().reader().await.unwrap();
        let seen = side::seen(conn, SeenKind::Session, &[id]).await.unwrap();
        assert_eq!(seen, [(id, at)]);
    }

    pub async fn a_broken_database_fails_no_take(bed: Bed) {
        let engine = bed.open().await;
        let limits = engine.limits();
        let mut other = side_writer(&bed).await;
        for table in ["counters", "last_seen"] {
            let away = format!("ALTER TABLE {table} RENAME TO {table}_away");
            other.batch(&away).await.unwrap();
        }
        let (id, at) = (Uuid::from_u128(9), now());
        let subject = [("key:a".to_owned(), AN_AGE)];
        assert!(!limits.load(&subject).await);
        for left in (0..5).rev() {
            let taken = limits.take("key:a", AN_AGE, now());
            assert!(taken.allowed && taken.remaining == left, "{taken:?}");
            limits.touch(SeenKind::User, id, at);
            assert!(limits.flush().await.is_err());
        }
        assert!(!limits.take("key:a", AN_AGE, now()).allowed);
        record(&engine, vec![numbered(1)]).await.unwrap();
        for table in ["counters", "last_seen"] {
            let back = format!("ALTER TABLE {table}_away RENAME TO {table}");
            other.batch(&back).await.unwrap();
        }
        let written = Window {
            subject: "key:a".to_owned(),
            width_s: AN_AGE.width_s,
            start: 1_000_000_000,
        };
        // The task writes what was kept, each count once.
        until("counts are written", async || {
            side::read_counts(&mut other, std::slice::from_ref(&written))
                .await
                .unwrap()
                == [5]
        })
        .await;
        until("marks are written", async || {
            side::seen(&mut other, SeenKind::User, &[id]).await.unwrap() == [(id, at)]
        })
        .await;
        assert!(limits.load(&subject).await);
        assert!(!limits.take("key:a", AN_AGE, now()).allowed);
        limits.give_back("key:a", AN_AGE, now());
        assert!(limits.take("key:a", AN_AGE, now()).allowed);
    }

    /// A Writer that never rests leaves room for counters, on SQLite too, where there is one write lock.
    pub async fn a_busy_writer_does_not_keep_counts_away(bed: Bed) {
        let [one, two] = engines(&bed).await;
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let (engine, stop) = (one.clone(), std::sync::Arc::clone(&stop));
                tokio::spawn(async move {
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        record(&engine, (0..50).map(numbered).collect()).await.unwrap();
                    }
                })
            })
            .collect();
        for round in 0..5 {
            let subject = format!("key:{round}");
            while one.limits().take(&subject, AN_AGE, now()).allowed {}
            until("the other process refuses", async || {
                !two.limits().peek(&subject, AN_AGE, now()).allowed
            })
            .await;
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for writer in writers {
            writer.await.unwrap();
        }
    }

    pub async fn old_windows_go_from_memory(bed: Bed) {
        let engine = bed.open().await;
        let second = Quota {
            per_window: 3,
            width_s: 1,
        };
        for number in 0..100 {
            engine.limits().take(&format!("ip:{number}"), second, now());
        }
        engine.limits().take("key:a", AN_AGE, now());
        assert!(engine.limits().stats().subjects > 1);
        until("only the open window is kept", async || {
            engine.limits().stats().subjects == 1
        })
        .await;
    }
}
