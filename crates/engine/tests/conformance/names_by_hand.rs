//! Names that somebody changes by hand: nobody else is paid, nothing else is moved, and nothing wrong is remembered.

crate::on_both!(
    the_scale_of_an_asset,
    the_codes_of_two_assets,
    the_names_of_two_users,
    a_forged_balance_that_is_gone_again,
);

mod cases {
    use domain::custody::OperationKind::{Deposit, Transfer};
    use domain::identity::Role;
    use domain::record::Val;
    use engine::{Engine, Error};
    use uuid::Uuid;

    use crate::attacker::{Attacker, Key, assert_intact, close, uuid_text};
    use crate::custody_desk::{asset, make, new, units, user_id};
    use crate::support::{Bed, create_user};

    /// BTC and ETH, and `ann` and `ben` with 5 BTC each, in a process that knows none of it yet.
    async fn fresh(bed: &Bed) -> Engine {
        let engine = bed.open().await;
        asset(&engine, "BTC", 8, None).await;
        asset(&engine, "ETH", 8, None).await;
        for name in ["ann", "ben", "cleo"] {
            create_user(&engine, name, Role::USER).await.unwrap();
        }
        for name in ["ann", "ben"] {
            make(&engine, new(Deposit, "-", &format!("user:{name}"), "5"))
                .await
                .unwrap();
        }
        close(engine).await;
        Engine::open(bed.options()).await.unwrap()
    }

    fn key(id: Uuid) -> Key {
        vec![("id".to_owned(), Val::Uuid(id))]
    }

    #[track_caller]
    fn assert_tampered<T: std::fmt::Debug>(result: Result<T, Error>, of: &str) {
        match result {
            Err(Error::Tampered { table, .. }) => assert_eq!(table, of),
            other => panic!("{other:?}"),
        }
    }

    /// One BTC goes from `ann` to `ben`, and everything is as it should be.
    async fn assert_right(bed: &Bed, engine: Engine) {
        make(&engine, new(Transfer, "user:ann", "user:ben", "1"))
            .await
            .unwrap();
        assert_eq!(units(&engine, "user:ann").await.0, 400_000_000);
        assert_eq!(units(&engine, "user:ben").await.0, 600_000_000);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn the_scale_of_an_asset(bed: Bed) {
        let engine = fresh(&bed).await;
        let mut attacker = Attacker::new(&bed).await;
        let btc = attacker.keys("assets", "code = 'BTC'").await.remove(0);
        attacker.set("assets", "scale", &btc, &4.into()).await.unwrap();
        let id: Uuid = uuid_text(&btc[0].1).parse().unwrap();
        assert_tampered(engine.asset_named("btc").await, "assets");
        assert_tampered(engine.asset(id).await, "assets");
        attacker.set("assets", "scale", &btc, &8.into()).await.unwrap();
        assert_right(&bed, engine).await;
    }

    pub async fn the_codes_of_two_assets(bed: Bed) {
        let engine = fresh(&bed).await;
        let mut attacker = Attacker::new(&bed).await;
        let btc = attacker.keys("assets", "code = 'BTC'").await.remove(0);
        let eth = attacker.keys("assets", "code = 'ETH'").await.remove(0);
        let swap = [(&btc, "X"), (&eth, "BTC"), (&btc, "ETH")];
        let back = [(&btc, "X"), (&eth, "ETH"), (&btc, "BTC")];
        for (key, code) in swap {
            attacker.set("assets", "code", key, &code.into()).await.unwrap();
        }
        assert_tampered(
            make(&engine, new(Transfer, "user:ann", "user:ben", "1")).await,
            "assets",
        );
        for (key, code) in back {
            attacker.set("assets", "code", key, &code.into()).await.unwrap();
        }
        assert_right(&bed, engine).await;
    }

    pub async fn the_names_of_two_users(bed: Bed) {
        let engine = fresh(&bed).await;
        let mut attacker = Attacker::new(&bed).await;
        let [ann, ben] = [user_id(&engine, "ann").await, user_id(&engine, "ben").await].map(key);
        let swap = [(&ann, "x"), (&ben, "ann"), (&ann, "ben")];
        let back = [(&ann, "x"), (&ben, "ben"), (&ann, "ann")];
        for (key, name) in swap {
            attacker
                .set("users", "username", key, &name.into())
                .await
                .unwrap();
        }
        for name in ["user:ann", "user:ben"] {
            assert_tampered(make(&engine, new(Deposit, "-", name, "1")).await, "users");
        }
        for (key, name) in back {
            attacker
                .set("users", "username", key, &name.into())
                .await
                .unwrap();
        }
        assert_right(&bed, engine).await;
    }

    /// `cleo` has no balance: she is not taken for somebody who has one once it was there.
    pub async fn a_forged_balance_that_is_gone_again(bed: Bed) {
        let engine = fresh(&bed).await;
        let btc = engine.asset_named("btc").await.unwrap();
        let balance = async |name: &str| {
            let name = format!("user:{name}");
            let account = engine.account_named("a", &name, Some(btc.id), true).await;
            account.unwrap().id()
        };
        let (hers, forged) = (balance("ann").await, balance("cleo").await);
        let mut attacker = Attacker::new(&bed).await;
        let mut row = attacker.row("balances", &key(hers)).await;
        let (id, user) = (
            attacker.position("balances", "id"),
            attacker.position("balances", "user_id"),
        );
        row.0[id] = forged.into();
        row.0[user] = user_id(&engine, "cleo").await.into();
        attacker.insert("balances", &row).await;
        assert_tampered(
            make(&engine, new(Transfer, "user:cleo", "user:ben", "1")).await,
            "balances",
        );
        attacker.delete("balances", &key(forged)).await;
        make(&engine, new(Deposit, "-", "user:cleo", "2")).await.unwrap();
        assert_eq!(units(&engine, "user:cleo").await.0, 200_000_000);
        assert_right(&bed, engine).await;
    }
}
