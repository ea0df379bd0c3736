//! Sums that are kept: the same as counting everything, over days and parts of days; a wrong one is named, and not relied
//! on; and what is not there is counted.

crate::on_both!(
    days_and_parts_of_days,
    a_changed_sum_is_named_and_not_relied_on,
    a_removed_sum_is_named_and_not_relied_on,
    a_sum_that_does_not_read_is_tampered,
    what_is_not_kept_is_counted
);

mod cases {
    use std::collections::{BTreeMap, BTreeSet};

    use domain::custody::OperationKind::{Deposit, Mint, Transfer};
    use domain::custody::sum::{SumKey, SumOf, day_of};
    use domain::custody::{OperationKind, OperationStatus};
    use domain::identity::Role;
    use domain::record::Val;
    use engine::clock::Clock;
    use engine::custody::NewOperation;
    use engine::{Engine, Error};
    use evidence::Timestamp;
    use store::custody::OperationFilter;
    use store::query::Order;
    use uuid::Uuid;

    use crate::attacker::{Attacker, Key, assert_intact, close, verify};
    use crate::custody_desk::{asset, capture, make, new, pending, step, units};
    use crate::support::{Bed, On, create_user};

    type Sums = BTreeMap<(Option<Timestamp>, Uuid, OperationKind, OperationStatus), (u64, i128)>;

    /// What the figures say.
    async fn figures(engine: &Engine, times: (Option<Timestamp>, Option<Timestamp>), by_day: bool) -> Sums {
        let figures = engine.operation_figures(None, times, by_day).await.unwrap();
        let sum = |figure: engine::custody::Figures| {
            let key = (figure.day, figure.asset.id, figure.kind, figure.status);
            (key, (figure.count, figure.amount.units()))
        };
        figures.into_iter().map(sum).collect()
    }

    /// The same by going through every operation.
    async fn counted(engine: &Engine, times: (Option<Timestamp>, Option<Timestamp>), by_day: bool) -> Sums {
        let all = OperationFilter::default();
        let (views, next) = engine
            .operations(&all, Order::Descending, None, 10_000)
            .await
            .unwrap();
        assert_eq!(next, None);
        let mut sums = Sums::new();
        for row in views.into_iter().map(|view| view.operation) {
            let made = row.created_at;
            if times.0.is_none_or(|from| made >= from) && times.1.is_none_or(|to| made < to) {
                let day = by_day.then(|| day_of(made));
                let sum = sums.entry((day, row.asset_id, row.kind, row.status)).or_default();
                (sum.0, sum.1) = (sum.0 + 1, sum.1 + row.amount.units());
            }
        }
        sums
    }

    /// Five days of operations, of which some are carried on, and some run out, days after they were made.
    pub async fn days_and_parts_of_days(bed: Bed) {
        let start: Timestamp = "2026-11-20T21:00:00Z".parse().unwrap();
        let (clock, set_clock) = Clock::set_by_hand(start);
        let engine = Engine::open(engine::Options {
            clock,
            ..opened(&bed).await
        })
        .await
        .unwrap();
        for code in ["BTC", "ETH"] {
            asset(&engine, code, 8, None).await;
        }
        create_user(&engine, "ann", Role::USER).await.unwrap();
        let mut waiting = Vec::new();
        for hour in 0..20_i64 {
            let now = start.plus_seconds(hour * 6 * 3_600);
            set_clock(now);
            let code = ["BTC", "ETH"][usize::from(hour % 3 == 0)];
            let of = |new: NewOperation| NewOperation {
                asset: Some(code.into()),
                ..new
            };
            make(&engine, of(new(Mint, "-", "user:ann", "5"))).await.unwrap();
            let held = NewOperation {
                expires_at: (hour % 2 == 0).then(|| now.plus_seconds(30 * 3_600)),
                ..of(pending(Transfer, "user:ann", "house:fees", "1"))
            };
            waiting.push(make(&engine, held).await.unwrap().operation.id);
            make(&engine, of(pending(Deposit, "-", "user:ann", "2")))
                .await
                .unwrap();
            if hour % 5 == 4 {
                step(&engine, waiting[waiting.len() - 4], capture("0.4"))
                    .await
                    .unwrap();
            }
        }
        let end = start.plus_seconds(20 * 6 * 3_600);
        set_clock(end);
        let moments: Vec<Option<Timestamp>> = [0, 3, 6, 27, 30, 51, 75, 76, 120]
            .iter()
            .map(|hours| Some(start.plus_seconds(hours * 3_600)))
            .chain([None])
            .collect();
        for from in &moments {
            for to in &moments {
                for by_day in [false, true] {
                    let times = (*from, *to);
                    let expected = counted(&engine, times, by_day).await;
                    assert_eq!(
                        figures(&engine, times, by_day).await,
                        expected,
                        "{times:?} {by_day}"
                    );
                }
            }
        }
        let btc = engine.asset_named("BTC").await.unwrap();
        let supply = engine.supply(&btc).await.unwrap();
        assert_eq!(engine.supply_counted(&btc).await.unwrap(), supply);
        let (posted, held, _) = units(&engine, "user:ann").await;
        assert_eq!(
            (supply.users.units(), supply.sum.units(), supply.balances),
            (posted, 0, 5)
        );
        assert_eq!(supply.held.units(), held, "the house holds nothing");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// A bed that is set up, with its options.
    async fn opened(bed: &Bed) -> engine::Options {
        close(bed.open().await).await;
        bed.options()
    }

    async fn with_operations(bed: &Bed) -> Engine {
        let engine = bed.open().await;
        asset(&engine, "BTC", 8, None).await;
        create_user(&engine, "ann", Role::USER).await.unwrap();
        for amount in ["1", "2", "3"] {
            make(&engine, new(Mint, "-", "user:ann", amount)).await.unwrap();
        }
        engine
    }

    fn key(id: Uuid, bed: &Bed) -> Key {
        let value = match bed.on {
            On::Sqlite => Val::Bytes(id.as_bytes().to_vec()),
            On::Postgres => Val::Uuid(id),
        };
        vec![("id".to_owned(), value)]
    }

    pub async fn a_changed_sum_is_named_and_not_relied_on(bed: Bed) {
        let engine = with_operations(&bed).await;
        let btc = engine.asset_named("BTC").await.unwrap();
        close(engine).await;
        assert_intact(&bed.options()).await;
        // Nothing is remembered by a process that starts now.
        let engine = Engine::open(bed.options()).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        let operations = SumKey::of_operations(btc.id, Mint, OperationStatus::Completed, None).id();
        let posted = SumKey::of_balances(btc.id, SumOf::Posted).id();
        for sum in [operations, posted] {
            attacker
                .set("sums", "count", &key(sum, &bed), &Val::Int(7))
                .await
                .unwrap();
            let report = verify(&bed.options()).await;
            let of_it = |finding: &&engine::verify::Finding| {
                finding.table == "sums" && finding.id.as_deref() == Some(sum.to_string().as_str())
            };
            let found: Vec<&str> = report
                .findings
                .iter()
                .filter(of_it)
                .map(|found| &*found.what)
                .collect();
            assert!(
                found.iter().any(|what| what.contains("follow from the rows")),
                "{found:?}"
            );
            assert!(found.iter().any(|what| what.contains("was changed")), "{found:?}");
            let asked = if sum == posted {
                engine.supply(&btc).await.map(drop)
            } else {
                engine
                    .operation_figures(None, (None, None), false)
                    .await
                    .map(drop)
            };
            assert!(
                matches!(asked, Err(Error::Tampered { table: "sums", id, .. }) if id == sum),
                "{asked:?}"
            );
            let moved = make(&engine, new(Mint, "-", "user:ann", "4")).await;
            assert!(
                matches!(moved, Err(Error::Tampered { table: "sums", id, .. }) if id == sum),
                "{moved:?}"
            );
            attacker.put_back("sums").await;
        }
        make(&engine, new(Mint, "-", "user:ann", "4")).await.unwrap();
        assert_eq!(engine.supply(&btc).await.unwrap().users.units(), 1_000_000_000);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    fn is_tampered<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
        match result {
            Err(Error::Tampered { table: "sums", .. }) => true,
            Ok(_) => false,
            other => panic!("{other:?}"),
        }
    }

    /// One sum, or all of an asset, are taken away: what would rest on them is refused, and nothing is sealed anew.
    pub async fn a_removed_sum_is_named_and_not_relied_on(bed: Bed) {
        let engine = with_operations(&bed).await;
        let held = pending(Transfer, "user:ann", "house:fees", "1");
        make(&engine, held).await.unwrap();
        let btc = engine.asset_named("BTC").await.unwrap();
        let today = engine.operation_figures(None, (None, None), true).await.unwrap()[0].day;
        let all = (None, None);
        close(engine).await;
        let mut attacker = Attacker::new(&bed).await;
        let operations = |day| SumKey::of_operations(btc.id, Mint, OperationStatus::Completed, day).id();
        // Which of supply, figures, figures by day, a mint and another hold rest on it.
        let cases = [
            (
                Some(SumKey::of_balances(btc.id, SumOf::Posted).id()),
                [true, true, true, true, true],
            ),
            (
                Some(SumKey::of_balances(btc.id, SumOf::Held).id()),
                [true, false, false, false, true],
            ),
            (Some(operations(None)), [false, true, true, true, false]),
            (Some(operations(today)), [false, false, true, true, false]),
            (None, [true, true, true, true, true]),
        ];
        for (sum, expected) in cases {
            let removed = match sum {
                Some(sum) => vec![key(sum, &bed)],
                None => attacker.keys("sums", "1 = 1").await,
            };
            let mut rows = Vec::new();
            for key in &removed {
                rows.push(attacker.row("sums", key).await);
                attacker.delete("sums", key).await;
            }
            let engine = Engine::open(bed.options()).await.unwrap();
            let found = [
                is_tampered(engine.supply(&btc).await),
                is_tampered(engine.operation_figures(None, all, false).await),
                is_tampered(engine.operation_figures(Some(btc.id), all, true).await),
                is_tampered(make(&engine, new(Mint, "-", "user:ann", "4")).await),
                is_tampered(make(&engine, pending(Transfer, "user:ann", "house:fees", "1")).await),
            ];
            assert_eq!(found, expected, "{sum:?}");
            close(engine).await;
            let report = verify(&bed.options()).await;
            let named = |finding: &engine::verify::Finding| {
                finding.table == "sums"
                    && sum.is_none_or(|sum| finding.id.as_deref() == Some(&sum.to_string()))
            };
            assert!(
                report.findings.iter().any(named),
                "{sum:?}: {:?}",
                report.findings
            );
            for row in &rows {
                attacker.insert("sums", row).await;
            }
        }
        let engine = Engine::open(bed.options()).await.unwrap();
        make(&engine, new(Mint, "-", "user:ann", "4")).await.unwrap();
        assert_eq!(
            figures(&engine, all, true).await,
            counted(&engine, all, true).await
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// What is no amount is no fault of the program.
    pub async fn a_sum_that_does_not_read_is_tampered(bed: Bed) {
        let engine = with_operations(&bed).await;
        let btc = engine.asset_named("BTC").await.unwrap();
        let posted = SumKey::of_balances(btc.id, SumOf::Posted).id();
        let mut attacker = Attacker::new(&bed).await;
        let wrong = match bed.on {
            On::Sqlite => ("amount", "x".into()),
            On::Postgres => ("day", Val::Time(engine::now())),
        };
        attacker
            .set("sums", wrong.0, &key(posted, &bed), &wrong.1)
            .await
            .unwrap();
        assert!(is_tampered(engine.supply(&btc).await));
        assert!(is_tampered(make(&engine, new(Mint, "-", "user:ann", "4")).await));
        attacker.put_back("sums").await;
        make(&engine, new(Mint, "-", "user:ann", "4")).await.unwrap();
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// A database that is older than the sums: that they are not counted yet is no finding; a start counts them, and they go on
    /// from there.
    pub async fn what_is_not_kept_is_counted(bed: Bed) {
        let options = crate::custody_spellings::of_then(&bed).await;
        let refused = engine::verify::verify(
            &options,
            engine::verify::VerifyOptions {
                threads: 1,
                ..engine::verify::VerifyOptions::default()
            },
            &|_| {},
        )
        .await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("migration 4"), "{refused}");
        let mut conn = store::Db::new(bed.options().database)
            .unwrap()
            .writer()
            .await
            .unwrap();
        store::migrate::migrate(&mut conn, engine::now()).await.unwrap();
        drop(conn);
        let report = assert_intact(&options).await;
        let said = |note: &engine::verify::Finding| note.what.contains("`probity init` counts them");
        assert!(report.notes.iter().any(said), "{:?}", report.notes);

        let engine = Engine::open(options.clone()).await.unwrap();
        let all = (None, None);
        for by_day in [false, true] {
            let figures = figures(&engine, all, by_day).await;
            assert!(!figures.is_empty());
            assert_eq!(figures, counted(&engine, all, by_day).await);
        }
        asset(&engine, "NEW", 8, None).await;
        create_user(&engine, "eve", Role::USER).await.unwrap();
        let of_new = NewOperation {
            asset: Some("NEW".into()),
            ..new(Mint, "-", "user:eve", "1")
        };
        make(&engine, of_new).await.unwrap();
        let assets: BTreeSet<Uuid> = counted(&engine, all, false)
            .await
            .into_keys()
            .map(|key| key.1)
            .collect();
        for asset in assets {
            let asset = engine.asset(asset).await.unwrap().unwrap();
            assert_eq!(
                engine.supply(&asset).await.unwrap(),
                engine.supply_counted(&asset).await.unwrap()
            );
        }
        close(engine).await;
        let report = assert_intact(&options).await;
        assert!(!report.notes.iter().any(said), "{:?}", report.notes);
    }
}
