//! The schema, one migration forward and back: each way back leads where its migration began, and takes nothing that the log's
//! seals are over.

crate::on_both!(
    each_way_back_leads_where_its_migration_began,
    what_rows_hold_is_not_taken,
    a_database_in_use_stays_as_it_is,
);

mod cases {
    use engine::database::roll_back;
    use engine::{Engine, Error};
    use evidence::Timestamp;
    use store::migrate::{self, MIGRATIONS, RolledBack};
    use store::schema;
    use store::{Conn, Db};

    use crate::attacker::{assert_intact, close};
    use crate::support::{Bed, numbered, record, rich_log, until_free};

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

    pub async fn what_rows_hold_is_not_taken(bed: Bed) {
        close(rich_log(&bed).await).await;
        until_free(&bed.options()).await;
        let before = assert_intact(&bed.options()).await;
        let settings = bed.options().database;
        let lost = loop {
            match roll_back(&settings).await.unwrap() {
                RolledBack::Done(..) => {}
                RolledBack::WouldLose { what, rows } => break (what, rows),
                other @ RolledBack::NoWay(..) => panic!("{other:?}"),
            }
        };
        let mut conn = Db::new(settings.clone()).unwrap().writer().await.unwrap();
        let (table, column) = lost.0.split_once('.').unwrap();
        let sql = format!("SELECT count(*) FROM {table} WHERE {column} IS NOT NULL");
        let row = conn.opt(&sql, &[]).await.unwrap().unwrap();
        assert!(lost.1 > 0);
        assert_eq!(row.unsigned(0).unwrap(), lost.1, "{lost:?}");
        drop(conn);
        // Again it is the same: nothing of the step was done.
        let again = roll_back(&settings).await.unwrap();
        assert_eq!(
            again,
            RolledBack::WouldLose {
                what: lost.0,
                rows: lost.1
            }
        );
        Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
        let after = assert_intact(&bed.options()).await;
        assert_eq!((before.root, before.size), (after.root, after.size));
        let engine = Engine::open(bed.options()).await.unwrap();
        record(&engine, vec![numbered(1)]).await.unwrap();
        close(engine).await;
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
        until_free(&bed.options()).await;
        assert!(matches!(
            roll_back(&settings).await.unwrap(),
            RolledBack::Done(..)
        ));
    }
}
