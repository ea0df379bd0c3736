//! A database that knew nothing of identity but users and keys still verifies, and goes on.

crate::on_both!(rows_of_the_first_schema_verify);

mod cases {
    use domain::Command;
    use domain::identity::api_key::ApiKey;
    use domain::identity::user::User;
    use domain::identity::{Role, Scope};
    use domain::record::{Record, Val, row_digest};
    use engine::Engine;
    use evidence::json;
    use serde_json::json;
    use sha2::{Digest, Sha256};
    use store::Conn;
    use store::migrate::MIGRATIONS;

    use crate::attacker::{assert_intact, close};
    use crate::catalogue;
    use crate::people::{code, log_in, person};
    use crate::support::{Bed, create_key, create_user, erase, numbered, record, submit};
    use domain::identity::api_key::RevokeApiKey;

    /// What the program made when there was one migration.
    async fn first_schema(conn: &mut Conn) {
        let (table, text) = match conn {
            Conn::Sqlite(_) => (
                "CREATE TABLE schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
                 checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
                MIGRATIONS[0].sqlite,
            ),
            Conn::Pg(_) => (
                "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, name text NOT NULL, \
                 checksum text NOT NULL, applied_at timestamptz NOT NULL)",
                MIGRATIONS[0].postgres,
            ),
        };
        conn.batch(table).await.unwrap();
        for statement in text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()) {
            conn.batch(statement).await.unwrap();
        }
        let checksum = json::hex(&Sha256::digest(text.as_bytes()));
        let args: [Val; 4] = [
            1.into(),
            MIGRATIONS[0].name.into(),
            checksum.into(),
            crate::people::now().into(),
        ];
        let sql =
            "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
        conn.exec(sql, &args).await.unwrap();
    }

    /// Copies the columns that the target has, in the order of references.
    async fn copy(from: &mut Conn, to: &mut Conn) {
        let tables = catalogue::tables(to).await;
        for table in ["log_head", "entries", "subtrees", "users", "api_keys", "erasures"] {
            let columns: Vec<_> = tables[table]
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            let columns = columns.join(", ");
            let rows = from
                .all(&format!("SELECT {columns} FROM {table}"), &[])
                .await
                .unwrap();
            for row in rows {
                let marks: Vec<_> = (1..=row.0.len()).map(|number| format!("${number}")).collect();
                let sql = format!("INSERT INTO {table} ({columns}) VALUES ({})", marks.join(", "));
                to.exec(&sql, &row.0).await.unwrap();
            }
        }
    }

    pub async fn rows_of_the_first_schema_verify(bed: Bed) {
        let newer = Bed::new(bed.on);
        let engine = newer.open().await;
        for (name, role) in [("ann", Role::ADMIN), ("bob", Role::VIEWER)] {
            create_user(&engine, name, role).await.unwrap();
        }
        let key = create_key(&engine, "ann", vec![Scope::Write]).await;
        let revoked = create_key(&engine, "bob", vec![Scope::Read]).await;
        submit(
            &engine,
            Command::RevokeApiKey(RevokeApiKey {
                id: crate::people::id(&revoked),
            }),
        )
        .await
        .unwrap();
        let timed = |number| domain::audit::Event {
            occurred_at: evidence::Timestamp::from_micros(
                1 + i64::try_from(number).unwrap() * 999_999_999_999,
            ),
            ..numbered(number)
        };
        record(&engine, (0..300).map(timed).collect()).await.unwrap();
        erase(&engine, vec![40]).await.unwrap();
        sealed_as_then(&engine, crate::people::id(&key)).await;
        let mut from = engine.db().writer().await.unwrap();

        store::Db::create(&bed.options().database).await.unwrap();
        let mut to = store::Db::new(bed.options().database)
            .unwrap()
            .writer()
            .await
            .unwrap();
        first_schema(&mut to).await;
        copy(&mut from, &mut to).await;
        drop((from, to));
        close(engine).await;
        let mut options = bed.options();
        let key_file = engine::keyfile::path(newer.dir.path());
        options.signing_key = Some(std::fs::read_to_string(key_file).unwrap());

        let Err(refused) = Engine::open(options.clone()).await else {
            panic!("opened with a schema that is too old")
        };
        assert!(refused.to_string().contains("migration 1"), "{refused}");
        let mut steps = Vec::new();
        let done = Engine::init(&options, &mut |step| steps.push((step.name, step.changed)))
            .await
            .unwrap();
        assert!(done.first_admin.is_none());
        assert!(steps.contains(&("schema", true)) && steps.contains(&("log", false)));
        assert_eq!(assert_intact(&options).await.entries.erased, 1);
        // And everything works there.
        let engine = Engine::open(options.clone()).await.unwrap();
        record(&engine, vec![numbered(1)]).await.unwrap();
        let rotated = engine
            .rotate_api_key(
                &crate::support::operator(),
                domain::Origin::default(),
                crate::people::id(&key),
                60,
            )
            .await;
        assert_eq!(code(rotated), "done");
        person(&engine, "cyd", Role::VIEWER).await;
        assert_eq!(
            code(log_in(&engine, "cyd", crate::people::PASSWORD).await),
            "done"
        );
        close(engine).await;
        assert_intact(&options).await;
    }

    /// The digests of rows without anything in the added columns are those of the first schema, member by member.
    async fn sealed_as_then(engine: &Engine, key: uuid::Uuid) {
        let jcs = |salt: &evidence::Salt, row: serde_json::Value| -> [u8; 32] {
            Sha256::new()
                .chain_update(salt.0)
                .chain_update(json::canonical(&row))
                .finalize()
                .into()
        };
        let user = engine.user_named("ann").await.unwrap().unwrap();
        let row = &user.row;
        let then = json!({
            "id": row.id.to_string(), "version": user.version, "entry": user.entry, "username": row.username,
            "email": null, "full_name": null, "role": "admin", "active": true, "password_hash": row.password_hash,
            "password_temporary": false, "created_at": row.created_at.to_string(),
            "updated_at": row.updated_at.to_string(),
        });
        let digest =
            |values: &[Val]| row_digest(User::TABLE, row.id, values, user.version, user.entry, &user.salt);
        assert_eq!(digest(&row.values()), jcs(&user.salt, then));
        // Anything in an added column is covered.
        let changed = User {
            erased_at: Some(row.created_at),
            ..row.clone()
        };
        assert_ne!(digest(&changed.values()), digest(&row.values()));

        let mut conn = engine.db().reader().await.unwrap();
        let rows = store::sealed::by_key::<ApiKey>(
            &mut conn,
            "id",
            domain::record::Kind::Uuid,
            &[key.into()],
            store::conn::Lock::None,
        )
        .await;
        let sealed = rows.unwrap().pop().unwrap();
        let row = &sealed.row;
        let then = json!({
            "id": row.id.to_string(), "version": sealed.version, "entry": sealed.entry,
            "user_id": row.user_id.to_string(), "name": row.name, "shown": row.shown, "hash": json::hex(&row.hash),
            "scopes": "write", "created_at": row.created_at.to_string(), "expires_at": null, "revoked_at": null,
        });
        let digest = row_digest(
            ApiKey::TABLE,
            row.id,
            &row.values(),
            sealed.version,
            sealed.entry,
            &sealed.salt,
        );
        assert_eq!(digest, jcs(&sealed.salt, then));
    }
}
