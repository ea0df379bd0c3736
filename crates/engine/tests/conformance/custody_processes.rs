//! Two processes move money on one database at once: none is made, none is lost, and no limit is passed together.

crate::on_both!(
    hot_balances,
    a_limit_is_not_passed_together,
    one_reversal_wins,
    first_deposits_land,
    two_sweepers,
    a_dry_run_beside_a_writer
);

mod cases {
    use std::collections::BTreeMap;

    use domain::custody::OperationKind::{Deposit, Reversal, Transfer};
    use domain::custody::rules::LimitRule;
    use domain::identity::Role;
    use domain::{Command, Origin};
    use engine::custody::{NewOperation, OperationView};
    use engine::{Engine, Options};
    use futures_util::future::join_all;
    use store::custody::{OperationFilter, OperationPlace};
    use store::query::Order;
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::{asset, make, new, outside, past, pending, request_approval, soon, units};
    use crate::people::{code, with_rules};
    use crate::support::{Bed, create_user, operator, two};

    const TASKS: usize = 64;
    const BALANCES: usize = 10;
    const EACH: usize = 8;

    /// Two engines on one database, with users `u0`, `u1`, … who have 100 each, and a limit on transfers.
    async fn world(bed: &Bed, users: usize, limit: &str) -> ([Options; 2], [Engine; 2]) {
        let rule = LimitRule {
            tier: 0,
            asset: "BTC".into(),
            kind: Transfer,
            window_s: 3_600,
            amount: limit.into(),
        };
        let options = two(bed).await;
        let options =
            options.map(|options| with_rules(options, |rules| rules.custody.limits.push(rule.clone())));
        let one = Engine::open(options[0].clone()).await.unwrap();
        let other = Engine::open(options[1].clone()).await.unwrap();
        asset(&one, "BTC", 8, None).await;
        for number in 0..users {
            create_user(&one, &format!("u{number}"), Role::USER)
                .await
                .unwrap();
            let credit = format!("user:u{number}");
            make(&one, new(Deposit, "-", &credit, "100")).await.unwrap();
        }
        (options, [one, other])
    }

    /// Ends both; everything is proven, and the asset sums to zero.
    async fn end(options: &[Options; 2], engines: [Engine; 2]) {
        let asset = engines[0].asset_named("btc").await.unwrap();
        assert_eq!(engines[0].supply(&asset).await.unwrap().sum.units(), 0);
        for engine in engines {
            close(engine).await;
        }
        assert_intact(&options[0]).await;
    }

    /// Every operation of a kind.
    async fn all(engine: &Engine, filter: &OperationFilter) -> Vec<OperationView> {
        let mut found = Vec::new();
        let mut after: Option<OperationPlace> = None;
        loop {
            let page = engine.operations(filter, Order::Ascending, after, 300).await;
            let (page, next) = page.unwrap();
            found.extend(page);
            match next {
                Some(place) => after = Some(place),
                None => return found,
            }
        }
    }

    fn id(task: usize, number: usize) -> Uuid {
        Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + (task * 1_000 + number) as u128)
    }

    /// Who pays whom how much: every task sends from and to the same few.
    fn payment(task: usize, number: usize) -> (usize, usize, i128) {
        let mix = task * 31 + number * 17;
        let (debit, step) = (mix % BALANCES, 1 + (mix / 7) % (BALANCES - 1));
        (
            debit,
            (debit + step) % BALANCES,
            500_000_000 + (mix % 40) as i128 * 100_000_000,
        )
    }

    pub async fn hot_balances(bed: Bed) {
        let (options, engines) = world(&bed, BALANCES, "1000000").await;
        let mut tasks = Vec::new();
        for task in 0..TASKS {
            let engines = engines.clone();
            tasks.push(tokio::spawn(async move {
                let mut answers = Vec::new();
                for number in 0..EACH {
                    let (debit, credit, amount) = payment(task, number);
                    let amount = format!("{}.{:08}", amount / 100_000_000, amount % 100_000_000);
                    let new = NewOperation {
                        id: Some(id(task, number)),
                        ..new(
                            Transfer,
                            &format!("user:u{debit}"),
                            &format!("user:u{credit}"),
                            &amount,
                        )
                    };
                    let first = code(make(&engines[task % 2], new.clone()).await);
                    // Who did not hear the answer asks again, perhaps another process.
                    let again = make(&engines[(task + number) % 2], new).await;
                    let replayed = again.as_ref().map_or(true, |made| made.replayed);
                    assert!(replayed && code(again) == first, "{first}");
                    answers.push((task, number, first));
                }
                answers
            }));
        }
        let mut posted = [100_i128 * 100_000_000; BALANCES];
        let mut done = BTreeMap::new();
        let mut refused = 0;
        for task in tasks {
            for (task, number, answer) in task.await.unwrap() {
                let (debit, credit, amount) = payment(task, number);
                match answer {
                    "done" => {
                        posted[debit] -= amount;
                        posted[credit] += amount;
                        done.insert(id(task, number), amount);
                    }
                    other => {
                        assert_eq!(other, "insufficient_funds");
                        refused += 1;
                    }
                }
            }
        }
        assert!(done.len() > 100 && refused > 0, "{} and {refused}", done.len());
        for (number, posted) in posted.into_iter().enumerate() {
            let found = units(&engines[number % 2], &format!("user:u{number}")).await;
            assert_eq!(found, (posted, 0, posted), "u{number}");
            assert!(posted >= 0);
        }
        let filter = OperationFilter {
            kind: Some(Transfer),
            ..OperationFilter::default()
        };
        let there = all(&engines[1], &filter).await;
        let there: Vec<_> = there
            .iter()
            .map(|view| (view.operation.id, view.operation.amount.units()))
            .collect();
        assert_eq!(there.len(), done.len(), "each once");
        assert_eq!(there.into_iter().collect::<BTreeMap<_, _>>(), done);
        end(&options, engines).await;
    }

    pub async fn a_limit_is_not_passed_together(bed: Bed) {
        let (options, engines) = world(&bed, 12, "1").await;
        for user in 1..12 {
            let debit = format!("user:u{user}");
            let all = (0..10).map(|number| {
                let new = new(Transfer, &debit, "user:u0", "0.3");
                let engine = &engines[number % 2];
                async move { code(make(engine, new).await) }
            });
            let answers = join_all(all).await;
            let done = answers.iter().filter(|answer| **answer == "done").count();
            assert_eq!(done, 3, "u{user}: {answers:?}");
            let others = answers.iter().filter(|answer| **answer != "done");
            assert!(others.into_iter().all(|answer| *answer == "tier_limit"));
        }
        end(&options, engines).await;
    }

    pub async fn one_reversal_wins(bed: Bed) {
        let (options, engines) = world(&bed, 2, "100").await;
        for _ in 0..15 {
            let given = make(&engines[0], new(Transfer, "user:u0", "user:u1", "1")).await;
            let back = NewOperation {
                reverses: Some(given.unwrap().operation.id),
                ..NewOperation::new(Reversal)
            };
            let both = engines.iter().map(|engine| make(engine, back.clone()));
            let mut answers: Vec<_> = join_all(both).await.into_iter().map(code).collect();
            answers.sort_unstable();
            assert_eq!(answers, ["already_reversed", "done"]);
        }
        let whole = 100 * 100_000_000;
        assert_eq!(units(&engines[1], "user:u0").await, (whole, 0, whole));
        end(&options, engines).await;
    }

    pub async fn first_deposits_land(bed: Bed) {
        let (options, engines) = world(&bed, 0, "100").await;
        for number in 0..15 {
            let name = format!("new{number}");
            create_user(&engines[0], &name, Role::USER).await.unwrap();
            let credit = format!("user:{name}");
            let both = engines
                .iter()
                .map(|engine| make(engine, new(Deposit, "-", &credit, "2")));
            for made in join_all(both).await {
                made.unwrap();
            }
            let all = 4 * 100_000_000;
            assert_eq!(units(&engines[1], &credit).await, (all, 0, all));
        }
        end(&options, engines).await;
    }

    /// What expired is written down once, whoever comes first.
    pub async fn two_sweepers(bed: Bed) {
        let (options, engines) = world(&bed, 2, "1000").await;
        let expiring = soon(1_500);
        for _ in 0..10 {
            let hold = NewOperation {
                expires_at: Some(expiring),
                ..pending(Transfer, "user:u0", "user:u1", "1")
            };
            make(&engines[0], hold).await.unwrap();
            request_approval(&engines[0], &operator(), outside(1), Some(expiring)).await;
        }
        past(expiring).await;
        let whole = 100 * 100_000_000;
        assert_eq!(
            units(&engines[1], "user:u0").await,
            (whole, 0, whole),
            "not written down yet"
        );
        let size = *engines[0].size().borrow();
        let both = join_all(engines.iter().map(Engine::sweep)).await;
        let swept: Vec<_> = both.into_iter().map(Result::unwrap).collect();
        assert_eq!(swept.iter().map(|swept| swept.operations).sum::<u64>(), 10);
        assert_eq!(swept.iter().map(|swept| swept.approvals).sum::<u64>(), 10);
        let checkpoint = engines[0].checkpoint().await.unwrap();
        drop(checkpoint);
        let again = engines[1].sweep().await.unwrap();
        assert_eq!((again.operations, again.approvals), (0, 0));
        let written = engines
            .iter()
            .map(|engine| *engine.size().borrow())
            .max()
            .unwrap();
        assert_eq!(written - size, 20, "each has one entry");
        end(&options, engines).await;
    }

    /// What the Writer commits meanwhile is no tampering.
    pub async fn a_dry_run_beside_a_writer(bed: Bed) {
        let (options, engines) = world(&bed, 2, "1000").await;
        let writing = engines[0].clone();
        let writer = tokio::spawn(async move {
            for _ in 0..60 {
                make(&writing, new(Transfer, "user:u0", "user:u1", "0.1"))
                    .await
                    .unwrap();
            }
        });
        let mut tried = 0;
        while !writer.is_finished() {
            let new = new(Transfer, "user:u1", "user:u0", "0.1");
            let command = engines[0].prepare_operation(new, None).await.unwrap();
            let command = Command::CreateOperation(Box::new(command));
            let answers = engines[0]
                .dry_run(&operator(), &Origin::default(), vec![Ok(command)])
                .await;
            answers.unwrap().pop().unwrap().unwrap();
            tried += 1;
        }
        writer.await.unwrap();
        assert!(tried > 5, "{tried}");
        end(&options, engines).await;
    }
}
