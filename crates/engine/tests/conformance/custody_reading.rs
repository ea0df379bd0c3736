//! Lists, statements, balances of the past, supply and figures, over several buckets of 1,024 entries: each answer is
//! what one gets by going through everything by hand.

crate::on_both!(everything_by_hand);

mod cases {
    use std::collections::BTreeMap;

    use domain::Origin;
    use domain::custody::OperationKind::{Burn, Deposit, Mint, Reversal, Transfer};
    use domain::custody::operation::Step;
    use domain::custody::{OperationKind, OperationStatus};
    use domain::identity::Role;
    use engine::custody::{NewOperation, OperationView, StepKind, TransactionInput};
    use engine::{Engine, EntryKey};
    use evidence::Timestamp;
    use store::custody::{OperationFilter, OperationPlace};
    use store::query::Order::{self, Ascending, Descending};
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::{asset, capture, make, new, pending, step};
    use crate::support::{Bed, create_user, numbered, operator, record};
    use domain::custody::operation::steps::{Cancel, Complete, Fail};

    const ASSETS: [&str; 2] = ["BTC", "ETH"];
    const USERS: [&str; 3] = ["ann", "bob", "cyd"];

    /// An operation with the time of its entry.
    struct Row {
        view: OperationView,
        entry: u64,
        at: Timestamp,
    }

    impl Row {
        fn place(&self) -> OperationPlace {
            OperationPlace {
                entry: self.entry,
                id: self.view.operation.id,
            }
        }

        fn touches(&self, balance: Uuid) -> bool {
            [self.view.operation.debit_id, self.view.operation.credit_id].contains(&balance)
        }

        /// Change and posted after it, of a balance that it moved.
        fn line(&self, balance: Uuid) -> (i128, i128) {
            let row = &self.view.operation;
            if row.debit_id == balance {
                (-row.amount.units(), row.debit_posted.unwrap().units())
            } else {
                (row.amount.units(), row.credit_posted.unwrap().units())
            }
        }
    }

    fn of(asset: &str, new: NewOperation) -> NewOperation {
        NewOperation {
            asset: Some(asset.into()),
            ..new
        }
    }

    /// More than 3,000 entries, in which every sort of operation is near the beginning and near the end.
    async fn fill(engine: &Engine) -> Vec<Uuid> {
        for user in USERS {
            create_user(engine, user, Role::USER).await.unwrap();
        }
        let mut ids = Vec::new();
        for code in ASSETS {
            asset(engine, code, 8, Some("chain")).await;
        }
        for round in 0..5_usize {
            let mut list = Vec::new();
            for number in 0..260_usize {
                let code = ASSETS[usize::from(number % 5 == 0)];
                let user = |step: usize| format!("user:{}", USERS[(number + round + step) % 3]);
                let amount = format!("0.{:04}", 1 + number);
                let reference = (number % 7 == 0).then(|| format!("order-{}", number % 21));
                let next = match number % 13 {
                    0 | 5 | 7 => NewOperation {
                        transaction: TransactionInput {
                            tx_hash: Some(format!("tx-{}", number % 40)),
                            output: Some((round * 1_000 + number) as u64),
                            ..TransactionInput::default()
                        },
                        ..new(Deposit, "-", &user(0), &amount)
                    },
                    1 => new(Mint, "-", "house:omnibus", &amount),
                    2 if number > 20 => new(Burn, "house:omnibus", "-", "0.0001"),
                    3 => pending(Deposit, "-", &user(0), &amount),
                    4 => pending(Mint, "-", "house:fees", &amount),
                    _ => new(Transfer, &user(1), &user(0), "0.0001"),
                };
                list.push(NewOperation {
                    reference,
                    ..of(code, next)
                });
            }
            let made = engine
                .create_operations(&operator(), Origin::default(), list, None)
                .await;
            let made = made.unwrap().into_iter().filter_map(Result::ok);
            ids.extend(made.map(|made| made.operation.id));
            record(engine, (0..300).map(numbered).collect()).await.unwrap();
            ids.extend(steps(engine).await);
        }
        assert!(*engine.size().borrow() > 2_800, "three buckets");
        ids
    }

    /// A transfer in parts and one of them reversed, one that is cancelled, one that failed, and one that goes on.
    async fn steps(engine: &Engine) -> Vec<Uuid> {
        let first = make(engine, new(Deposit, "-", "user:ann", "1")).await.unwrap();
        let held = pending(Transfer, "user:ann", "user:bob", "0.3");
        let held = make(engine, held).await.unwrap().operation.id;
        let mut ids = vec![first.operation.id, held];
        for _ in 0..2 {
            ids.push(step(engine, held, capture("0.1")).await.unwrap().operation.id);
        }
        let reversal = NewOperation {
            asset: None,
            amount: None,
            reverses: Some(ids[ids.len() - 1]),
            ..new(Reversal, "-", "-", "0")
        };
        ids.push(make(engine, reversal).await.unwrap().operation.id);
        for kind in [
            Step::Cancel(Cancel { reason: None }),
            Step::Fail(Fail { error: "lost".into() }),
            Step::Complete(Complete {
                transaction: domain::custody::operation::Transaction::default(),
            }),
        ] {
            let waiting = make(engine, pending(Deposit, "-", "user:cyd", "0.5"))
                .await
                .unwrap();
            ids.push(waiting.operation.id);
            step(engine, waiting.operation.id, StepKind::Other(kind))
                .await
                .unwrap();
        }
        ids
    }

    /// Every page of a list, one after the other.
    async fn paged(
        engine: &Engine,
        filter: &OperationFilter,
        order: Order,
        limit: u32,
    ) -> Vec<OperationPlace> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let (page, next) = engine.operations(filter, order, after, limit).await.unwrap();
            assert!(page.len() <= limit as usize);
            found.extend(page.iter().map(|view| OperationPlace {
                entry: view.entry.unwrap(),
                id: view.operation.id,
            }));
            match next {
                Some(_) => after = next,
                None => return found,
            }
        }
    }

    async fn assert_list(
        engine: &Engine,
        rows: &[Row],
        filter: OperationFilter,
        fits: impl Fn(&Row) -> bool,
    ) {
        let mut expected: Vec<OperationPlace> = rows.iter().filter(|row| fits(row)).map(Row::place).collect();
        assert!(!expected.is_empty(), "{filter:?}");
        expected.sort_unstable();
        for (order, limit) in [(Ascending, 97), (Descending, 250), (Descending, 41)] {
            assert_eq!(
                paged(engine, &filter, order, limit).await,
                expected,
                "{filter:?} {order:?}"
            );
            if order == Ascending {
                expected.reverse();
            }
        }
    }

    async fn assert_lists(engine: &Engine, rows: &[Row], balances: &[Uuid]) {
        let all = OperationFilter::default;
        assert_list(engine, rows, all(), |_| true).await;
        for kind in [Deposit, Mint, Burn, Transfer] {
            let filter = OperationFilter {
                kind: Some(kind),
                ..all()
            };
            assert_list(engine, rows, filter, |row| row.view.operation.kind == kind).await;
        }
        for word in ["pending", "completed", "cancelled", "failed"] {
            let status = OperationStatus::parse(word).unwrap();
            let filter = OperationFilter {
                status: Some(status),
                ..all()
            };
            assert_list(engine, rows, filter, |row| row.view.operation.status == status).await;
            let filter = OperationFilter {
                status: Some(status),
                balances: vec![vec![balances[0], balances[2]]],
                ..all()
            };
            let one = |row: &Row| row.touches(balances[0]) || row.touches(balances[2]);
            assert_list(engine, rows, filter, |row| {
                row.view.operation.status == status && one(row)
            })
            .await;
        }
        let eth = engine.asset_named("eth").await.unwrap().id;
        let filter = OperationFilter {
            asset: Some(eth),
            kind: Some(Transfer),
            ..all()
        };
        let fits = |row: &Row| row.view.operation.asset_id == eth && row.view.operation.kind == Transfer;
        assert_list(engine, rows, filter, fits).await;
        let filter = OperationFilter {
            tx_hash: Some("tx-5".into()),
            ..all()
        };
        assert_list(engine, rows, filter, |row| {
            row.view.operation.tx_hash.as_deref() == Some("tx-5")
        })
        .await;
        let parent = rows.iter().find_map(|row| row.view.operation.parent_id).unwrap();
        let filter = OperationFilter {
            parent: Some(parent),
            ..all()
        };
        assert_list(engine, rows, filter, |row| {
            row.view.operation.parent_id == Some(parent)
        })
        .await;
        assert_new_filters(engine, rows).await;
        for balance in balances {
            let filter = OperationFilter {
                balances: vec![vec![*balance]],
                moved: true,
                ..all()
            };
            let moved = |row: &Row| row.touches(*balance) && row.view.operation.debit_posted.is_some();
            assert_list(engine, rows, filter, moved).await;
        }
        let between = OperationFilter {
            balances: vec![vec![balances[0], balances[1]], vec![balances[2]]],
            ..all()
        };
        let found = |row: &Row| row.touches(balances[2]) && balances[..2].iter().any(|one| row.touches(*one));
        assert_list(engine, rows, between, found).await;
        let none = OperationFilter {
            balances: vec![vec![balances[0]], Vec::new()],
            ..all()
        };
        assert_eq!(paged(engine, &none, Ascending, 10).await, []);
        let nul = OperationFilter {
            tx_hash: Some("\0".into()),
            ..all()
        };
        assert_eq!(paged(engine, &nul, Ascending, 10).await, []);
    }

    /// By reference, by what is reversed, and by the time of making, alone and together with others.
    async fn assert_new_filters(engine: &Engine, rows: &[Row]) {
        let all = OperationFilter::default;
        for reference in ["order-0", "order-14"] {
            let named = |row: &Row| row.view.operation.reference.as_deref() == Some(reference);
            let filter = OperationFilter {
                reference: Some(reference.into()),
                ..all()
            };
            assert_list(engine, rows, filter.clone(), named).await;
            let filter = OperationFilter {
                kind: Some(Transfer),
                ..filter
            };
            assert_list(engine, rows, filter, |row| {
                named(row) && row.view.operation.kind == Transfer
            })
            .await;
            let one = rows
                .iter()
                .find(|row| named(row))
                .unwrap()
                .view
                .operation
                .credit_id;
            let filter = OperationFilter {
                reference: Some(reference.into()),
                balances: vec![vec![one]],
                ..all()
            };
            assert_list(engine, rows, filter, |row| named(row) && row.touches(one)).await;
        }
        let reversed = rows.iter().find_map(|row| row.view.operation.reverses_id);
        let filter = OperationFilter {
            reverses: reversed,
            ..all()
        };
        assert_list(engine, rows, filter, |row| {
            row.view.operation.reverses_id == reversed
        })
        .await;
        let mut times: Vec<_> = rows.iter().map(|row| row.view.operation.created_at).collect();
        times.sort_unstable();
        let (early, late) = (times[times.len() / 5], times[times.len() * 3 / 4]);
        for made in [
            (Some(early), None),
            (None, Some(late)),
            (Some(early), Some(late)),
            (Some(late), None),
        ] {
            let inside = |row: &Row| {
                let at = row.view.operation.created_at;
                made.0.is_none_or(|from| at >= from) && made.1.is_none_or(|to| at < to)
            };
            assert_list(engine, rows, OperationFilter { made, ..all() }, inside).await;
            let filter = OperationFilter {
                made,
                reference: Some("order-7".into()),
                ..all()
            };
            assert_list(engine, rows, filter, |row| {
                inside(row) && row.view.operation.reference.as_deref() == Some("order-7")
            })
            .await;
        }
        let nul = OperationFilter {
            reference: Some("\0".into()),
            ..all()
        };
        assert_eq!(paged(engine, &nul, Ascending, 10).await, []);
    }

    /// A balance's movements, oldest first.
    fn movements(rows: &[Row], balance: Uuid) -> Vec<&Row> {
        let moved = rows
            .iter()
            .filter(|row| row.view.operation.debit_posted.is_some());
        let mut moved: Vec<&Row> = moved.filter(|row| row.touches(balance)).collect();
        moved.sort_unstable_by_key(|row| row.place());
        moved
    }

    async fn assert_statement(engine: &Engine, moved: &[&Row], balance: Uuid) {
        let mut posted = 0;
        for row in moved {
            let (change, after) = row.line(balance);
            posted += change;
            assert_eq!(posted, after, "each goes on from the one before it");
        }
        let (early, late) = (moved[moved.len() / 5].at, moved[moved.len() * 4 / 5].at);
        assert!(early < late);
        for (from, to) in [
            (None, None),
            (Some(early), None),
            (None, Some(late)),
            (Some(early), Some(late)),
        ] {
            let inside =
                |row: &&&Row| from.is_none_or(|from| row.at >= from) && to.is_none_or(|to| row.at < to);
            let mut expected: Vec<_> = moved.iter().filter(inside).map(|row| row.line(balance)).collect();
            for (order, limit) in [(Ascending, 61), (Descending, 88)] {
                let mut lines = Vec::new();
                let mut after = None;
                loop {
                    let page = engine
                        .statement(balance, (from, to), order, after, limit)
                        .await
                        .unwrap();
                    lines.extend(
                        page.lines
                            .iter()
                            .map(|line| (line.change.units(), line.posted.units())),
                    );
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(lines, expected, "{from:?} {to:?} {order:?}");
                expected.reverse();
            }
        }
    }

    async fn assert_past(engine: &Engine, moved: &[&Row], balance: Uuid) {
        let before = Timestamp::from_micros(moved[0].at.micros() - 1).unwrap();
        assert_eq!(engine.posted_at(balance, before).await.unwrap().0.units(), 0);
        for position in (0..moved.len()).step_by(moved.len() / 7) {
            for micros in [-1, 0, 1] {
                let at = Timestamp::from_micros(moved[position].at.micros() + micros).unwrap();
                let last = moved.iter().rev().find(|row| row.at <= at);
                let expected = last.map_or(0, |row| row.line(balance).1);
                let (posted, line) = engine.posted_at(balance, at).await.unwrap();
                assert_eq!(posted.units(), expected);
                let ids = (
                    line.map(|line| line.operation.id),
                    last.map(|row| row.view.operation.id),
                );
                assert_eq!(ids.0, ids.1);
            }
        }
    }

    async fn assert_sums(engine: &Engine, rows: &[Row]) {
        type Sums = BTreeMap<(Uuid, OperationKind, OperationStatus), (u64, i128)>;
        let middle = rows[rows.len() / 2].view.operation.created_at;
        for times in [(None, None), (Some(middle), None), (None, Some(middle))] {
            let mut expected = Sums::new();
            for Row { view, .. } in rows {
                let row = &view.operation;
                let inside = times.0.is_none_or(|from| row.created_at >= from)
                    && times.1.is_none_or(|to| row.created_at < to);
                if inside {
                    let sum = expected.entry((row.asset_id, row.kind, row.status)).or_default();
                    (sum.0, sum.1) = (sum.0 + 1, sum.1 + row.amount.units());
                }
            }
            for by_day in [false, true] {
                let mut found = Sums::new();
                for figure in engine.operation_figures(None, times, by_day).await.unwrap() {
                    assert_eq!(figure.day.is_some(), by_day);
                    let key = (figure.asset.id, figure.kind, figure.status);
                    let sum = found.entry(key).or_default();
                    (sum.0, sum.1) = (sum.0 + figure.count, sum.1 + figure.amount.units());
                }
                assert_eq!(found, expected, "{times:?}");
            }
        }
        for code in ASSETS {
            let asset = engine.asset_named(code).await.unwrap();
            let supply = engine.supply(&asset).await.unwrap();
            let sum = |credit: bool| -> i128 {
                let moved = rows
                    .iter()
                    .map(|row| &row.view)
                    .filter(|view| view.operation.debit_posted.is_some());
                let of = moved.filter(|view| view.asset.id == asset.id);
                let outside = of.filter(|view| {
                    if credit {
                        view.credit.is_external()
                    } else {
                        view.debit.is_external()
                    }
                });
                outside.map(|view| view.operation.amount.units()).sum()
            };
            let inside = sum(false) - sum(true);
            assert_eq!((supply.supply.units(), supply.sum.units()), (inside, 0));
            let houses: i128 = supply
                .houses
                .iter()
                .filter(|(house, _)| house.as_str() != "external")
                .map(|(_, amount)| amount.units())
                .sum();
            assert_eq!(supply.users.units() + houses, inside);
            assert_eq!(supply.balances, 4 + 3);
        }
    }

    pub async fn everything_by_hand(bed: Bed) {
        let engine = bed.open().await;
        let ids = fill(&engine).await;
        let mut rows = Vec::new();
        for id in ids {
            let view = engine.operation(id).await.unwrap().unwrap();
            let entry = view.entry.unwrap();
            let at = engine.entry(EntryKey::Index(entry)).await.unwrap().unwrap().at;
            rows.push(Row { view, entry, at });
        }
        let mut balances = Vec::new();
        for user in USERS {
            let asset = engine.asset_named("btc").await.unwrap();
            let account = engine
                .account_named("a", &format!("user:{user}"), Some(asset.id), true)
                .await;
            balances.push(account.unwrap().id());
        }
        assert_lists(&engine, &rows, &balances).await;
        for balance in balances {
            let moved = movements(&rows, balance);
            assert_statement(&engine, &moved, balance).await;
            assert_past(&engine, &moved, balance).await;
        }
        assert_sums(&engine, &rows).await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
