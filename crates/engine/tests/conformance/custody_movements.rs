//! Assets, balances and movements: the way of money through both engines.

use crate::on_both;

on_both!(there_and_back, holds_in_parts, by_the_clock);

mod cases {
    use domain::custody::OperationKind::{self, Deposit, Transfer};
    use domain::custody::asset::CreateAsset;
    use domain::custody::operation::Step;
    use domain::identity::Role;
    use domain::{Command, Origin, Reply};
    use engine::custody::{Made, NewOperation, NewStep, StepKind};
    use engine::{Engine, Error};
    use store::query::Order;

    use crate::attacker::{assert_intact, close};
    use crate::people::{code, now};
    use crate::support::{Bed, create_user, operator, submit};
    use domain::custody::operation::steps::Release;

    async fn world(bed: &Bed) -> Engine {
        let engine = bed.open().await;
        for name in ["ann", "bob"] {
            create_user(&engine, name, Role::USER).await.unwrap();
        }
        let asset = CreateAsset {
            id: None,
            code: "BTC".into(),
            name: "Bitcoin".into(),
            scale: 8,
            chain: Some("bitcoin".into()),
        };
        let reply = submit(&engine, Command::CreateAsset(asset)).await.unwrap().reply;
        assert!(matches!(reply, Reply::Asset(_)));
        engine
    }

    fn new(kind: OperationKind, debit: Option<&str>, credit: &str, amount: &str) -> NewOperation {
        NewOperation {
            asset: Some("btc".into()),
            amount: Some(amount.into()),
            debit: debit.map(Into::into),
            credit: Some(credit.into()),
            ..NewOperation::new(kind)
        }
    }

    async fn make(engine: &Engine, new: NewOperation) -> Result<Made, Error> {
        engine
            .create_operation(&operator(), Origin::default(), new, None)
            .await
    }

    async fn posted(engine: &Engine, account: &str) -> String {
        let asset = engine.asset_named("BTC").await.unwrap();
        let account = engine
            .account_named("a", account, Some(asset.id), true)
            .await
            .unwrap();
        let state = engine.balance(account.id()).await.unwrap().unwrap();
        let decimal = |amount: domain::custody::Amount| amount.to_decimal(8);
        format!(
            "{} {} {}",
            decimal(state.balance.posted),
            decimal(state.held),
            decimal(state.available)
        )
    }

    pub async fn there_and_back(bed: Bed) {
        let engine = world(&bed).await;
        make(&engine, new(Deposit, None, "user:ann", "2.5"))
            .await
            .unwrap();
        let before = now();
        make(&engine, new(Transfer, Some("user:ann"), "user:bob", "0.5"))
            .await
            .unwrap();
        assert_eq!(
            code(make(&engine, new(Transfer, Some("user:ann"), "user:bob", "2.00000001")).await),
            "insufficient_funds"
        );
        assert_eq!(
            posted(&engine, "user:ann").await,
            "2.00000000 0.00000000 2.00000000"
        );
        assert_eq!(
            posted(&engine, "user:bob").await,
            "0.50000000 0.00000000 0.50000000"
        );
        assert_eq!(
            posted(&engine, "house:external").await,
            "-2.50000000 0.00000000 -2.50000000"
        );
        let asset = engine.asset_named("BTC").await.unwrap();
        let supply = engine.supply(&asset).await.unwrap();
        assert_eq!((supply.supply.units(), supply.sum.units()), (250_000_000, 0));
        let ann = engine
            .account_named("a", "user:ann", Some(asset.id), true)
            .await
            .unwrap();
        let statement = engine
            .statement(ann.id(), (None, None), Order::Ascending, None, 10)
            .await
            .unwrap();
        let lines: Vec<_> = statement
            .lines
            .iter()
            .map(|line| (line.change.units(), line.posted.units()))
            .collect();
        assert_eq!(lines, [(250_000_000, 250_000_000), (-50_000_000, 200_000_000)]);
        let (then, _) = engine.posted_at(ann.id(), before).await.unwrap();
        assert_eq!(then.units(), 250_000_000);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn holds_in_parts(bed: Bed) {
        let engine = world(&bed).await;
        make(&engine, new(Deposit, None, "user:ann", "10")).await.unwrap();
        let pending = NewOperation {
            pending: Some(true),
            ..new(Transfer, Some("user:ann"), "user:bob", "6")
        };
        let held = make(&engine, pending).await.unwrap().operation;
        assert_eq!(
            posted(&engine, "user:ann").await,
            "10.00000000 6.00000000 4.00000000"
        );
        let step = async |kind| {
            let step = NewStep {
                operation: held.id,
                version: None,
                kind,
            };
            engine.step_operation(&operator(), Origin::default(), step).await
        };
        let capture = |amount: &str| StepKind::Capture {
            id: None,
            amount: Some(amount.into()),
        };
        step(capture("2")).await.unwrap();
        assert_eq!(code(step(capture("4.5")).await), "exceeds_held");
        step(capture("1")).await.unwrap();
        step(StepKind::Other(Step::Release(Release { reason: None })))
            .await
            .unwrap();
        assert_eq!(
            posted(&engine, "user:ann").await,
            "7.00000000 0.00000000 7.00000000"
        );
        assert_eq!(
            posted(&engine, "user:bob").await,
            "3.00000000 0.00000000 3.00000000"
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn by_the_clock(bed: Bed) {
        let engine = world(&bed).await;
        make(&engine, new(Deposit, None, "user:ann", "10")).await.unwrap();
        let pending = NewOperation {
            pending: Some(true),
            expires_at: Some(now().plus_seconds(1)),
            ..new(Transfer, Some("user:ann"), "user:bob", "6")
        };
        make(&engine, pending).await.unwrap();
        let all = || new(Transfer, Some("user:ann"), "user:bob", "10");
        assert_eq!(code(make(&engine, all()).await), "insufficient_funds");
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        assert_eq!(
            posted(&engine, "user:ann").await,
            "10.00000000 0.00000000 10.00000000"
        );
        make(&engine, all()).await.unwrap();
        assert_eq!(
            posted(&engine, "user:ann").await,
            "0.00000000 0.00000000 0.00000000"
        );
        assert_eq!(
            engine.sweep().await.unwrap().operations,
            0,
            "it was written down before"
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
