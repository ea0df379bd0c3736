//! A database made of another one's rows, on either engine, and put in a place.

crate::on_both!(
    loaded_into_either_engine,
    an_older_schema_is_loaded_and_migrated,
    what_does_not_belong_together_is_not_loaded,
    a_place_in_use_is_not_taken,
    a_place_is_taken_whole,
);

mod cases {
    use domain::record::Val;
    use domain::tables::SEALED;
    use engine::{Engine, EntryKey, Options};
    use evidence::Timestamp;
    use store::db::Settings;
    use store::load::Loading;
    use store::place::{Found, Place};
    use store::side::SeenKind;
    use store::{Conn, Db, EntryRow, Error, Head, StoredEntry, sealed};
    use tlog::{Hash, RightEdge};

    use crate::attacker::{assert_intact, close};
    use crate::support::{Bed, On, numbered, record, rich_log};

    async fn conn(settings: &Settings) -> Conn {
        Db::new(settings.clone()).unwrap().writer().await.unwrap()
    }

    /// Loads all that the one has into the other, at this version of the schema; rows of `left_out` are not.
    async fn load(from: &Settings, to: &Settings, version: i64, left_out: &str) -> Result<(), Error> {
        let mut from = conn(from).await;
        let head = Head::load(&mut from).await.unwrap().unwrap();
        let mut loading = Loading::begin(to, version, Timestamp::EPOCH).await?;
        let select = format!("{} ORDER BY entry", StoredEntry::SELECT);
        let mut edge = RightEdge::new();
        for part in from.all(&select, &[]).await.unwrap().chunks(100) {
            let mut subtrees = Vec::new();
            let entry = |row| EntryRow::of(StoredEntry::read(row).unwrap()).unwrap();
            let entries: Vec<EntryRow> = part.iter().map(entry).collect();
            for entry in &entries {
                edge.push_with(Hash::leaf(entry.leaf.as_bytes()), |node, hash| {
                    if store::head::is_stored(node) {
                        subtrees.push((node, hash));
                    }
                });
            }
            loading.entries(&entries, &subtrees).await?;
        }
        assert_eq!(edge, head.edge);
        for table in SEALED.iter().filter(|table| table.name != left_out) {
            let rows = from.all(&sealed::select(table), &[]).await.unwrap();
            if rows.is_empty() {
                assert!(version < newest(), "there is nothing in {}", table.name);
                continue;
            }
            let rows = rows
                .into_iter()
                .map(|row| sealed::read(table, row).unwrap())
                .collect();
            let columns = loading.columns(table).await?;
            let columns = columns.ok_or_else(|| Error::data(format!("no table {}", table.name)))?;
            loading.rows(table, &columns, rows).await?;
        }
        loading
            .marks(vec![(SeenKind::User, uuid::Uuid::from_u128(1), head.at)])
            .await?;
        loading.finish(&head, Timestamp::EPOCH).await
    }

    fn newest() -> i64 {
        store::migrate::MIGRATIONS.last().unwrap().version
    }

    /// The options of the log in another database.
    fn at(options: &Options, settings: &Settings) -> Options {
        Options {
            database: settings.clone(),
            // It is that of one database.
            guard: false,
            ..options.clone()
        }
    }

    pub async fn loaded_into_either_engine(bed: Bed) {
        close(rich_log(&bed).await).await;
        // What says that the rules are other ones is there before receipts are taken.
        let engine = Engine::open(bed.options()).await.unwrap();
        let last = *engine.size().borrow() - 1;
        let receipt = engine.receipt(EntryKey::Index(last)).await.unwrap();
        close(engine).await;
        let before = assert_intact(&bed.options()).await;
        for on in [On::Sqlite, On::Postgres] {
            let other = Bed::new(on);
            let options = at(&bed.options(), &other.options().database);
            load(&bed.options().database, &options.database, newest(), "")
                .await
                .unwrap();
            let after = assert_intact(&options).await;
            assert_eq!(
                (&before.root, before.size, before.entries),
                (&after.root, after.size, after.entries)
            );
            assert_eq!(before.rows_checked, after.rows_checked);
            let engine = Engine::open(options.clone()).await.unwrap();
            assert_eq!(engine.receipt(EntryKey::Index(last)).await.unwrap(), receipt);
            record(&engine, vec![numbered(1)]).await.unwrap();
            close(engine).await;
            assert_intact(&options).await;
        }
    }

    pub async fn an_older_schema_is_loaded_and_migrated(bed: Bed) {
        close(rich_log(&bed).await).await;
        let other = Bed::new(bed.on);
        let options = at(&bed.options(), &other.options().database);
        // The version after which tables have got no column.
        load(&bed.options().database, &options.database, 28, "")
            .await
            .unwrap();
        assert_intact(&options).await;
        let other = Bed::new(bed.on);
        let loaded = load(&bed.options().database, &other.options().database, 9, "").await;
        loaded.unwrap_err();
    }

    pub async fn what_does_not_belong_together_is_not_loaded(bed: Bed) {
        close(rich_log(&bed).await).await;
        let other = Bed::new(bed.on);
        let error = load(
            &bed.options().database,
            &other.options().database,
            newest(),
            "users",
        )
        .await
        .unwrap_err();
        let expected = match bed.on {
            On::Sqlite => "refers to one of users that is not there",
            On::Postgres => "violates foreign key constraint",
        };
        assert!(error.message.contains(expected), "{error}");
    }

    async fn held(settings: &Settings) -> Result<Place, Error> {
        Place::hold(settings).await
    }

    pub async fn a_place_in_use_is_not_taken(bed: Bed) {
        let engine = bed.open().await;
        let settings = bed.options().database;
        let error = held(&settings).await.err().unwrap();
        assert_eq!(error.kind, store::ErrorKind::Retry);
        assert!(error.message.contains("another process"), "{error}");
        record(&engine, vec![numbered(1)]).await.unwrap();
        close(engine).await;
        crate::people::until(
            "the engine is closed",
            std::time::Duration::from_mins(1),
            async || held(&settings).await.is_ok(),
        )
        .await;
        let first = held(&settings).await.unwrap();
        let error = held(&settings).await.err().unwrap();
        assert!(error.message.contains("another"), "{error}");
        if bed.on == On::Postgres {
            let refused = Engine::open(bed.options()).await.err().unwrap();
            assert!(
                refused.to_string().contains("the database is being restored"),
                "{refused}"
            );
        }
        drop(first);
        crate::people::until(
            "it is free again",
            std::time::Duration::from_mins(1),
            async || Engine::open(bed.options()).await.is_ok(),
        )
        .await;
    }

    pub async fn a_place_is_taken_whole(bed: Bed) {
        let engine = rich_log(&bed).await;
        let size = *engine.size().borrow();
        close(engine).await;
        let settings = bed.options().database;
        let other = Bed::new(bed.on);
        let copy = other.options().database;
        load(&settings, &copy, newest(), "").await.unwrap();
        drop(conn(&settings).await);
        let mut place = loop {
            // A connection ends a moment after it is dropped.
            match held(&settings).await {
                Ok(place) => break place,
                Err(error) => assert_eq!(error.kind, store::ErrorKind::Retry),
            }
        };
        assert!(matches!(place.found().await.unwrap(), Found::Log(head) if head.edge.size() == size));
        let aside = place.aside();
        load(&copy, &aside, newest(), "").await.unwrap();
        place.give_up().await.unwrap();
        assert!(
            Engine::open(at(&bed.options(), &aside)).await.is_err(),
            "nothing is left of it"
        );
        let mut place = held(&settings).await.unwrap();
        load(&copy, &place.aside(), newest(), "").await.unwrap();
        assert!(matches!(place.found().await.unwrap(), Found::Log(_)));
        let kept = place.take("20261128T021500Z").await.unwrap().unwrap();
        assert!(
            kept.contains("before_restore_2026") || kept.contains("before-restore-2026"),
            "{kept}"
        );
        assert_intact(&bed.options()).await;
        let mut old = settings.clone();
        match bed.on {
            On::Sqlite => old.location = store::db::Location::Sqlite(kept.into()),
            On::Postgres => old.schema = Some(kept),
        }
        assert_intact(&at(&bed.options(), &old)).await;
        let mut new = conn(&settings).await;
        let key = ["user".into(), Val::Uuid(uuid::Uuid::from_u128(1))];
        let sql = "SELECT id FROM last_seen WHERE kind = $1 AND id = $2";
        let seen = new.all(sql, &key).await.unwrap();
        assert_eq!(seen.len(), 1, "the new one is there");
    }
}
