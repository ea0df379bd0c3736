//! Times in rows are those of the entries that wrote them.

crate::on_both!(the_time_of_a_change_is_that_of_its_entry);

mod cases {
    use domain::Command;
    use domain::identity::Role;
    use domain::identity::user::UpdateUser;
    use store::Conn;

    use crate::attacker::close;
    use crate::support::{Bed, create_user, rich_log, submit};

    async fn count(conn: &mut Conn, sql: &str) -> i64 {
        conn.opt(sql, &[]).await.unwrap().unwrap().int(0).unwrap()
    }

    /// Rows that a first entry wrote, rows that a later one changed, and rows where a time is another than the entry's.
    async fn written(conn: &mut Conn, table: &str, made: &str, changed: &str) -> [i64; 3] {
        let from = format!("SELECT count(*) FROM {table} t JOIN entries e ON e.entry = t.entry");
        let first = count(conn, &format!("{from} WHERE t.version = 1 AND t.{made} = e.at")).await;
        let later = count(
            conn,
            &format!("{from} WHERE t.version > 1 AND t.{changed} = e.at AND t.{made} < e.at"),
        )
        .await;
        let all = count(conn, &format!("SELECT count(*) FROM {table}")).await;
        [first, later, all - first - later]
    }

    pub async fn the_time_of_a_change_is_that_of_its_entry(bed: Bed) {
        let engine = rich_log(&bed).await;
        create_user(&engine, "tim", Role::VIEWER).await.unwrap();
        let before = engine.user_named("tim").await.unwrap().unwrap().row;
        assert_eq!(before.created_at, before.updated_at);
        let update = UpdateUser {
            user: before.id,
            version: None,
            username: None,
            email: None,
            full_name: Some(Some("Tim".to_owned())),
        };
        // What changes nothing leaves the time as it was.
        for _ in 0..2 {
            submit(&engine, Command::UpdateUser(update.clone()))
                .await
                .unwrap();
        }
        let after = engine.user_named("tim").await.unwrap().unwrap();
        assert_eq!((after.version, after.row.created_at), (2, before.created_at));
        let entry = engine
            .entry(engine::EntryKey::Index(after.entry))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(after.row.updated_at, entry.at);
        assert!(after.row.updated_at > before.updated_at);

        let mut conn = engine.db().writer().await.unwrap();
        for (table, made, changed) in [
            ("users", "created_at", "updated_at"),
            ("operations", "created_at", "updated_at"),
        ] {
            let [first, later, other] = written(&mut conn, table, made, changed).await;
            assert!(first > 0 && later > 0, "{table}: {first} {later}");
            assert_eq!(
                other, 0,
                "{table}: rows whose time is not that of the entry that wrote them"
            );
        }
        close(engine).await;
    }
}
