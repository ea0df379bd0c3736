//! Checking a backup where no database is.

crate::on_both!(
    a_backup_is_checked_without_a_database,
    a_tampered_database_is_told_of
);

mod cases {
    use std::os::unix::fs::PermissionsExt;

    use backup::place::Place;
    use engine::verify::VerifyProgress;

    use crate::attacker::{assert_intact, close};
    use crate::opened::{folder, write_to};
    use crate::support::{Bed, rich_log};

    pub async fn a_backup_is_checked_without_a_database(bed: Bed) {
        close(rich_log(&bed).await).await;
        let before = assert_intact(&bed.options()).await;
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        let aside = testkit::temp_dir("verified");
        // What a killed run left.
        let left = aside.path().join(".probity-verify-left");
        std::fs::create_dir(&left).unwrap();
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(25);
        std::fs::File::open(&left)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        std::fs::set_permissions(&left, PermissionsExt::from_mode(0o700)).unwrap();
        for full in [false, true] {
            let (place, name, folder) = (place.clone(), sidecar.file.clone(), aside.path().to_owned());
            let checking = tokio::task::spawn_blocking(move || {
                let look = |_: VerifyProgress| {
                    for unpacked in std::fs::read_dir(&folder).unwrap() {
                        let mode = unpacked.unwrap().metadata().unwrap().permissions().mode();
                        assert_eq!(mode & 0o777, 0o700);
                    }
                };
                backup::check(&place, &name, (None, full.then_some(&folder)), &look)
            });
            let backup::Checked {
                contents,
                report,
                not_noted,
            } = checking.await.unwrap().unwrap();
            assert!(not_noted.is_none(), "{not_noted:?}");
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

    /// Of a database that was tampered with there is a backup that says so: whoever reads it is told, also where a restore of
    /// it does not hold.
    pub async fn a_tampered_database_is_told_of(bed: Bed) {
        close(rich_log(&bed).await).await;
        let mut conn = store::Db::new(bed.options().database)
            .unwrap()
            .writer()
            .await
            .unwrap();
        conn.batch("UPDATE users SET active = NOT active").await.unwrap();
        drop(conn);
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, true, |_| {}).await.unwrap();
        let aside = testkit::temp_dir("verified");
        for full in [false, true] {
            let (place, name, folder) = (place.clone(), sidecar.file.clone(), aside.path().to_owned());
            let checking = tokio::task::spawn_blocking(move || {
                backup::check(&place, &name, (None, full.then_some(&folder)), &|_| {})
            });
            match checking.await.unwrap() {
                Ok(checked) if !full => assert!(checked.contents.manifest.even_tampered),
                Err(error) if full => {
                    let said = error.to_string();
                    assert!(
                        said.contains("(the backup was written with --even-tampered): users "),
                        "{said}"
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
