//! Balances that somebody takes away by hand: none is opened anew at zero, so that no debt and no money is forgotten.

crate::on_both!(
    a_balance_that_is_known,
    a_balance_that_is_not_known,
    a_balance_of_an_older_user,
    a_house_account,
    a_balance_under_another_id,
    a_balance_that_was_opened_anew,
);

mod cases {
    use domain::Command;
    use domain::custody::Amount;
    use domain::custody::OperationKind::{Deposit, Transfer};
    use domain::custody::balance::ConfigureBalance;
    use domain::identity::Role;
    use domain::record::Val;
    use engine::custody::NewOperation;
    use engine::{Engine, Error};
    use uuid::Uuid;

    use crate::attacker::{Attacker, Key, assert_intact, close, verify};
    use crate::custody_desk::{asset, done, make, new, units, user_id};
    use crate::support::{Bed, create_user, operator};

    /// `ann` owes 5 to `ben`, and has a balance in ETH too.
    async fn debt(bed: &Bed) -> Engine {
        let engine = bed.open().await;
        for code in ["BTC", "ETH", "SOL"] {
            asset(&engine, code, 8, None).await;
        }
        for name in ["ann", "ben"] {
            create_user(&engine, name, Role::USER).await.unwrap();
            for code in ["BTC", "ETH"] {
                make(&engine, of(code, new(Deposit, "-", &format!("user:{name}"), "1")))
                    .await
                    .unwrap();
            }
        }
        let command = ConfigureBalance {
            balance: balance(&engine, "user:ann").await,
            asset: engine.asset_named("btc").await.unwrap().id,
            version: None,
            minimum: Some(Amount::new(-1_000_000_000)),
            maximum: None,
            closed: None,
        };
        done(&engine, &operator(), Command::ConfigureBalance(command)).await;
        make(&engine, new(Transfer, "user:ann", "user:ben", "6"))
            .await
            .unwrap();
        assert_eq!(units(&engine, "user:ann").await.0, -500_000_000);
        engine
    }

    fn of(code: &str, new: NewOperation) -> NewOperation {
        NewOperation {
            asset: Some(code.into()),
            ..new
        }
    }

    async fn balance(engine: &Engine, account: &str) -> Uuid {
        let asset = engine.asset_named("btc").await.unwrap();
        let found = engine.account_named("a", account, Some(asset.id), true).await;
        found.unwrap().id()
    }

    fn key(id: Uuid) -> Key {
        vec![("id".to_owned(), Val::Uuid(id))]
    }

    #[track_caller]
    fn assert_tampered<T: std::fmt::Debug>(result: Result<T, Error>, id: Uuid) {
        match result {
            Err(Error::Tampered { table, id: found, .. }) => assert_eq!((table, found), ("balances", id)),
            other => panic!("{other:?}"),
        }
    }

    async fn assert_named(bed: &Bed, id: Uuid) {
        let report = verify(&bed.options()).await;
        let is_it = |finding: &engine::verify::Finding| {
            finding.table == "balances" && finding.id.as_deref() == Some(&id.to_string())
        };
        assert!(report.findings.iter().any(is_it), "{:#?}", report.findings);
    }

    pub async fn a_balance_that_is_known(bed: Bed) {
        let engine = debt(&bed).await;
        let hers = balance(&engine, "user:ann").await;
        let mut attacker = Attacker::new(&bed).await;
        let row = attacker.row("balances", &key(hers)).await;
        attacker.delete("balances", &key(hers)).await;
        for _ in 0..2 {
            for (debit, credit) in [("user:ann", "user:ben"), ("user:ben", "user:ann")] {
                assert_tampered(make(&engine, new(Transfer, debit, credit, "1")).await, hers);
            }
        }
        make(&engine, new(Transfer, "user:ben", "house:fees", "1"))
            .await
            .unwrap();
        assert_named(&bed, hers).await;
        attacker.insert("balances", &row).await;
        make(&engine, new(Deposit, "-", "user:ann", "6")).await.unwrap();
        assert_eq!(units(&engine, "user:ann").await.0, 100_000_000);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_balance_that_is_not_known(bed: Bed) {
        let engine = debt(&bed).await;
        let hers = balance(&engine, "user:ann").await;
        close(engine).await;
        let mut attacker = Attacker::new(&bed).await;
        attacker.delete("balances", &key(hers)).await;
        let engine = Engine::open(bed.options()).await.unwrap();
        // Neither is hers opened anew, nor is money refused to which she may have a right.
        assert_tampered(make(&engine, new(Deposit, "-", "user:ann", "1")).await, hers);
        assert_tampered(
            make(&engine, new(Transfer, "user:ann", "user:ben", "1")).await,
            hers,
        );
        // Which one is missing is not known, so she gets no other either. What she has goes on, and so does who has all.
        assert!(matches!(
            make(&engine, of("SOL", new(Deposit, "-", "user:ann", "1"))).await,
            Err(Error::Tampered {
                table: "balances",
                ..
            })
        ));
        make(&engine, of("ETH", new(Deposit, "-", "user:ann", "1")))
            .await
            .unwrap();
        make(&engine, of("SOL", new(Deposit, "-", "user:ben", "1")))
            .await
            .unwrap();
        assert_named(&bed, hers).await;
        close(engine).await;
    }

    /// Users of before the count: what moved on a balance says that it was there, and from the next one on they are counted.
    pub async fn a_balance_of_an_older_user(bed: Bed) {
        let options = crate::custody_spellings::of_then(&bed).await;
        let mut conn = store::Db::new(options.database.clone())
            .unwrap()
            .writer()
            .await
            .unwrap();
        store::migrate::migrate(&mut conn, engine::now()).await.unwrap();
        drop(conn);
        let engine = Engine::open(options.clone()).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        let sql = "SELECT balances.id, balances.user_id, balances.asset_id FROM balances JOIN users ON users.id = user_id \
                   WHERE users.balances IS NULL AND posted <> '0'";
        let sql = match bed.on {
            crate::support::On::Sqlite => sql.to_owned(),
            crate::support::On::Postgres => sql.replace("'0'", "0"),
        };
        let found = attacker.conn.opt(&sql, &[]).await.unwrap().unwrap();
        let ids: Vec<Uuid> = (0..3).map(|position| found.uuid(position).unwrap()).collect();
        let deposit = || NewOperation {
            asset: Some(ids[2].to_string()),
            ..new(Deposit, "-", &format!("user:{}", ids[1]), "1")
        };
        attacker.delete("balances", &key(ids[0])).await;
        assert_tampered(make(&engine, deposit()).await, ids[0]);
        attacker.put_back("balances").await;
        make(&engine, deposit()).await.unwrap();
        asset(&engine, "NEW", 8, None).await;
        let of_new = || of("NEW", new(Deposit, "-", &format!("user:{}", ids[1]), "1"));
        make(&engine, of_new()).await.unwrap();
        let sql = "SELECT (SELECT count(*) FROM balances WHERE user_id = $1), (SELECT balances FROM users WHERE id = $1)";
        let counts = attacker
            .conn
            .opt(sql, &[Val::Uuid(ids[1])])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(counts.unsigned(0).unwrap(), counts.unsigned(1).unwrap());
        make(&engine, of_new()).await.unwrap();
        close(engine).await;
        assert_intact(&options).await;
    }

    pub async fn a_house_account(bed: Bed) {
        let engine = debt(&bed).await;
        let fees = balance(&engine, "house:fees").await;
        close(engine).await;
        let mut attacker = Attacker::new(&bed).await;
        attacker.delete("balances", &key(fees)).await;
        let engine = Engine::open(bed.options()).await.unwrap();
        assert_tampered(
            make(&engine, new(Transfer, "user:ben", "house:fees", "1")).await,
            fees,
        );
        assert_named(&bed, fees).await;
        attacker.put_back("balances").await;
        make(&engine, new(Transfer, "user:ben", "house:fees", "1"))
            .await
            .unwrap();
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// One that no command made stands in the way of the right one.
    pub async fn a_balance_under_another_id(bed: Bed) {
        let engine = debt(&bed).await;
        let sol = engine.asset_named("sol").await.unwrap();
        let (hers, ann) = (balance(&engine, "user:ann").await, user_id(&engine, "ann").await);
        let right = engine.account_named("a", "user:ann", Some(sol.id), true).await;
        let right = right.unwrap().id();
        let mut attacker = Attacker::new(&bed).await;
        let mut forged = attacker.row("balances", &key(hers)).await;
        for (column, value) in [("id", Uuid::from_u128(7)), ("asset_id", sol.id), ("user_id", ann)] {
            forged.0[attacker.position("balances", column)] = Val::Uuid(value);
        }
        attacker.insert("balances", &forged).await;
        assert_tampered(
            make(&engine, of("SOL", new(Deposit, "-", "user:ann", "1"))).await,
            right,
        );
        assert_named(&bed, Uuid::from_u128(7)).await;
        attacker.put_back("balances").await;
        make(&engine, of("SOL", new(Deposit, "-", "user:ann", "1")))
            .await
            .unwrap();
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Somebody who also puts back the user's row, before a process starts that knows neither: verification names both.
    pub async fn a_balance_that_was_opened_anew(bed: Bed) {
        let engine = bed.open().await;
        asset(&engine, "BTC", 8, None).await;
        create_user(&engine, "ann", Role::USER).await.unwrap();
        let ann = user_id(&engine, "ann").await;
        let mut attacker = Attacker::new(&bed).await;
        for _ in 0..3 {
            make(&engine, new(Deposit, "-", "user:ann", "1")).await.unwrap();
        }
        let hers = balance(&engine, "user:ann").await;
        close(engine).await;
        attacker.delete("balances", &key(hers)).await;
        attacker.put_back("users").await;
        let engine = Engine::open(bed.options()).await.unwrap();
        for _ in 0..5 {
            make(&engine, new(Deposit, "-", "user:ann", "1")).await.unwrap();
        }
        close(engine).await;
        assert_named(&bed, hers).await;
        let report = verify(&bed.options()).await;
        let user = |finding: &engine::verify::Finding| {
            finding.table == "users" && finding.id.as_deref() == Some(&ann.to_string())
        };
        assert!(report.findings.iter().any(user), "{:#?}", report.findings);
    }
}
