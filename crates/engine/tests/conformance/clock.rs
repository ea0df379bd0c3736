//! Clocks that jump, and times at the edges of what can be stored.

crate::on_both!(
    a_jump_is_told_before_it_marks_the_log,
    a_clock_behind_the_newest_entry_is_told,
    times_at_the_edges_are_kept_and_in_order
);

mod cases {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use domain::Reply;
    use domain::custody::OperationKind::{Deposit, Transfer};
    use domain::identity::Role;
    use engine::clock::{Alarm, BELIEVED_AFTER, Clock, Reading};
    use engine::custody::NewOperation;
    use engine::{Engine, Options};
    use evidence::Timestamp;

    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::{asset, make, new, pending};
    use crate::people::now;
    use crate::support::{Bed, create_user, event, record};

    const YEAR_S: i64 = 31_536_000;

    /// A clock whose hands the test moves.
    #[derive(Clone)]
    struct Hands(Arc<Mutex<Reading>>);

    impl Hands {
        fn at(wall: Timestamp) -> Hands {
            let steady = Duration::from_secs(1_000);
            Hands(Arc::new(Mutex::new(Reading { wall, steady })))
        }

        fn clock(&self) -> Clock {
            let hands = self.clone();
            Clock::of(move || *hands.0.lock().unwrap())
        }

        /// Time passes, and the wall clock is set by so many seconds beside.
        fn pass(&self, seconds: u64, set_by: i64) {
            let mut reading = self.0.lock().unwrap();
            reading.steady += Duration::from_secs(seconds);
            reading.wall = reading
                .wall
                .plus_seconds(i64::try_from(seconds).unwrap() + set_by);
        }
    }

    fn with(options: Options, hands: &Hands) -> Options {
        Options {
            clock: hands.clock(),
            ..options
        }
    }

    /// The time of a new entry.
    async fn time_of_next(engine: &Engine) -> Timestamp {
        let bare = event(r#"{"actor":{"kind":"system"},"action":"tick"}"#);
        match record(engine, vec![bare]).await.unwrap().reply {
            Reply::Recorded(recorded) => recorded[0].place.unwrap().at,
            other => panic!("{other:?}"),
        }
    }

    /// Whether the service is ready, and its check of the clock.
    async fn health(engine: &Engine) -> (bool, bool, String) {
        let health = engine.health().await;
        let clock = health.checks.iter().find(|check| check.name == "clock").unwrap();
        (health.ready, clock.ok, clock.detail.clone())
    }

    pub async fn a_jump_is_told_before_it_marks_the_log(bed: Bed) {
        Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
        let start = now().plus_seconds(5);
        let hands = Hands::at(start);
        let engine = Engine::open(with(bed.options(), &hands)).await.unwrap();
        assert_eq!(time_of_next(&engine).await, start);
        assert_eq!(engine.clock().alarm(), None);

        hands.pass(1, YEAR_S);
        let alarm = Alarm::Jumped {
            by_s: YEAR_S,
            since: start.plus_seconds(1),
        };
        assert_eq!(engine.clock().alarm(), Some(alarm), "before anything is written");
        let (ready, ok, detail) = health(&engine).await;
        assert!(
            ready && !ok && detail.contains("jumped ahead by 31536000 s"),
            "{detail}"
        );
        assert_eq!(
            time_of_next(&engine).await,
            start.plus_seconds(1),
            "the steady clock"
        );
        hands.pass(60, 0);
        assert_eq!(time_of_next(&engine).await, start.plus_seconds(61));
        assert_eq!(engine.clock().jumps(), 1);

        // It is put right: nothing is left of it.
        hands.pass(1, -YEAR_S);
        assert_eq!(time_of_next(&engine).await, start.plus_seconds(62));
        let (ready, ok, detail) = health(&engine).await;
        assert!(ready && ok, "{detail}");

        // It jumps again and stays there: then it is believed.
        hands.pass(1, YEAR_S);
        assert_eq!(time_of_next(&engine).await, start.plus_seconds(63));
        hands.pass(BELIEVED_AFTER.as_secs(), 0);
        let later = start.plus_seconds(63 + YEAR_S + i64::try_from(BELIEVED_AFTER.as_secs()).unwrap());
        assert_eq!(time_of_next(&engine).await, later);
        assert_eq!((engine.clock().alarm(), engine.clock().jumps()), (None, 2));
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_clock_behind_the_newest_entry_is_told(bed: Bed) {
        let [one, two] = crate::support::two(&bed).await;
        let start = now().plus_seconds(5);
        let (ahead, behind) = (Hands::at(start.plus_seconds(3_000)), Hands::at(start));
        let two = Engine::open(with(two, &behind)).await.unwrap();
        assert_eq!(time_of_next(&two).await, start);
        let one = Engine::open(with(one, &ahead)).await.unwrap();
        assert_eq!(time_of_next(&one).await, start.plus_seconds(3_000));
        // Time does not go back along the log, and nothing is refused.
        assert_eq!(time_of_next(&two).await, start.plus_seconds(3_000));
        let newest = start.plus_seconds(3_000);
        assert_eq!(two.clock().alarm(), Some(Alarm::Behind { by_s: 3_000, newest }));
        let (ready, ok, detail) = health(&two).await;
        assert!(ready && !ok && detail.contains("3000 s behind"), "{detail}");
        assert_eq!(one.clock().alarm(), None);
        behind.pass(2_990, 0);
        assert_eq!(two.clock().alarm(), None, "it has caught up");
        // Who opens the log later sees it at once, without writing.
        let late = Hands::at(start);
        let three = Engine::open(with(bed.options(), &late)).await.unwrap();
        assert!(matches!(three.clock().alarm(), Some(Alarm::Behind { .. })));
        for engine in [one, two, three] {
            close(engine).await;
        }
    }

    pub async fn times_at_the_edges_are_kept_and_in_order(bed: Bed) {
        let engine = bed.open().await;
        asset(&engine, "BTC", 8, Some("bitcoin")).await;
        for name in ["ann", "bob"] {
            create_user(&engine, name, Role::USER).await.unwrap();
        }
        make(&engine, new(Deposit, "-", "user:ann", "10")).await.unwrap();
        let times = [
            "9999-12-31T23:59:59.9999999z",
            "2999-01-01T00:00:00Z",
            "9999-12-31t23:59:59+23:59",
            "9999-12-31T23:59:59Z",
        ];
        let mut made = Vec::new();
        for text in times {
            let time: Timestamp = text.parse().unwrap();
            let hold = NewOperation {
                expires_at: Some(time),
                ..pending(Transfer, "user:ann", "user:bob", "1")
            };
            let operation = make(&engine, hold).await.unwrap().operation;
            let shown = engine.operation(operation.id).await.unwrap().unwrap();
            assert_eq!(shown.operation.expires_at, Some(time), "{text}");
            made.push((time, operation.id));
        }
        assert_eq!(made[0].0.to_string(), "9999-12-31T23:59:59.999999Z");
        made.sort_unstable();
        let mut conn = engine.db().reader().await.unwrap();
        let sql = "SELECT id, expires_at FROM operations WHERE expires_at IS NOT NULL ORDER BY expires_at";
        let rows = conn.all(sql, &[]).await.unwrap();
        let stored: Vec<_> = rows
            .iter()
            .map(|row| (row.time(1).unwrap(), row.uuid(0).unwrap()))
            .collect();
        assert_eq!(stored, made);
        drop(conn);
        assert_eq!(engine.sweep().await.unwrap().operations, 0, "none has expired");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
