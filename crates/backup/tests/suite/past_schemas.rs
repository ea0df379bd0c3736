//! Databases of past schemas, with data of every table: each migrates, verifies clean, and goes back as far as nothing is lost.
//!
//! They are kept as backups, which are the same for both engines. `PROBITY_WRITE_EXPECTED=1` writes that of today's schema,
//! once before the next migration is added.

crate::on_both!(each_migrates_and_verifies_clean);

mod cases {
    use std::fs;
    use std::path::{Path, PathBuf};

    use backup::RestoreHow;
    use backup::place::Folder;
    use domain::approval::Approval;
    use engine::database::roll_back;
    use engine::list::Condition;
    use engine::{Engine, Options, keyfile};
    use store::migrate::{MIGRATIONS, RolledBack};

    use crate::attacker::{assert_intact, close};
    use crate::opened::write_to;
    use crate::support::{Bed, On, numbered, operator, record, rich_log};

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schemas")
    }

    /// The key of the fixtures' log.
    fn key() -> String {
        let key = tlog::SigningKey::from_seed("log.example/past-schemas", &[23; 32]);
        key.unwrap().encode()
    }

    async fn write() {
        let bed = Bed::new(On::Sqlite);
        fs::write(keyfile::path(bed.dir.path()), key()).unwrap();
        close(rich_log(&bed).await).await;
        let newest = MIGRATIONS.last().unwrap().version;
        let folder = fixtures().join(format!("{newest:04}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let place = Folder::new(&folder).unwrap();
        write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
    }

    pub async fn each_migrates_and_verifies_clean(bed: Bed) {
        if std::env::var_os("PROBITY_WRITE_EXPECTED").is_some() && bed.on == On::Sqlite {
            write().await;
        }
        let mut folders: Vec<_> = fs::read_dir(fixtures())
            .unwrap()
            .map(|one| one.unwrap().path())
            .collect();
        folders.sort();
        assert!(!folders.is_empty());
        for folder in folders {
            let version: i64 = folder.file_name().unwrap().to_str().unwrap().parse().unwrap();
            let bed = Bed::new(bed.on);
            let options = Options {
                signing_key: Some(key()),
                ..bed.options()
            };
            let given = options.clone();
            let restored = tokio::task::spawn_blocking(move || {
                let place = Folder::new(&folder).unwrap();
                let name = backup::newest(&place, None).unwrap();
                let how = RestoreHow {
                    caller: &operator(),
                    reason: "a test",
                    replace: false,
                    shorter: false,
                    identity: None,
                    also: None,
                    unproven: None,
                };
                backup::restore(&place, &name, &given, &how, &|_| {}).unwrap()
            });
            let restored = restored.await.unwrap();
            assert_eq!(restored.contents.manifest.schema, version);
            let rows = &restored.contents.end.tables;
            assert!(
                rows.values().all(|rows| *rows > 0),
                "data of every table: {rows:?}"
            );
            assert_intact(&options).await;
            while let RolledBack::Done(..) = roll_back(&options.database).await.unwrap() {}
            Engine::init(&options, &mut |_| {}).await.unwrap();
            assert_intact(&options).await;
            let engine = Engine::open(options.clone()).await.unwrap();
            record(&engine, vec![numbered(1)]).await.unwrap();
            // Digests of approvals of before there were salts have one now.
            let (unsalted, _) = engine
                .select::<Approval>(&[Condition::Has("content_salt", false)], None, None)
                .await
                .unwrap();
            assert!(unsalted.is_empty(), "{unsalted:?}");
            close(engine).await;
            assert_intact(&options).await;
        }
    }
}
