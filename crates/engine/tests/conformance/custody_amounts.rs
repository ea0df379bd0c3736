//! Operations by a least amount: what is found is what comparing amounts by hand finds, however little of the log is looked at
//! in one go.

crate::on_both!(of_at_least_an_amount);

mod cases {
    use std::time::Duration;

    use domain::Origin;
    use domain::custody::OperationKind::{Deposit, Mint, Transfer};
    use domain::custody::{Amount, Operation, OperationStatus};
    use domain::identity::Role;
    use engine::{Engine, SEARCH_TIME};
    use store::custody::{OperationFilter, OperationPlace};
    use store::query::Order::{self, Ascending, Descending};

    use crate::attacker::close;
    use crate::custody_desk::{asset, new, pending};
    use crate::support::{Bed, create_user, numbered, operator, record};

    /// Amounts with one digit more or less than their neighbours, and one that no float holds.
    const AMOUNTS: [&str; 8] = [
        "0.00000001",
        "0.00009999",
        "0.0001",
        "0.00010001",
        "0.2",
        "9.99999999",
        "10",
        "12345678901234567890.00000001",
    ];

    /// Three buckets of entries, with operations of every amount near the beginning and near the end.
    async fn fill(engine: &Engine) {
        for user in ["ann", "bob"] {
            create_user(engine, user, Role::USER).await.unwrap();
        }
        for code in ["BTC", "ETH"] {
            asset(engine, code, 8, None).await;
        }
        for _ in 0..4 {
            let mut list = Vec::new();
            for code in ["BTC", "ETH"] {
                for amount in AMOUNTS {
                    let made = [
                        new(Deposit, "-", "user:ann", amount),
                        pending(Mint, "-", "house:fees", amount),
                        new(Transfer, "user:ann", "user:bob", amount),
                    ];
                    list.extend(made.map(|new| engine::custody::NewOperation {
                        asset: Some(code.into()),
                        ..new
                    }));
                }
            }
            let origin = Origin::default();
            let made = engine.create_operations(&operator(), origin, list, None).await;
            assert!(made.unwrap().iter().all(Result::is_ok));
            record(engine, (0..700).map(numbered).collect()).await.unwrap();
        }
    }

    /// What a page says of an operation, and where it stands.
    type Found = (OperationPlace, Operation);

    /// All pages, and how many there are.
    async fn paged(
        engine: &Engine,
        filter: &OperationFilter,
        order: Order,
        (limit, time): (u32, Duration),
    ) -> (Vec<Found>, usize) {
        let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = engine.operations_within(filter, order, after, limit, time);
            let (page, next) = page.await.unwrap();
            assert!(page.len() <= limit as usize);
            found.extend(page.into_iter().map(|view| {
                let (entry, id) = (view.entry.unwrap(), view.operation.id);
                (OperationPlace { entry, id }, view.operation)
            }));
            pages += 1;
            let Some(next) = next else {
                return (found, pages);
            };
            assert_ne!(Some(next), after, "it comes further");
            after = Some(next);
        }
    }

    /// The filter gives those of all that fit, in either order, page by page.
    async fn assert_found(
        engine: &Engine,
        all: &[Found],
        filter: &OperationFilter,
        fits: impl Fn(&Operation) -> bool,
    ) {
        let mut expected: Vec<&Found> = all.iter().filter(|(_, operation)| fits(operation)).collect();
        for order in [Ascending, Descending] {
            for bounds in [(1_000, SEARCH_TIME), (5, SEARCH_TIME), (1_000, Duration::ZERO)] {
                let (found, pages) = paged(engine, filter, order, bounds).await;
                let found: Vec<&Found> = found.iter().collect();
                assert!(
                    found == expected,
                    "{filter:?} {order:?}: nothing is left out and nothing comes twice"
                );
                assert!(
                    bounds.1 > Duration::ZERO || pages > 1,
                    "who has no time is told so"
                );
            }
            expected.reverse();
        }
    }

    pub async fn of_at_least_an_amount(bed: Bed) {
        let engine = bed.open().await;
        fill(&engine).await;
        let everything = OperationFilter::default();
        let (all, _) = paged(&engine, &everything, Ascending, (1_000, SEARCH_TIME)).await;
        assert_eq!(all.len(), 4 * 2 * 3 * AMOUNTS.len());
        let btc = engine.asset_named("btc").await.unwrap().id;
        let ann = engine.user_meant("ann").await.unwrap().unwrap().row.id;
        let balances = engine.balances_of(ann).await.unwrap();
        let mut edges = vec![Amount::ZERO];
        for amount in AMOUNTS {
            let amount = Amount::parse(amount, 8).unwrap();
            edges.extend([amount, amount.plus(Amount::new(1).unwrap()).unwrap()]);
        }
        for least in edges {
            let of = OperationFilter {
                asset: Some(btc),
                amount_min: Some(least),
                ..OperationFilter::default()
            };
            let fits = |operation: &Operation| operation.asset_id == btc && operation.amount >= least;
            assert_found(&engine, &all, &of, fits).await;
            let waiting = OperationFilter {
                status: Some(OperationStatus::Pending),
                ..of.clone()
            };
            assert_found(&engine, &all, &waiting, |operation| {
                fits(operation) && operation.status == OperationStatus::Pending
            })
            .await;
            let of_ann = OperationFilter {
                kind: Some(Transfer),
                balances: vec![balances.clone()],
                ..of
            };
            assert_found(&engine, &all, &of_ann, |operation| {
                fits(operation) && operation.kind == Transfer
            })
            .await;
        }
        // Made at a time, and by an index that finds few, which is asked once.
        let middle = all[all.len() / 2].1.created_at;
        let late = OperationFilter {
            asset: Some(btc),
            amount_min: Amount::new(1),
            made: (Some(middle), None),
            ..OperationFilter::default()
        };
        let (found, _) = paged(&engine, &late, Descending, (1_000, Duration::ZERO)).await;
        let fits = |found: &&Found| found.1.asset_id == btc && found.1.created_at >= middle;
        assert_eq!(found.len(), all.iter().filter(fits).count());
        let none = OperationFilter {
            reference: Some("none".into()),
            ..late
        };
        let once = paged(&engine, &none, Descending, (10, Duration::ZERO)).await;
        assert_eq!(once, (Vec::new(), 1));
        close(engine).await;
    }
}
