//! The schema, one migration forward and back: each way back leads where its migration began, and takes nothing that the log's
//! seals are over.

crate::on_both!(
    each_way_back_leads_where_its_migration_began,
    what_rows_hold_is_not_taken,
    a_database_in_use_stays_as_it_is,
);

mod cases {
    use std::time::Duration;

    use domain::custody::OperationKind;
    use domain::custody::asset::CreateAsset;
    use domain::identity::Role;
    use engine::custody::NewOperation;
    use engine::database::{Settings, roll_back};
    use engine::{Engine, Error};
    use evidence::Timestamp;
    use store::migrate::{self, MIGRATIONS, RolledBack};
    use store::schema;
    use store::{Conn, Db};

    use crate::attacker::{assert_intact, close};
    use crate::people::{open_with, until};
    use crate::support::{Bed, create_user, numbered, record, rich_log, submit, until_free};

    async fn made(bed: &Bed, version: i64) -> Conn {
        let settings = bed.options().database;
        Db::create(&settings).await.unwrap();
        let mut conn = Db::new(settings).unwrap().writer().await.unwrap();
        migrate::migrate_to(&mut conn, version, Timestamp::EPOCH)
            .await
            .unwrap();
        conn
    }

    fn newest() -> i64 {
        MIGRATIONS.last().unwrap().version
    }

    pub async fn each_way_back_leads_where_its_migration_began(bed: Bed) {
        let mut conn = made(&bed, newest()).await;
        let mut version = newest();
        let last = loop {
            match migrate::roll_back(&mut conn).await.unwrap() {
                RolledBack::Done(undone, _) => assert_eq!(undone, version),
                other => break other,
            }
            version -= 1;
            let other = Bed::new(bed.on);
            let mut expected = made(&other, version).await;
            assert_eq!(
                schema::found(&mut conn).await.unwrap(),
                schema::found(&mut expected).await.unwrap(),
                "migration {version}"
            );
            assert_eq!(migrate::state(&mut conn).await.unwrap().applied, version);
        };
        // Only what was made before there were ways back has none.
        let without = MIGRATIONS.iter().filter(|migration| migration.back.is_none());
        assert_eq!(
            last,
            RolledBack::NoWay(version, MIGRATIONS[usize::try_from(version).unwrap() - 1].name)
        );
        assert_eq!(without.count(), 13);
        let listed = migrate::list(&mut conn).await.unwrap();
        let pending = listed.iter().filter(|one| one.applied_at.is_none()).count();
        assert_eq!(i64::try_from(pending).unwrap(), newest() - version);
        migrate::migrate(&mut conn, Timestamp::EPOCH).await.unwrap();
        let compared = schema::compare(&mut conn).await.unwrap();
        assert_eq!((compared.faults, compared.unknown), (Vec::new(), Vec::new()));
    }

    /// Goes back until that would lose something: what, and in how many rows.
    async fn back(settings: &Settings) -> (String, u64) {
        loop {
            match roll_back(settings).await.unwrap() {
                RolledBack::Done(..) => {}
                RolledBack::WouldLose { what, rows } => return (what, rows),
                other @ RolledBack::NoWay(..) => panic!("{other:?}"),
            }
        }
    }

    /// Goes back as far as it goes, and forward again: nothing was lost.
    async fn keeps(bed: &Bed, expected: &str) {
        let options = bed.options();
        until_free(&options).await;
        let before = assert_intact(&options).await;
        let (what, rows) = back(&options.database).await;
        assert_eq!(what, expected);
        let mut conn = Db::new(options.database.clone()).unwrap().writer().await.unwrap();
        let (table, column) = what.split_once('.').unwrap_or((&what, "id"));
        let sql = format!("SELECT count({column}) FROM {table}");
        let row = conn.opt(&sql, &[]).await.unwrap().unwrap();
        assert!(rows > 0 && row.unsigned(0).unwrap() == rows, "{rows}");
        drop(conn);
        // Again it is the same: nothing of the step was done.
        assert_eq!(back(&options.database).await, (what, rows));
        Engine::init(&options, &mut |_| {}).await.unwrap();
        let after = assert_intact(&options).await;
        assert_eq!((before.root, before.size), (after.root, after.size));
        let engine = Engine::open(options).await.unwrap();
        record(&engine, vec![numbered(1)]).await.unwrap();
        close(engine).await;
    }

    pub async fn what_rows_hold_is_not_taken(bed: Bed) {
        // Columns, of everything that there is.
        close(rich_log(&bed).await).await;
        keeps(&bed, "executions.told").await;
        // A table.
        let bed = Bed::new(bed.on);
        Box::pin(crate::retention::rich_past(&bed)).await;
        let engine = Box::pin(open_with(&bed, crate::retention::rules)).await;
        Box::pin(crate::retention::prune(&engine)).await;
        close(engine).await;
        keeps(&bed, "prunings").await;
        // A column, where there is nothing of what came later.
        let bed = Bed::new(bed.on);
        let engine = bed.open().await;
        create_user(&engine, "ann", Role::USER).await.unwrap();
        let asset = CreateAsset {
            id: None,
            code: "EUR".to_owned(),
            name: "Euro".to_owned(),
            scale: 2,
            chain: None,
        };
        submit(&engine, asset.into()).await.unwrap();
        let deposit = NewOperation {
            asset: Some("EUR".to_owned()),
            amount: Some("7".to_owned()),
            credit: Some("user:ann".to_owned()),
            ..NewOperation::new(OperationKind::Deposit)
        };
        let deposit = engine.prepare_operation(deposit, None).await.unwrap();
        submit(&engine, deposit.into()).await.unwrap();
        close(engine).await;
        keeps(&bed, "users.balances").await;
    }

    pub async fn a_database_in_use_stays_as_it_is(bed: Bed) {
        let settings = bed.options().database;
        let engine = bed.open().await;
        let refused = roll_back(&settings).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Problem { hint, .. } if hint.contains("stop the server")),
            "{refused}"
        );
        let state = migrate::state(&mut engine.db().reader().await.unwrap())
            .await
            .unwrap();
        assert_eq!(state.applied, newest());
        close(engine).await;
        // PostgreSQL hears a moment later that a connection has ended.
        until("it is rolled back", Duration::from_mins(1), async || {
            matches!(roll_back(&settings).await, Ok(RolledBack::Done(..)))
        })
        .await;
    }
}
