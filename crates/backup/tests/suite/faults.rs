//! What goes wrong while a backup is restored: what was there before stays, whole.

crate::on_both!(a_place_that_goes_half_way_leaves_the_old_log);

/// PostgreSQL goes down and comes back while a backup is read, while indexes are made and while it is verified.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_meanwhile_leaves_the_old_log() {
    use crate::attacker::{assert_intact, close};
    use crate::support::{numbered, record};

    let server = testkit::Postgres::start(testkit::Options::default()).unwrap();
    let dir = testkit::temp_dir("restarted");
    let url = format!("postgres://postgres@{}/probity", server.host().unwrap());
    let options = engine::Options::new(dir.path().to_owned(), store::db::Location::Postgres(url));
    engine::Engine::init(&options, &mut |_| {}).await.unwrap();
    let engine = engine::Engine::open(options.clone()).await.unwrap();
    record(&engine, (0..600).map(numbered).collect()).await.unwrap();
    let place = crate::opened::folder(dir.path());
    let sidecar = crate::opened::write_to(&options, &place, false, |_| {})
        .await
        .unwrap();
    record(&engine, vec![numbered(1)]).await.unwrap();
    close(engine).await;
    let before = assert_intact(&options).await;
    let server = std::sync::Arc::new(server);
    for moment in ["entries read", "indexes made", "entries"] {
        let (once, goes_down) = (std::sync::Once::new(), std::sync::Arc::clone(&server));
        let restart = move |at: engine::verify::VerifyProgress| {
            if at.what == moment {
                once.call_once(|| goes_down.restart().unwrap());
            }
        };
        let error = crate::restoring::cases::restore_with(
            &options,
            &place,
            &sidecar.file,
            crate::restoring::cases::ANYWAY,
            restart,
        )
        .await
        .unwrap_err();
        let backup::Error::Engine(engine::Error::Store(error)) = &error else {
            panic!("{moment}: {error:?}")
        };
        assert_eq!(error.kind, store::ErrorKind::Connection, "{moment}: {error}");
        let after = assert_intact(&options).await;
        assert_eq!((after.size, &after.root), (before.size, &before.root), "{moment}");
    }
    // What they left is removed.
    let restored = crate::restoring::cases::restore_with(
        &options,
        &place,
        &sidecar.file,
        crate::restoring::cases::ANYWAY,
        |_| {},
    )
    .await
    .unwrap();
    assert_eq!(restored.known, Some(before.size));
    assert_intact(&options).await;
}

/// Where there was no database, somebody puts a file there by hand while a backup is read: it stays, and what was restored is
/// kept beside it. On PostgreSQL what comes meanwhile is kept as an old database is.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_put_there_meanwhile_stays() {
    use crate::attacker::{assert_intact, close};
    use crate::support::{Bed, On, rich_log};

    let bed = Bed::new(On::Sqlite);
    close(rich_log(&bed).await).await;
    let before = assert_intact(&bed.options()).await;
    let place = crate::opened::folder(bed.dir.path());
    let sidecar = crate::opened::write_to(&bed.options(), &place, false, |_| {})
        .await
        .unwrap();
    let other = Bed::new(On::Sqlite);
    let options = engine::Options {
        signing_key: Some(std::fs::read_to_string(engine::keyfile::path(bed.dir.path())).unwrap()),
        ..other.options()
    };
    let store::db::Location::Sqlite(path) = options.database.location.clone() else {
        panic!()
    };
    let put = path.clone();
    let meanwhile = move |_: engine::verify::VerifyProgress| std::fs::write(&put, "by hand").unwrap();
    let asked = crate::restoring::cases::Asked::default();
    let restored =
        crate::restoring::cases::restore_with(&options, &place, &sidecar.file, asked, meanwhile).await;
    let Err(backup::Error::Refused { code, message, .. }) = restored else {
        panic!("{restored:?}")
    };
    assert_eq!(code, "database_in_use");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "by hand");
    let (_, kept) = message.split_once("what was restored is kept as ").unwrap();
    let mut kept_options = options.clone();
    kept_options.guard = false;
    kept_options.database.location = store::db::Location::Sqlite(kept.into());
    let found = assert_intact(&kept_options).await;
    assert_eq!(found.size, before.size + 1, "and the entry that records it");
}

mod cases {
    use std::io::{self, Read};

    use backup::Error;
    use backup::place::{Folder, Place, Upload};

    use crate::attacker::{assert_intact, close};
    use crate::opened::{folder, write_to};
    use crate::people::until;
    use crate::restoring::cases::{ANYWAY, restore, restore_with};
    use crate::support::{Bed, numbered, record, rich_log};

    /// A place that is gone once half of a file is read.
    #[derive(Clone)]
    struct Going(Folder);

    struct Half {
        from: Box<dyn Read + Send>,
        left: u64,
    }

    impl Read for Half {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.left == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::ConnectionReset,
                    "the storage is gone",
                ));
            }
            let count = self.from.by_ref().take(self.left).read(buffer)?;
            self.left -= count as u64;
            Ok(count)
        }
    }

    impl Place for Going {
        fn shown(&self) -> String {
            self.0.shown()
        }
        fn names(&self) -> Result<Vec<String>, Error> {
            self.0.names()
        }
        fn length(&self, name: &str) -> Result<Option<u64>, Error> {
            self.0.length(name)
        }
        fn read(&self, name: &str) -> Result<Box<dyn Read + Send>, Error> {
            let from = self.0.read(name)?;
            let whole = self.0.length(name)?.unwrap_or_default();
            // What lies beside it is read before.
            let is_backup = std::path::Path::new(name).extension() == Some("zst".as_ref());
            let left = if is_backup { whole / 2 } else { whole };
            Ok(if left == whole {
                from
            } else {
                Box::new(Half { from, left })
            })
        }
        fn create(&self, name: &str) -> Result<Box<dyn Upload>, Error> {
            self.0.create(name)
        }
        fn add(&self, name: &str, contents: &[u8]) -> Result<bool, Error> {
            self.0.add(name, contents)
        }
        fn replace(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
            self.0.replace(name, contents)
        }
        fn remove(&self, name: &str) -> Result<(), Error> {
            self.0.remove(name)
        }
        fn tidy(&self, prefix: &str) -> Result<(), Error> {
            self.0.tidy(prefix)
        }
    }

    pub async fn a_place_that_goes_half_way_leaves_the_old_log(bed: Bed) {
        let engine = rich_log(&bed).await;
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        record(&engine, vec![numbered(1)]).await.unwrap();
        close(engine).await;
        let before = assert_intact(&bed.options()).await;
        let mut told = String::new();
        until(
            "nobody has it open",
            std::time::Duration::from_mins(1),
            async || {
                let going = Going(place.clone());
                let error = restore_with(&bed.options(), &going, &sidecar.file, ANYWAY, |_| {}).await;
                told = error.unwrap_err().to_string();
                !told.contains("open") && !told.contains("another process")
            },
        )
        .await;
        assert_eq!(told, "cannot read the backup: the storage is gone");
        let after = assert_intact(&bed.options()).await;
        assert_eq!((after.size, after.root), (before.size, before.root));
        restore(&bed.options(), &place, &sidecar.file, ANYWAY)
            .await
            .unwrap();
        assert_intact(&bed.options()).await;
    }
}
