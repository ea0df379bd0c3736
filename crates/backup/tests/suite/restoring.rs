//! A backup in the place of a database, on either engine, whatever it came from.

crate::on_both!(
    into_either_engine,
    what_was_acknowledged_before_is_in_it,
    what_was_erased_stays_erased,
    what_was_erased_after_going_back_stays_erased,
    what_must_not_be_done_is_not,
    what_is_of_another_program_stays,
    an_old_database_is_replaced,
);

pub mod cases {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    use backup::place::{Folder, Place};
    use backup::{Error, RestoreHow, Restored, Unproven};
    use domain::Reply;
    use engine::verify::VerifyProgress;
    use engine::{Engine, EntryKey, Options};
    use store::db::Location;

    use crate::attacker::{assert_intact, close};
    use crate::opened::{folder, write_to};
    use crate::people::until;
    use crate::support::{Bed, On, erase, event, numbered, operator, record, rich_log};

    #[derive(Clone, Copy, Default)]
    pub struct Asked {
        pub replace: bool,
        pub shorter: bool,
        pub unproven: Option<Unproven>,
    }

    /// In the place of whatever is there.
    pub const ANYWAY: Asked = Asked {
        replace: true,
        shorter: true,
        unproven: None,
    };

    pub async fn restore(
        options: &Options,
        place: &Folder,
        name: &str,
        asked: Asked,
    ) -> Result<Restored, Error> {
        restore_with(options, place, name, asked, |_| {}).await
    }

    pub async fn restore_with<P: Place + Clone + 'static>(
        options: &Options,
        place: &P,
        name: &str,
        asked: Asked,
        progress: impl Fn(VerifyProgress) + Send + Sync + 'static,
    ) -> Result<Restored, Error> {
        let (options, place, name) = (options.clone(), place.clone(), name.to_owned());
        let restoring = tokio::task::spawn_blocking(move || {
            let how = RestoreHow {
                caller: &operator(),
                reason: "the disk broke",
                replace: asked.replace,
                shorter: asked.shorter,
                identity: None,
                also: None,
                unproven: asked.unproven,
            };
            backup::restore(&place, &name, &options, &how, &progress)
        });
        restoring.await.unwrap()
    }

    /// Options of another machine that has been given the log's key.
    pub fn elsewhere(bed: &Bed, other: &Bed) -> Options {
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

    /// Taken while others append as fast as they can, of a log of more than a member.
    pub async fn what_was_acknowledged_before_is_in_it(bed: Bed) {
        let engine = bed.open().await;
        // More than is left for the snapshot.
        for _ in 0..10 {
            record(&engine, (0..1_000).map(numbered).collect()).await.unwrap();
        }
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let append = || {
            let (engine, acknowledged, over) = (engine.clone(), Arc::clone(&acknowledged), Arc::clone(&over));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let answer = record(&engine, (0..25).map(numbered).collect()).await.unwrap();
                    let Reply::Recorded(recorded) = answer.reply else {
                        panic!("{answer:?}")
                    };
                    let now = engine::now();
                    acknowledged
                        .lock()
                        .unwrap()
                        .extend(recorded.iter().map(|one| (one.place.unwrap().index, one.id, now)));
                }
            })
        };
        let appending = [append(), append()];
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        over.store(true, Ordering::Relaxed);
        for task in appending {
            task.await.unwrap();
        }
        let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
        close(engine).await;
        let in_it = |index: u64| index < sidecar.entries;
        let beside = acknowledged.iter().filter(|(index, ..)| in_it(*index)).count();
        assert!(
            beside > 0 && beside < acknowledged.len(),
            "it was not taken beside those who append"
        );
        for (index, _, at) in &acknowledged {
            assert!(
                in_it(*index) || *at >= sidecar.snapshot_at,
                "entry {index} is missing"
            );
        }
        for on in [On::Sqlite, On::Postgres] {
            let other = Bed::new(on);
            let options = elsewhere(&bed, &other);
            let restored = restore(&options, &place, &sidecar.file, Asked::default())
                .await
                .unwrap();
            assert_eq!(
                (restored.report.size, restored.report.intact),
                (sidecar.entries, true)
            );
            let engine = Engine::open(options).await.unwrap();
            let beside = acknowledged.iter().filter(|(index, ..)| in_it(*index));
            for (index, id, _) in beside.step_by(29) {
                let entry = engine.entry(EntryKey::Index(*index)).await.unwrap().unwrap();
                assert_eq!(entry.id, *id);
            }
            close(engine).await;
        }
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
            assert!(report.entries.erased > restored.report.entries.erased);
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

    /// Two commands of one index: the log went back between them.
    pub async fn what_was_erased_after_going_back_stays_erased(bed: Bed) {
        let engine = rich_log(&bed).await;
        let zoe = *engine.size().borrow();
        record(&engine, vec![numbered(1)]).await.unwrap();
        let place = folder(bed.dir.path());
        let early = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        record(&engine, vec![numbered(2)]).await.unwrap();
        erase(&engine, vec![zoe + 1]).await.unwrap();
        write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        close(engine).await;
        let restored = until_restored(&bed.options(), &place, &early.file, ANYWAY).await;
        assert_eq!((restored.entry, restored.again.entries), (zoe + 1, 0));
        let engine = Engine::open(bed.options()).await.unwrap();
        erase(&engine, vec![zoe]).await.unwrap();
        write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        close(engine).await;
        let names = place.names().unwrap();
        let erased = names.iter().find(|name| name.contains("-erased-")).unwrap();
        for end in [".bak", ".partial"] {
            place.add(&format!("{erased}{end}"), b"").unwrap();
        }
        let restored = until_restored(&bed.options(), &place, &early.file, ANYWAY).await;
        assert_eq!(restored.again.entries, 1);
        let engine = Engine::open(bed.options()).await.unwrap();
        let entry = engine.entry(EntryKey::Index(zoe)).await.unwrap().unwrap();
        assert!(entry.details.is_none(), "{entry:?}");
        close(engine).await;
        // One of a later form is not passed over.
        let newer = br#"{"format":3,"origin":"x","at":"2026-01-01T00:00:00.000000Z","entry":1,"entries":[],"users":[]}"#;
        place.replace(erased, newer).unwrap();
        let error = restore(&bed.options(), &place, &early.file, ANYWAY).await;
        assert!(matches!(error, Err(Error::Fault(_))), "{error:?}");
    }

    /// Restores as soon as nobody has the database open any more.
    pub async fn until_restored(options: &Options, place: &Folder, name: &str, asked: Asked) -> Restored {
        let mut restored = None;
        until(
            "nobody has it open",
            std::time::Duration::from_mins(1),
            async || {
                restored = restore(options, place, name, asked).await.ok();
                restored.is_some()
            },
        )
        .await;
        restored.unwrap()
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
        let asked = ANYWAY;
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
            ..Asked::default()
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
        // Where another log is, or was, only who gives it up has the backup in its place; so it is with a guard of no log.
        let asked = Asked {
            replace: true,
            ..Asked::default()
        };
        let (code, message) = refused(restore(&elsewhere(&bed, &other), &place, &sidecar.file, asked).await);
        assert_eq!(code, "other_log", "{message}");
        let third = Bed::new(bed.on);
        engine::guard::write(third.dir.path(), "nothing that reads\n").unwrap();
        let (code, message) = refused(restore(&elsewhere(&bed, &third), &place, &sidecar.file, asked).await);
        assert_eq!(code, "other_log", "{message}");
        assert!(
            message.starts_with("log.guard is of another log, or was changed"),
            "{message}"
        );
        restore(&elsewhere(&bed, &third), &place, &sidecar.file, ANYWAY)
            .await
            .unwrap();
        assert_intact(&elsewhere(&bed, &third)).await;
        // A file that is not the one that lies beside it: what was there stays.
        let path = bed.dir.path().join("backups").join(&sidecar.file);
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let asked = ANYWAY;
        let error = restore(&bed.options(), &place, &sidecar.file, asked)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Fault(_)), "{error:?}");
        assert_eq!(assert_intact(&bed.options()).await.size, size + 2);
    }

    async fn writer(settings: &store::db::Settings) -> store::Conn {
        let db = store::Db::new(settings.clone()).unwrap();
        db.writer().await.unwrap()
    }

    pub async fn what_is_of_another_program_stays(bed: Bed) {
        close(rich_log(&bed).await).await;
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        for (made, part) in [(false, "table customers"), (true, "view customers")] {
            let other = Bed::new(bed.on);
            if made {
                close(other.open().await).await;
            }
            let options = elsewhere(&bed, &other);
            store::Db::create(&options.database).await.unwrap();
            let settings = &options.database;
            let mut conn = writer(settings).await;
            let (kind, _) = part.split_once(' ').unwrap();
            let sql = format!("CREATE {kind} customers AS SELECT 7 AS id");
            conn.batch(&sql).await.unwrap();
            drop(conn);
            for replace in [false, true] {
                let asked = Asked { replace, ..ANYWAY };
                let (code, message) = refused(restore(&options, &place, &sidecar.file, asked).await);
                assert_eq!(code, "database_not_empty", "{message}");
                assert!(message.contains(part), "{message}");
            }
            let mut conn = writer(settings).await;
            let there = conn.all("SELECT id FROM customers", &[]).await.unwrap();
            assert_eq!(there.len(), 1);
        }
    }

    pub async fn an_old_database_is_replaced(bed: Bed) {
        let engine = rich_log(&bed).await;
        let size = *engine.size().borrow();
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        record(&engine, vec![numbered(1), numbered(2)]).await.unwrap();
        let newest = engine.checkpoint().await.unwrap();
        close(engine).await;
        let restored = until_restored(&bed.options(), &place, &sidecar.file, ANYWAY).await;
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
}
