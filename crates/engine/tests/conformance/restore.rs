//! The end of the log cut off, and the whole database put back: the guard names it, and a restore can be acknowledged.

crate::on_both!(tail_cut_off, tail_cut_off_with_its_head, old_copy_restored);

mod cases {
    use engine::{Engine, EntryKey, Error, Fault, Options};
    use store::db::Location;

    use crate::attacker::{Attacker, assert_intact, close, verify};
    use crate::support::{Bed, On, numbered, operator, record, rich_log};

    pub async fn tail_cut_off(bed: Bed) {
        close(rich_log(&bed).await).await;
        let options = bed.options();
        let mut attacker = Attacker::new(&bed).await;
        let size = assert_intact(&options).await.size;
        attacker
            .conn
            .batch(&format!("DELETE FROM entries WHERE entry >= {}", size - 3))
            .await
            .unwrap();
        let report = verify(&options).await;
        for index in size - 3..size {
            let named = report
                .findings
                .iter()
                .any(|f| f.table == "entries" && f.entry == Some(index) && f.what.contains("missing"));
            assert!(named, "{index}: {:#?}", report.findings);
        }
        let Err(Error::Halted(halt)) = Engine::open(options).await else {
            panic!("opened")
        };
        assert_eq!(halt.fault, Fault::Tampered);
        assert!(
            halt.reason.contains(&format!("counts {size} entries")) && halt.fault.hint().contains("verify"),
            "{halt:?}"
        );
    }

    pub async fn tail_cut_off_with_its_head(bed: Bed) {
        let engine = rich_log(&bed).await;
        let options = bed.options();
        let mut attacker = Attacker::new(&bed).await;
        let size = *engine.size().borrow();
        record(&engine, (0..10).map(numbered).collect()).await.unwrap();
        close(engine).await;
        assert_intact(&options).await;
        attacker
            .conn
            .batch(&format!("DELETE FROM entries WHERE entry >= {size}"))
            .await
            .unwrap();
        attacker.put_back("log_head").await;
        assert_refused_and_named(
            &options,
            &format!(
                "the guard remembers {} entries, the database has {size}",
                size + 10
            ),
        )
        .await;
    }

    async fn assert_refused_and_named(options: &Options, reason: &str) {
        let report = verify(options).await;
        let [finding] = &report.findings[..] else {
            panic!("{:#?}", report.findings)
        };
        assert_eq!(finding.table, "log_head");
        assert_eq!(finding.what, format!("the log was rolled back: {reason}"));
        let Err(Error::Halted(halt)) = Engine::open(options.clone()).await else {
            panic!("opened")
        };
        assert_eq!(halt.fault, Fault::RolledBack);
        assert!(
            halt.reason.contains("does not extend") && halt.reason.contains(reason),
            "{halt:?}"
        );
        assert!(halt.fault.hint().contains("acknowledge-restore"));
    }

    /// What the database was, to be put back later.
    enum Copy {
        File(std::path::PathBuf),
        Tables(Box<Attacker>),
    }

    async fn copy(bed: &Bed) -> Copy {
        match bed.on {
            On::Sqlite => {
                let path = bed.dir.path().join("copy.db");
                let mut conn = store::Db::new(bed.options().database)
                    .unwrap()
                    .writer()
                    .await
                    .unwrap();
                conn.batch(&format!("VACUUM INTO '{}'", path.display()))
                    .await
                    .unwrap();
                Copy::File(path)
            }
            On::Postgres => Copy::Tables(Box::new(Attacker::new(bed).await)),
        }
    }

    /// Puts the copy in the database's place; gives the options that lead to it.
    async fn put_back(bed: &Bed, copy: Copy) -> Options {
        let mut options = bed.options();
        match copy {
            Copy::File(path) => options.database.location = Location::Sqlite(path),
            Copy::Tables(mut attacker) => attacker.put_all_back().await,
        }
        options
    }

    pub async fn old_copy_restored(bed: Bed) {
        let engine = rich_log(&bed).await;
        let size = *engine.size().borrow();
        let copy = copy(&bed).await;
        record(&engine, (0..5).map(numbered).collect()).await.unwrap();
        let newest = engine.checkpoint().await.unwrap();
        close(engine).await;
        let options = put_back(&bed, copy).await;
        assert_refused_and_named(
            &options,
            &format!(
                "the guard remembers {} entries, the database has {size}",
                size + 5
            ),
        )
        .await;

        Engine::acknowledge_restore(options.clone(), &operator(), "the disk broke")
            .await
            .unwrap();
        assert_intact(&options).await;
        let engine = Engine::open(options.clone()).await.unwrap();
        assert_eq!(*engine.size().borrow(), size + 1);
        let entry = engine.entry(EntryKey::Index(size)).await.unwrap().unwrap();
        assert_eq!(
            (entry.action.as_str(), entry.authority.as_str()),
            ("log.acknowledge_restore", "operator log:restore")
        );
        let details = entry.details.unwrap().0;
        assert_eq!(details["reason"], "the disk broke");
        assert_eq!(details["remembered_checkpoint"], newest.as_str());
        // Before the first change one more says that the rules are no longer those of the log that was made.
        record(&engine, vec![numbered(1)]).await.unwrap();
        assert_eq!(*engine.size().borrow(), size + 3);
        close(engine).await;
        assert_intact(&options).await;
        let error = Engine::acknowledge_restore(options, &operator(), "again")
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Problem { hint, .. } if hint.contains("nothing to acknowledge")));
    }
}
