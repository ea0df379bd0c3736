//! One batch in flight, one open: whatever becomes of the one in flight, each command is answered once, and rightly.
//!
//! On PostgreSQL a gate, which is the head's lock, keeps a batch in flight for as long as a case wants. On SQLite a commit
//! cannot be held; there the cases load it so much that batches are decided ahead, and see that they were.

crate::on_both!(
    many_are_decided_ahead,
    an_id_sent_over_flight_and_open_batch,
    two_processes_with_pauses,
);

macro_rules! on_postgresql {
    ($($case:ident),*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            Box::pin(cases::$case(crate::support::Bed::new(crate::support::On::Postgres))).await;
        }
    )* };
}

on_postgresql!(
    an_id_that_was_there,
    a_head_that_moved,
    a_key_that_expires_in_a_hung_commit,
    a_row_changed_by_hand_in_flight,
    a_connection_that_breaks,
    first_balances_of_one_user
);

mod cases {
    use std::time::Duration;

    use domain::custody::OperationKind::{Deposit, Transfer};
    use domain::identity::{Role, Scope};
    use domain::record::Val;
    use domain::{Caller, Origin};
    use engine::clock::Clock;
    use engine::custody::{Made, NewOperation};
    use engine::identity::NewApiKey;
    use engine::{Engine, Error};
    use futures_util::future::join_all;
    use store::Conn;
    use uuid::Uuid;

    use crate::attacker::{Attacker, assert_intact, close};
    use crate::custody_desk::{asset, make, make_as, new, units};
    use crate::people::{code, until};
    use crate::support::{Bed, On, create_key, create_user, numbered, operator, record, two, with_pauses};

    const LONG: Duration = Duration::from_mins(1);
    const USERS: usize = 8;
    /// So many are enough for a batch to be decided ahead.
    const MANY: usize = 40;

    /// Users `u0` to `u7` with 100 each, and a key that moves money.
    async fn world(engine: &Engine) -> Caller {
        asset(engine, "BTC", 8, None).await;
        for number in 0..USERS {
            let name = format!("u{number}");
            create_user(engine, &name, Role::USER).await.unwrap();
            let credit = format!("user:{name}");
            make(engine, new(Deposit, "-", &credit, "100")).await.unwrap();
        }
        create_user(engine, "desk", Role::ADMIN).await.unwrap();
        let key = create_key(engine, "desk", vec![Scope::Admin]).await;
        // Everything that a transfer needs is known from here on.
        for number in 0..USERS {
            make_as(engine, &key, transfer(number)).await.unwrap();
        }
        key
    }

    fn transfer(from: usize) -> NewOperation {
        let (from, to) = (from % USERS, (from + 1) % USERS);
        new(Transfer, &format!("user:u{from}"), &format!("user:u{to}"), "1")
    }

    fn own(number: u128, from: usize) -> NewOperation {
        NewOperation {
            id: Some(Uuid::from_u128(
                0x0197_0000_0000_7000_8000_0000_0000_0000 + number,
            )),
            ..transfer(from)
        }
    }

    async fn many(engine: &Engine, key: &Caller) -> Vec<Result<Made, Error>> {
        join_all((0..MANY).map(|number| make_as(engine, key, transfer(number)))).await
    }

    /// The money is as much as it was, each balance as it should be: everybody gave as often as was taken.
    async fn assert_even(engine: &Engine) {
        for number in 0..USERS {
            assert_eq!(units(engine, &format!("user:u{number}")).await.0, 10_000_000_000);
        }
        let asset = engine.asset_named("btc").await.unwrap();
        assert_eq!(engine.supply(&asset).await.unwrap().sum.units(), 0);
    }

    /// The head's lock: what is sent for commit waits for it.
    struct Gate {
        conn: Conn,
        /// Looks from outside: within a transaction a server tells of the others what it told first.
        eyes: Conn,
    }

    impl Gate {
        async fn shut(bed: &Bed) -> Gate {
            let db = store::Db::new(bed.options().database).unwrap();
            let mut conn = db.writer().await.unwrap();
            conn.begin().await.unwrap();
            conn.opt("SELECT 1 FROM log_head FOR UPDATE", &[]).await.unwrap();
            let eyes = db.writer().await.unwrap();
            Gate { conn, eyes }
        }

        /// Waits until so many batches wait at it.
        async fn reached(&mut self, count: i64) {
            let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'WITH s0 AS%' \
                       AND datname = current_database()";
            until("batches wait at the gate", LONG, async || {
                let found = self.eyes.opt(sql, &[]).await.unwrap();
                found.unwrap().int(0).unwrap() >= count
            })
            .await;
        }

        async fn open(mut self) {
            self.conn.rollback().await.unwrap();
        }
    }

    async fn decided_ahead(engine: &Engine, before: u64) {
        until("a batch is decided ahead", LONG, async || {
            engine.metrics().ahead > before
        })
        .await;
    }

    /// Rounds of many, until some were decided ahead, which is soon.
    pub async fn many_are_decided_ahead(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        let mut rounds = 0;
        while engine.metrics().ahead < 5 {
            let calls = (0..4 * MANY).map(|number| {
                let (engine, key) = (engine.clone(), key.clone());
                tokio::spawn(async move {
                    for _ in 0..3 {
                        make_as(&engine, &key, transfer(number)).await.unwrap();
                    }
                })
            });
            for call in calls.collect::<Vec<_>>() {
                call.await.unwrap();
            }
            rounds += 1;
            assert!(rounds < 200, "{:?}", engine.metrics());
        }
        assert_even(&engine).await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// The same ids at once from everywhere: they meet in one batch, in two that follow each other, and after both.
    pub async fn an_id_sent_over_flight_and_open_batch(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        for round in 0..6_u128 {
            let gate = match bed.on {
                On::Postgres => Some(Gate::shut(&bed).await),
                On::Sqlite => None,
            };
            let ids = 1_000 * round..1_000 * round + 8;
            let sent = |id: u128| make_as(&engine, &key, own(id, usize::try_from(id % 8).unwrap()));
            let first = join_all(ids.clone().map(sent));
            let again = async {
                let mut gate = gate;
                if let Some(gate) = &mut gate {
                    gate.reached(1).await;
                }
                let calls = ids.clone().cycle().take(MANY).map(sent);
                let open = async {
                    if let Some(gate) = gate {
                        let enough = MANY as u64 + ids.clone().count() as u64;
                        until("they wait", LONG, async || {
                            engine.metrics().queue_length >= enough
                        })
                        .await;
                        gate.open().await;
                    }
                };
                tokio::join!(join_all(calls), open).0
            };
            let (first, again) = tokio::join!(first, again);
            for made in first.into_iter().chain(again) {
                made.unwrap();
            }
            assert_even(&engine).await;
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Own ids are taken for new. One is not: the batch in flight fails, and the open one with it; both are decided again.
    pub async fn an_id_that_was_there(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        let first = make_as(&engine, &key, own(1, 0)).await.unwrap();
        for number in 1..USERS {
            make_as(&engine, &key, transfer(number)).await.unwrap();
        }
        let (mut gate, before) = (Gate::shut(&bed).await, engine.metrics());
        let others = async {
            gate.reached(1).await;
            let open = async {
                decided_ahead(&engine, before.ahead).await;
                gate.open().await;
            };
            tokio::join!(many(&engine, &key), open).0
        };
        let (again, others) = tokio::join!(make_as(&engine, &key, own(1, 0)), others);
        let again = again.unwrap();
        assert!(again.replayed && again.operation == first.operation);
        assert!(others.iter().all(Result::is_ok), "{others:?}");
        assert!(engine.metrics().retries > before.retries);
        assert_even(&engine).await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Another process is faster by one entry, which the head says: two batches are decided again.
    pub async fn a_head_that_moved(bed: Bed) {
        let options = two(&bed).await;
        let one = Engine::open(options[0].clone()).await.unwrap();
        let other = Engine::open(options[1].clone()).await.unwrap();
        record(&other, vec![numbered(0)]).await.unwrap();
        let key = world(&one).await;
        until("one is alone, and the other has seen it", LONG, async || {
            for number in 0..USERS {
                make_as(&one, &key, transfer(number)).await.unwrap();
            }
            !one.metrics().shared && other.metrics().shared
        })
        .await;
        let before = one.metrics();
        let mut gate = Gate::shut(&bed).await;
        let faster = record(&other, vec![numbered(1)]);
        let slower = async {
            // It begins a transaction and locks the head, since it has seen that it is not alone.
            let waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%log_head%' \
                         AND datname = current_database()";
            until("the other waits", LONG, async || {
                gate.eyes.opt(waits, &[]).await.unwrap().is_some()
            })
            .await;
            let ours = make_as(&one, &key, transfer(0));
            let others = async {
                gate.reached(1).await;
                let open = async {
                    decided_ahead(&one, before.ahead).await;
                    gate.open().await;
                };
                let calls = (1..MANY).map(|number| make_as(&one, &key, transfer(number)));
                tokio::join!(join_all(calls), open).0
            };
            tokio::join!(ours, others)
        };
        let (faster, (ours, others)) = tokio::join!(faster, slower);
        faster.unwrap();
        ours.unwrap();
        assert!(others.iter().all(Result::is_ok), "{others:?}");
        assert!(one.metrics().moved > before.moved, "{:?}", one.metrics());
        assert_even(&one).await;
        for engine in [one, other] {
            close(engine).await;
        }
        assert_intact(&options[0]).await;
    }

    /// A batch was decided while its key was good, and waited for a commit that hung until it no longer was.
    pub async fn a_key_that_expires_in_a_hung_commit(bed: Bed) {
        close(bed.open().await).await;
        let start = engine::now();
        let (clock, set_clock) = Clock::set_by_hand(start);
        let mut options = bed.options();
        options.clock = clock;
        let engine = Engine::open(options.clone()).await.unwrap();
        world(&engine).await;
        let made = engine
            .create_api_key(
                &operator(),
                Origin::default(),
                NewApiKey {
                    owner: "desk".into(),
                    agent: None,
                    name: "short".into(),
                    scopes: vec![Scope::Admin],
                    expires_at: Some(start.plus_seconds(600)),
                    requests_per_minute: None,
                },
            )
            .await
            .unwrap();
        let short = Caller::ApiKey(made.0.id);
        make_as(&engine, &short, transfer(0)).await.unwrap();
        for number in 1..USERS {
            make_as(&engine, &short, transfer(number)).await.unwrap();
        }
        let (mut gate, before) = (Gate::shut(&bed).await, engine.metrics());
        let others = async {
            gate.reached(1).await;
            let open = async {
                decided_ahead(&engine, before.ahead).await;
                set_clock(start.plus_seconds(601));
                gate.open().await;
            };
            tokio::join!(many(&engine, &short), open).0
        };
        let (first, others) = tokio::join!(record(&engine, vec![numbered(1)]), others);
        first.unwrap();
        for other in others {
            assert_eq!(code(other), "api_key_expired");
        }
        assert_even(&engine).await;
        close(engine).await;
        assert_intact(&options).await;
    }

    /// A balance is changed by hand while a batch that writes it waits: it fails alone, and what was decided on it goes on.
    pub async fn a_row_changed_by_hand_in_flight(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        let btc = engine.asset_named("btc").await.unwrap();
        let hers = engine.account_named("a", "user:u0", Some(btc.id), true).await;
        let hers = hers.unwrap().id();
        let mut attacker = Attacker::new(&bed).await;
        let (mut gate, before) = (Gate::shut(&bed).await, engine.metrics());
        let others = async {
            gate.reached(1).await;
            let open = async {
                decided_ahead(&engine, before.ahead).await;
                let row = vec![("id".to_owned(), Val::Uuid(hers))];
                let much = Val::Amount(domain::custody::Amount::new(10_i128.pow(20)).unwrap());
                attacker.set("balances", "posted", &row, &much).await.unwrap();
                gate.open().await;
            };
            // None of these is about her.
            let calls = (0..MANY).map(|number| {
                let (from, to) = (1 + number % 3, 4 + number % 3);
                make_as(
                    &engine,
                    &key,
                    new(Transfer, &format!("user:u{from}"), &format!("user:u{to}"), "1"),
                )
            });
            tokio::join!(join_all(calls), open).0
        };
        let (ours, others) = tokio::join!(make_as(&engine, &key, transfer(0)), others);
        assert!(
            matches!(ours, Err(Error::Tampered { table: "balances", id, .. }) if id == hers),
            "{ours:?}"
        );
        assert!(others.iter().all(Result::is_ok), "{others:?}");
        close(engine).await;
    }

    /// The connection ends while a batch waits and the next one is decided: each is written once.
    pub async fn a_connection_that_breaks(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        let (mut gate, before) = (Gate::shut(&bed).await, engine.metrics());
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                    AND query LIKE 'WITH s0 AS%' AND datname = current_database()";
        let others = async {
            gate.reached(1).await;
            let open = async {
                decided_ahead(&engine, before.ahead).await;
                gate.eyes.opt(kill, &[]).await.unwrap();
                gate.open().await;
            };
            let calls = (1..MANY).map(|number| make_as(&engine, &key, transfer(number)));
            tokio::join!(join_all(calls), open).0
        };
        let (ours, others) = tokio::join!(make_as(&engine, &key, transfer(0)), others);
        ours.unwrap();
        assert!(others.iter().all(Result::is_ok), "{others:?}");
        assert_even(&engine).await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Two processes open balances of one user at the same moment, in the row of the user: one waits for the other, and
    /// not each for each.
    pub async fn first_balances_of_one_user(bed: Bed) {
        let options = two(&bed).await;
        let one = Engine::open(options[0].clone()).await.unwrap();
        let other = Engine::open(options[1].clone()).await.unwrap();
        asset(&one, "BTC", 8, None).await;
        asset(&other, "ETH", 18, None).await;
        create_user(&one, "u", Role::USER).await.unwrap();
        let mut number = 0;
        until("both are shared", LONG, async || {
            for engine in [&one, &other] {
                record(engine, vec![numbered(number)]).await.unwrap();
                number += 1;
            }
            one.metrics().shared && other.metrics().shared
        })
        .await;
        let retries = || one.metrics().retries + other.metrics().retries;
        let before = retries();
        let mut gate = Gate::shut(&bed).await;
        let first = |asset: &str| NewOperation {
            asset: Some(asset.into()),
            ..new(Deposit, "-", "user:u", "1")
        };
        let both = async {
            // Both have begun, and one at least waits for the head.
            let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
            until("both wait", LONG, async || {
                gate.eyes.opt(waits, &[]).await.unwrap().unwrap().int(0).unwrap() >= 2
            })
            .await;
            gate.open().await;
        };
        let (btc, eth, ()) = tokio::join!(make(&one, first("BTC")), make(&other, first("ETH")), both);
        assert!(btc.is_ok() && eth.is_ok(), "{btc:?} {eth:?}");
        assert_eq!(retries(), before, "they waited for each other");
        for engine in [one, other] {
            close(engine).await;
        }
        assert_intact(&options[0]).await;
    }

    /// Two processes move money with own ids, each sent twice, while somebody stops all commits again and again.
    pub async fn two_processes_with_pauses(bed: Bed) {
        let options = two(&bed).await;
        let one = Engine::open(options[0].clone()).await.unwrap();
        let key = world(&one).await;
        let other = Engine::open(options[1].clone()).await.unwrap();
        let load = async {
            let calls = (0..12 * MANY).map(|number| {
                let (engine, key) = ([&one, &other][number % 2].clone(), key.clone());
                tokio::spawn(async move {
                    let id = number as u128 / 3;
                    let from = usize::try_from(id).unwrap();
                    make_as(&engine, &key, own(id, from)).await.unwrap()
                })
            });
            for call in calls.collect::<Vec<_>>() {
                call.await.unwrap();
            }
        };
        with_pauses(&bed, &[&one, &other], load).await;
        assert_even(&one).await;
        for engine in [one, other] {
            close(engine).await;
        }
        assert_intact(&options[0]).await;
    }
}
