//! Rows that the Writer knows from before: what others change, by a process or by hand, is noticed all the same.

crate::on_both!(
    nothing_is_read_twice,
    two_processes_in_turns,
    a_key_revoked_elsewhere,
    a_user_erased_elsewhere,
    a_row_changed_by_hand_and_written_next,
    a_row_changed_by_hand_and_relied_on,
    a_row_added_by_hand,
    a_head_changed_by_hand,
    a_batch_of_replays_asks_for_the_head,
    many_at_once_with_their_ids,
    sent_again_among_what_is_new,
);

/// SQLite has the write lock from the beginning of a batch: there nobody changes a row under it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_changed_by_hand_under_a_large_batch() {
    use crate::support::{Bed, On};
    let bed = Bed::new(On::Postgres);
    Box::pin(cases::a_row_changed_by_hand_under_a_large_batch(bed)).await;
}

mod cases {
    use std::time::Duration;

    use domain::Command;
    use domain::custody::Amount;
    use domain::custody::OperationKind::{Deposit, Transfer};
    use domain::identity::api_key::RevokeApiKey;
    use domain::identity::user::EraseUser;
    use domain::identity::{Role, Scope};
    use domain::record::Val;
    use domain::{Caller, Reply};
    use engine::custody::NewOperation;
    use engine::{Engine, Error, SeenKind};
    use futures_util::future::join_all;
    use uuid::Uuid;

    use crate::attacker::{Attacker, assert_intact, close, verify};
    use crate::custody_desk::{asset, make, make_as, new, units, user_id};
    use crate::people::{code, until};
    use crate::support::{
        AN_AGE, Bed, On, create_key, create_user, numbered, record, record_as, submit, two,
    };

    /// Users `u0` to `u3` with 100 each, and a key that moves money.
    async fn world(engine: &Engine) -> Caller {
        asset(engine, "BTC", 8, None).await;
        for number in 0..4 {
            let name = format!("u{number}");
            create_user(engine, &name, Role::USER).await.unwrap();
            make(engine, new(Deposit, "-", &format!("user:{name}"), "100"))
                .await
                .unwrap();
        }
        create_user(engine, "desk", Role::ADMIN).await.unwrap();
        create_key(engine, "desk", vec![Scope::Admin]).await
    }

    fn transfer(from: usize, to: usize) -> NewOperation {
        new(Transfer, &format!("user:u{from}"), &format!("user:u{to}"), "1")
    }

    async fn sum(engine: &Engine) -> i128 {
        let asset = engine.asset_named("btc").await.unwrap();
        engine.supply(&asset).await.unwrap().sum.units()
    }

    fn row(id: Uuid) -> crate::attacker::Key {
        vec![("id".to_owned(), Val::Uuid(id))]
    }

    async fn balance(engine: &Engine, account: &str) -> Uuid {
        let asset = engine.asset_named("btc").await.unwrap();
        let found = engine.account_named("a", account, Some(asset.id), true).await;
        found.unwrap().id()
    }

    #[track_caller]
    fn assert_tampered<T: std::fmt::Debug>(result: Result<T, Error>, table: &str, row: Uuid) {
        match result {
            Err(Error::Tampered { table: found, id, .. }) => assert_eq!((found, id), (table, row)),
            other => panic!("{other:?}"),
        }
    }

    pub async fn nothing_is_read_twice(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        make_as(&engine, &key, transfer(0, 1)).await.unwrap();
        let before = engine.metrics();
        for number in 0..5 {
            // Neither do the side tables, which change all the time, take anything away.
            engine.limits().take("key:a", AN_AGE, engine.now());
            engine
                .limits()
                .touch(SeenKind::User, Uuid::from_u128(number), engine.now());
            engine.limits().flush().await.unwrap();
            make_as(&engine, &key, transfer(1, 0)).await.unwrap();
        }
        let after = engine.metrics();
        assert!(after.known_hits >= before.known_hits + 5 * 6, "{after:?}");
        assert_eq!(after.known_misses, before.known_misses);
        assert!(!after.shared);
        assert_eq!((after.moved, after.changed), (0, 0));
        assert_eq!(units(&engine, "user:u0").await.0, 104 * 100_000_000);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Alone, then together, then alone: rows are locked while another process writes, and known again once none does.
    pub async fn two_processes_in_turns(bed: Bed) {
        let options = two(&bed).await;
        let one = Engine::open(options[0].clone()).await.unwrap();
        let other = Engine::open(options[1].clone()).await.unwrap();
        world(&one).await;
        for round in 0..20 {
            let engine = if round % 3 == 0 { &other } else { &one };
            make(engine, transfer(round % 4, (round + 1) % 4)).await.unwrap();
        }
        let both = (0..40).map(|number| {
            let engine = [&one, &other][number % 2].clone();
            async move {
                make(&engine, transfer(number % 4, (number + 3) % 4))
                    .await
                    .unwrap()
            }
        });
        join_all(both).await;
        if bed.on == On::Postgres {
            assert!(one.metrics().shared && other.metrics().shared);
            close(other).await;
            while one.metrics().shared {
                make(&one, transfer(0, 1)).await.unwrap();
                make(&one, transfer(1, 0)).await.unwrap();
            }
            let before = one.metrics();
            make(&one, transfer(0, 1)).await.unwrap();
            make(&one, transfer(1, 0)).await.unwrap();
            assert!(one.metrics().known_hits > before.known_hits);
        } else {
            close(other).await;
        }
        assert_eq!(sum(&one).await, 0);
        for number in 0..4 {
            // 20 in a ring one way, 40 in a ring the other way: everybody gave as much as was taken.
            assert_eq!(units(&one, &format!("user:u{number}")).await.0, 10_000_000_000);
        }
        close(one).await;
        assert_intact(&options[0]).await;
    }

    pub async fn a_key_revoked_elsewhere(bed: Bed) {
        let options = two(&bed).await;
        let one = Engine::open(options[0].clone()).await.unwrap();
        let other = Engine::open(options[1].clone()).await.unwrap();
        let key = world(&one).await;
        make_as(&one, &key, transfer(0, 1)).await.unwrap();
        let Caller::ApiKey(id) = key else { panic!() };
        submit(&other, Command::RevokeApiKey(RevokeApiKey { id }))
            .await
            .unwrap();
        // At once: nobody has told this process.
        let refused = make_as(&one, &key, transfer(0, 1)).await.unwrap_err();
        assert!(matches!(&refused, Error::Refused { .. }), "{refused:?}");
        assert_eq!(units(&one, "user:u0").await.0, 99 * 100_000_000);
        for engine in [one, other] {
            close(engine).await;
        }
        assert_intact(&options[0]).await;
    }

    pub async fn a_user_erased_elsewhere(bed: Bed) {
        let options = two(&bed).await;
        let one = Engine::open(options[0].clone()).await.unwrap();
        let other = Engine::open(options[1].clone()).await.unwrap();
        world(&one).await;
        let user = match create_user(&one, "eve", Role::USER).await.unwrap().reply {
            Reply::User { user, .. } => user.id,
            other => panic!("{other:?}"),
        };
        submit(
            &other,
            Command::EraseUser(EraseUser {
                user,
                reason: "asked to".into(),
                entries: Vec::new(),
                content: Vec::new(),
            }),
        )
        .await
        .unwrap();
        // No balance is opened for a user who was erased, although this process knew the user.
        let refused = make(&one, new(Deposit, "-", &format!("user:{user}"), "1")).await;
        assert_eq!(code(refused), "unknown_user");
        for engine in [one, other] {
            close(engine).await;
        }
        assert_intact(&options[0]).await;
    }

    pub async fn a_row_changed_by_hand_and_written_next(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        make_as(&engine, &key, transfer(0, 1)).await.unwrap();
        let (hers, mut attacker) = (balance(&engine, "user:u0").await, Attacker::new(&bed).await);
        let much = Val::Amount(Amount::new(10_i128.pow(20)).unwrap());
        attacker
            .set("balances", "posted", &row(hers), &much)
            .await
            .unwrap();
        assert_tampered(make_as(&engine, &key, transfer(0, 1)).await, "balances", hers);
        assert_tampered(make_as(&engine, &key, transfer(1, 0)).await, "balances", hers);
        make_as(&engine, &key, transfer(1, 2)).await.unwrap();
        assert!(!verify(&bed.options()).await.intact, "it was not sealed anew");
        attacker.put_back("balances").await;
        // The others' balances went back too: one is older than what is known, the one of before is right again.
        make_as(&engine, &key, transfer(0, 3)).await.unwrap();
        let theirs = balance(&engine, "user:u1").await;
        assert_tampered(make_as(&engine, &key, transfer(0, 1)).await, "balances", theirs);
    }

    /// Beyond 1,000 entries a batch is written in parts. The row is changed in a transaction that ends while the batch waits
    /// for it.
    pub async fn a_row_changed_by_hand_under_a_large_batch(bed: Bed) {
        const LONG: Duration = Duration::from_mins(1);
        let engine = bed.open().await;
        let key = world(&engine).await;
        make_as(&engine, &key, transfer(0, 1)).await.unwrap();
        let hers = balance(&engine, "user:u0").await;
        let mut attacker = Attacker::new(&bed).await;
        let mut gate = store::Db::new(bed.options().database)
            .unwrap()
            .writer()
            .await
            .unwrap();
        gate.begin().await.unwrap();
        let head = "SELECT id FROM log_head WHERE id = 1 FOR UPDATE";
        gate.opt(head, &[]).await.unwrap();
        attacker.conn.begin().await.unwrap();
        let much = Val::Amount(Amount::new(10_i128.pow(20)).unwrap());
        attacker
            .set("balances", "posted", &row(hers), &much)
            .await
            .unwrap();
        let many = async {
            // The first one waits at the gate; what comes meanwhile is one batch.
            until("the rest waits", LONG, async || engine.metrics().queue_length > 0).await;
            tokio::join!(
                record(&engine, (1..1_001).map(numbered).collect()),
                make_as(&engine, &key, transfer(0, 1))
            )
        };
        let by_hand = async {
            until("all of it waits", LONG, async || {
                engine.metrics().queue_length == 1_002
            })
            .await;
            gate.rollback().await.unwrap();
            let waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE balances%'";
            until("the batch waits for the row", LONG, async || {
                gate.opt(waits, &[]).await.unwrap().is_some()
            })
            .await;
            attacker.conn.commit().await.unwrap();
        };
        let (first, (many, moved), ()) = tokio::join!(record(&engine, vec![numbered(0)]), many, by_hand);
        first.unwrap();
        many.unwrap();
        assert_tampered(moved, "balances", hers);
        let found = attacker.get("balances", "posted", &row(hers)).await;
        assert_eq!(found, much, "it was not sealed anew");
        close(engine).await;
        assert!(!verify(&bed.options()).await.intact);
    }

    pub async fn a_row_changed_by_hand_and_relied_on(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        make_as(&engine, &key, transfer(0, 1)).await.unwrap();
        let desk = user_id(&engine, "desk").await;
        let mut attacker = Attacker::new(&bed).await;
        attacker
            .set("users", "role", &row(desk), &"sre".into())
            .await
            .unwrap();
        assert_tampered(make_as(&engine, &key, transfer(0, 1)).await, "users", desk);
        assert_tampered(record_as(&engine, &key, vec![numbered(1)]).await, "users", desk);
        // Whom it does not concern goes on.
        make(&engine, transfer(0, 1)).await.unwrap();
        attacker.put_back("users").await;
        make_as(&engine, &key, transfer(0, 1)).await.unwrap();
        close(engine).await;
        assert!(verify(&bed.options()).await.intact);
    }

    /// There was no balance, and that was known: one that came by hand is neither obeyed nor written over.
    pub async fn a_row_added_by_hand(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        create_user(&engine, "eve", Role::USER).await.unwrap();
        let refused = make_as(&engine, &key, new(Transfer, "user:eve", "user:u0", "1")).await;
        assert_eq!(code(refused), "insufficient_funds");
        let (hers, his) = (
            balance(&engine, "user:eve").await,
            balance(&engine, "user:u0").await,
        );
        let eve = user_id(&engine, "eve").await;
        let mut attacker = Attacker::new(&bed).await;
        let mut copy = attacker.row("balances", &row(his)).await;
        for (column, value) in [("id", hers), ("user_id", eve)] {
            copy.0[attacker.position("balances", column)] = Val::Uuid(value);
        }
        attacker.insert("balances", &copy).await;
        for (debit, credit) in [("user:eve", "user:u0"), ("user:u0", "user:eve")] {
            assert_tampered(
                make_as(&engine, &key, new(Transfer, debit, credit, "1")).await,
                "balances",
                hers,
            );
        }
        make_as(&engine, &key, transfer(0, 1)).await.unwrap();
    }

    /// A part of the head that its size and root say nothing of.
    pub async fn a_head_changed_by_hand(bed: Bed) {
        let engine = bed.open().await;
        record(&engine, vec![numbered(1)]).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        let head = vec![("id".to_owned(), Val::Int(1))];
        let at = attacker.get("log_head", "at", &head).await;
        let later = match at.clone() {
            Val::Time(at) => Val::Time(at.plus_seconds(3_600)),
            Val::Int(micros) => Val::Int(micros + 3_600_000_000),
            other => panic!("{other:?}"),
        };
        attacker.set("log_head", "at", &head, &later).await.unwrap();
        let halted = record(&engine, vec![numbered(2)]).await.unwrap_err();
        assert!(matches!(halted, Error::Halted(_)), "{halted:?}");
        attacker.set("log_head", "at", &head, &at).await.unwrap();
        record(&engine, vec![numbered(2)]).await.unwrap();
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// What writes nothing proves nothing by itself: it asks for the head all the same.
    pub async fn a_batch_of_replays_asks_for_the_head(bed: Bed) {
        let engine = bed.open().await;
        create_user(&engine, "ann", Role::ADMIN).await.unwrap();
        let key = create_key(&engine, "ann", vec![Scope::Admin]).await;
        let mut event = numbered(1);
        event.id = Some(Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001));
        record_as(&engine, &key, vec![event.clone()]).await.unwrap();
        let size = *engine.size().borrow();
        let again = || record_as(&engine, &key, vec![event.clone()]);
        again().await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        let head = vec![("id".to_owned(), Val::Int(1))];
        let checkpoint = attacker.get("log_head", "checkpoint", &head).await;
        attacker
            .set("log_head", "checkpoint", &head, &"another\n".into())
            .await
            .unwrap();
        let halted = again().await.unwrap_err();
        assert!(matches!(halted, Error::Halted(_)), "{halted:?}");
        attacker
            .set("log_head", "checkpoint", &head, &checkpoint)
            .await
            .unwrap();
        let answer = again().await.unwrap();
        let Reply::Recorded(recorded) = answer.reply else {
            panic!()
        };
        assert!(recorded[0].replayed);
        assert_eq!(*engine.size().borrow(), size, "nothing was appended");
        // And a row that it relies on: the caller's key.
        let Caller::ApiKey(id) = key else { panic!() };
        attacker
            .set("api_keys", "name", &row(id), &"other".into())
            .await
            .unwrap();
        assert_tampered(again().await, "api_keys", id);
    }

    /// Own ids, each several times at once: one is new, the others get its answer, and money moves once.
    pub async fn many_at_once_with_their_ids(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        let calls = (0..60_u128).map(|number| {
            let mut new = transfer(0, 1);
            new.id = Some(Uuid::from_u128(
                0x0197_0000_0000_7000_8000_0000_0000_0000 + number % 20,
            ));
            make_as(&engine, &key, new)
        });
        let made = join_all(calls).await;
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        assert_eq!(units(&engine, "user:u0").await.0, 80 * 100_000_000);
        assert_eq!(units(&engine, "user:u1").await.0, 120 * 100_000_000);
        assert_eq!(sum(&engine).await, 0);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// What was sent before, alone and together with what is new: each gets the answer of its own, and of an id that means
    /// something else nothing moves.
    pub async fn sent_again_among_what_is_new(bed: Bed) {
        let engine = bed.open().await;
        let key = world(&engine).await;
        let own = |number: u128, amount: &str| {
            let mut new = new(Transfer, "user:u0", "user:u1", amount);
            new.id = Some(Uuid::from_u128(
                0x0197_0000_0000_7000_8000_0000_0000_0000 + number,
            ));
            new
        };
        let first = make_as(&engine, &key, own(0, "1")).await.unwrap();
        let mut moved = 1;
        for round in 1..6_u128 {
            let calls = (0..10 * round).map(|number| {
                let amount = if number == 1 && round > 1 { "2" } else { "1" };
                make_as(&engine, &key, own(number, amount))
            });
            for (number, made) in join_all(calls).await.into_iter().enumerate() {
                if number == 1 && round > 1 {
                    assert_eq!(code(made), "id_conflict");
                } else {
                    assert!(made.is_ok(), "{number}: {made:?}");
                }
            }
            moved = 10 * i128::try_from(round).unwrap();
            assert_eq!(units(&engine, "user:u1").await.0, (100 + moved) * 100_000_000);
        }
        let again = make_as(&engine, &key, own(0, "1")).await.unwrap();
        assert!(again.replayed && again.operation == first.operation);
        let metrics = engine.metrics();
        assert_eq!(metrics.batches_failed.iter().sum::<u64>(), 0, "{metrics:?}");
        assert_eq!(units(&engine, "user:u0").await.0, (100 - moved) * 100_000_000);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
