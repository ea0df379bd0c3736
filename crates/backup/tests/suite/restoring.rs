//! A backup in the place of a database, on either engine, whatever it came from.

crate::on_both!(
    into_either_engine,
    what_was_erased_stays_erased,
    what_must_not_be_done_is_not,
    an_old_database_is_replaced,
    a_backup_is_checked_without_a_database,
);

mod cases {
    use backup::place::{Folder, Place};
    use backup::{Error, RestoreHow, Restored};
    use engine::{Engine, EntryKey, Options};
    use store::db::Location;

    use crate::attacker::{assert_intact, close};
    use crate::opened::{folder, write_to};
    use crate::people::until;
    use crate::support::{Bed, On, erase, event, numbered, operator, record, rich_log};

    #[derive(Clone, Copy, Default)]
    struct Asked {
        replace: bool,
        shorter: bool,
    }

    async fn restore(options: &Options, place: &Folder, name: &str, asked: Asked) -> Result<Restored, Error> {
        let (options, place, name) = (options.clone(), place.clone(), name.to_owned());
        let restoring = tokio::task::spawn_blocking(move || {
            let how = RestoreHow {
                caller: &operator(),
                reason: "the disk broke",
                replace: asked.replace,
                shorter: asked.shorter,
                identity: None,
            };
            backup::restore(&place, &name, &options, &how, &|_| {})
        });
        restoring.await.unwrap()
    }

    /// Options of another machine that has been given the log's key.
    fn elsewhere(bed: &Bed, other: &Bed) -> Options {
        let key = std::fs::read_to_string(engine::keyfile::path(bed.dir.path())).unwrap();
        Options {
            signing_key: Some(key),
            ..other.options()
        }
    }

    pub async fn into_either_engine(bed: Bed) {
        close(rich_log(&bed).await).await;
        let before = assert_intact(&bed.options()).await;
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        let old = Engine::open(bed.options()).await.unwrap();
        for on in [On::Sqlite, On::Postgres] {
            let other = Bed::new(on);
            let options = elsewhere(&bed, &other);
            let restored = restore(&options, &place, &sidecar.file, Asked::default())
                .await
                .unwrap();
            assert_eq!(
                (&restored.report.root, restored.report.size),
                (&before.root, before.size)
            );
            assert_eq!(restored.report.rows_checked, before.rows_checked);
            assert_eq!((restored.known, &restored.kept), (None, &None));
            assert_intact(&options).await;
            let new = Engine::open(options.clone()).await.unwrap();
            for index in 0..before.size {
                let [one, two] = [&old, &new].map(|engine| engine.entry(EntryKey::Index(index)));
                let shown = |entry| serde_json::to_value(entry).unwrap();
                assert_eq!(
                    shown(one.await.unwrap()),
                    shown(two.await.unwrap()),
                    "entry {index}"
                );
            }
            let entry = new.entry(EntryKey::Index(restored.entry)).await.unwrap().unwrap();
            assert_eq!(entry.action, "log.acknowledge_restore");
            let details = entry.details.unwrap().0;
            assert_eq!(details["found_checkpoint"], sidecar.checkpoint.as_str());
            assert!(!details.contains_key("remembered_checkpoint"));
            record(&new, vec![numbered(1)]).await.unwrap();
            close(new).await;
        }
        close(old).await;
    }

    pub async fn what_was_erased_stays_erased(bed: Bed) {
        let engine = rich_log(&bed).await;
        let before = *engine.size().borrow();
        let marked = |word: &str| {
            event(&format!(
                r#"{{"actor":{{"kind":"external","name":"{word}"}},"action":"tick","details":{{"x":"{word}"}}}}"#
            ))
        };
        record(
            &engine,
            vec![
                marked("Firstlyerased"),
                marked("Laterwardserased"),
                marked("Keptforever"),
            ],
        )
        .await
        .unwrap();
        erase(&engine, vec![before]).await.unwrap();
        let user = engine.user_named("bob").await.unwrap().unwrap().row.id;
        let place = folder(bed.dir.path());
        let early = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        erase(&engine, vec![before + 1]).await.unwrap();
        engine
            .erase_user(&operator(), domain::Origin::default(), user, "asked for")
            .await
            .unwrap();
        // What a later entry erased that the backup has not is passed over.
        record(&engine, vec![marked("Beyond")]).await.unwrap();
        let last = *engine.size().borrow() - 1;
        erase(&engine, vec![last]).await.unwrap();
        close(engine).await;
        write_to(&bed.options(), &place, false, |_| {}).await.unwrap();

        for on in [On::Sqlite, On::Postgres] {
            let other = Bed::new(on);
            let options = elsewhere(&bed, &other);
            let restored = restore(&options, &place, &early.file, Asked::default())
                .await
                .unwrap();
            assert_eq!((restored.again.users, restored.again.not_erased.len()), (1, 0));
            assert!(restored.again.entries > 1, "{:?}", restored.again);
            let report = assert_intact(&options).await;
            assert!(report.erased > restored.report.erased);
            let engine = Engine::open(options.clone()).await.unwrap();
            let erased = engine.entry(EntryKey::Index(before + 1)).await.unwrap().unwrap();
            assert!(erased.details.is_none());
            assert!(engine.user_named("bob").await.unwrap().is_none());
            close(engine).await;
            if let Location::Sqlite(path) = &options.database.location {
                let bytes = std::fs::read(path).unwrap();
                let holds = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
                assert!(holds("Keptforever"));
                assert!(!holds("Firstlyerased") && !holds("Laterwardserased"));
            }
            // Once more, from the backup that has all of it: nothing is left to do.
            let newest = backup::newest(&place, None).unwrap();
            let again = Bed::new(on);
            let restored = restore(&elsewhere(&bed, &again), &place, &newest, Asked::default())
                .await
                .unwrap();
            assert_eq!((restored.again.users, restored.again.entries), (0, 0));
        }
    }

    fn refused(result: Result<Restored, Error>) -> (&'static str, String) {
        match result {
            Err(Error::Refused { code, message, .. }) => (code, message),
            other => panic!("{other:?}"),
        }
    }

    pub async fn what_must_not_be_done_is_not(bed: Bed) {
        let engine = rich_log(&bed).await;
        let size = *engine.size().borrow();
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        record(&engine, vec![numbered(1), numbered(2)]).await.unwrap();
        let asked = Asked {
            replace: true,
            shorter: true,
        };
        let (code, message) = refused(restore(&bed.options(), &place, &sidecar.file, asked).await);
        assert_eq!(code, "database_in_use", "{message}");
        close(engine).await;
        until(
            "nobody has it open",
            std::time::Duration::from_mins(1),
            async || {
                refused(restore(&bed.options(), &place, &sidecar.file, Asked::default()).await).0
                    != "database_in_use"
            },
        )
        .await;
        let (code, message) = refused(restore(&bed.options(), &place, &sidecar.file, Asked::default()).await);
        assert_eq!(code, "database_not_empty", "{message}");
        assert!(
            message.contains(&format!("holds {} entries", size + 2)),
            "{message}"
        );
        let asked = Asked {
            replace: true,
            shorter: false,
        };
        let (code, message) = refused(restore(&bed.options(), &place, &sidecar.file, asked).await);
        assert_eq!(code, "log_shorter");
        assert!(
            message.contains(&format!("has {size} entries, {} are remembered", size + 2)),
            "{message}"
        );
        // Another log's key, and none.
        let other = Bed::new(bed.on);
        let (code, _) = refused(restore(&other.options(), &place, &sidecar.file, asked).await);
        assert_eq!(code, "no_signing_key");
        close(other.open().await).await;
        let error = restore(&other.options(), &place, &sidecar.file, asked)
            .await
            .unwrap_err();
        let Error::Fault(fault) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(fault.member, "manifest.json");
        assert!(
            fault.expected.starts_with("the log localhost/probity-"),
            "{fault}"
        );
        // A file that is not the one that lies beside it: what was there stays.
        let path = bed.dir.path().join("backups").join(&sidecar.file);
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let asked = Asked {
            replace: true,
            shorter: true,
        };
        let error = restore(&bed.options(), &place, &sidecar.file, asked)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Fault(_)), "{error:?}");
        assert_eq!(assert_intact(&bed.options()).await.size, size + 2);
    }

    pub async fn an_old_database_is_replaced(bed: Bed) {
        let engine = rich_log(&bed).await;
        let size = *engine.size().borrow();
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        record(&engine, vec![numbered(1), numbered(2)]).await.unwrap();
        let newest = engine.checkpoint().await.unwrap();
        close(engine).await;
        let asked = Asked {
            replace: true,
            shorter: true,
        };
        let mut restored = None;
        until(
            "nobody has it open",
            std::time::Duration::from_mins(1),
            async || {
                restored = restore(&bed.options(), &place, &sidecar.file, asked).await.ok();
                restored.is_some()
            },
        )
        .await;
        let restored = restored.unwrap();
        assert_eq!(restored.known, Some(size + 2));
        let mut old = bed.options();
        old.guard = false;
        match (&mut old.database.location, restored.kept.unwrap()) {
            (Location::Sqlite(path), kept) => *path = kept.into(),
            (Location::Postgres(_), kept) => old.database.schema = Some(kept),
        }
        assert_eq!(assert_intact(&old).await.size, size + 2);
        assert_intact(&bed.options()).await;
        let engine = Engine::open(bed.options()).await.unwrap();
        let entry = engine
            .entry(EntryKey::Index(restored.entry))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(entry.details.unwrap().0["remembered_checkpoint"], newest.as_str());
        close(engine).await;
        // Killed before the guard was told: the log itself says what was given up.
        engine::guard::write(bed.dir.path(), &newest).unwrap();
        close(Engine::open(bed.options()).await.unwrap()).await;
        assert_intact(&bed.options()).await;
        assert_ne!(engine::guard::read(bed.dir.path()).unwrap().unwrap(), newest);
    }

    pub async fn a_backup_is_checked_without_a_database(bed: Bed) {
        close(rich_log(&bed).await).await;
        let before = assert_intact(&bed.options()).await;
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        let aside = testkit::temp_dir("verified");
        for full in [false, true] {
            let (place, name, folder) = (place.clone(), sidecar.file.clone(), aside.path().to_owned());
            let checking = tokio::task::spawn_blocking(move || {
                backup::check(&place, &name, (None, full.then_some(&folder)), &|_| {})
            });
            let (contents, report) = checking.await.unwrap().unwrap();
            assert_eq!(
                (contents.end.entries, contents.edge.root().to_base64()),
                (before.size, before.root.clone())
            );
            assert_eq!(
                report.map(|report| report.rows_checked),
                full.then(|| before.rows_checked.clone())
            );
        }
        assert_eq!(
            std::fs::read_dir(aside.path()).unwrap().count(),
            0,
            "nothing is left"
        );
        let listed = backup::list(&place, None).unwrap().backups;
        assert!(listed[0].verified_at.is_some());
        place.remove(&sidecar.file).unwrap();
    }
}
