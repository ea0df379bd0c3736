//! The pool of reading connections: whoever finds none waits, and no further than said; what is old, broken or left in the
//! middle of something is not handed on.

crate::on_both!(
    a_full_pool_makes_the_next_wait_and_then_serves_it,
    waiting_ends_after_the_time_allowed,
    an_old_connection_is_replaced,
    what_was_left_open_is_ended
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_connection_is_found_before_it_is_used() {
    let bed = crate::support::Bed::new(crate::support::On::Postgres);
    // However lately it answered.
    let db = cases::made(&bed, |settings| settings.trusted_for = std::time::Duration::ZERO).await;
    let sql = "SELECT pg_backend_pid()::bigint";
    let (mut one, mut two) = (db.reader().await.unwrap(), db.reader().await.unwrap());
    let first = one.opt(sql, &[]).await.unwrap().unwrap().int(0).unwrap();
    let second = two.opt(sql, &[]).await.unwrap().unwrap().int(0).unwrap();
    drop((one, two));
    assert_eq!(db.pool_status().idle, 2);
    let mut other = db.writer().await.unwrap();
    for process in [first, second] {
        let killed = other
            .opt(
                "SELECT pg_terminate_backend($1::bigint::int, 5000)",
                &[process.into()],
            )
            .await;
        assert_eq!(killed.unwrap().unwrap().0, [domain::record::Val::Bool(true)]);
    }
    for _ in 0..2 {
        let mut reader = db.reader().await.unwrap();
        let process = reader.opt(sql, &[]).await.unwrap().unwrap().int(0).unwrap();
        assert!(process != first && process != second);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_values_are_compressed_by_the_faster_way_where_there_is_one() {
    let bed = crate::support::Bed::new(crate::support::On::Postgres);
    let db = cases::made(&bed, |_| {}).await;
    let mut conn = db.writer().await.unwrap();
    conn.batch("CREATE TEMPORARY TABLE long AS SELECT repeat('long', 10000) AS it")
        .await
        .unwrap();
    let mut asked = async |sql: &str| {
        conn.opt(sql, &[])
            .await
            .unwrap()
            .unwrap()
            .text(0)
            .unwrap()
            .to_owned()
    };
    let ways =
        "SELECT coalesce(max(enumvals::text), '') FROM pg_settings WHERE name = 'default_toast_compression'";
    let expected = if asked(ways).await.contains("lz4") {
        "lz4"
    } else {
        "pglz"
    };
    let long = asked("SELECT pg_column_compression(it) FROM long").await;
    assert_eq!(long, expected);
}

mod cases {
    use std::time::Duration;

    use store::{Db, ErrorKind, Settings};

    use crate::support::Bed;

    pub async fn made(bed: &Bed, change: impl FnOnce(&mut Settings)) -> Db {
        let mut settings = bed.options().database;
        Db::create(&settings).await.unwrap();
        change(&mut settings);
        Db::new(settings).unwrap()
    }

    pub async fn a_full_pool_makes_the_next_wait_and_then_serves_it(bed: Bed) {
        let db = made(&bed, |settings| settings.pool_max = 2).await;
        let (one, two) = (db.reader().await.unwrap(), db.reader().await.unwrap());
        let waiting = {
            let db = db.clone();
            tokio::spawn(async move { db.reader().await.map(drop) })
        };
        while db.pool_status().waiting == 0 {
            tokio::task::yield_now().await;
        }
        let status = db.pool_status();
        assert_eq!((status.max, status.open, status.waiting), (2, 2, 1));
        assert!(!waiting.is_finished());
        drop(one);
        waiting.await.unwrap().unwrap();
        assert_eq!(
            (db.pool_status().open, db.pool_status().waiting),
            (2, 0),
            "none was made beside"
        );
        drop(two);
        assert_eq!(db.pool_status().idle, 2);
    }

    pub async fn waiting_ends_after_the_time_allowed(bed: Bed) {
        let db = made(&bed, |settings| {
            settings.pool_max = 1;
            settings.acquire_timeout = Duration::from_secs(1);
        })
        .await;
        let held = db.reader().await.unwrap();
        let Err(error) = db.reader().await else {
            panic!("there was one more")
        };
        assert_eq!(
            error.kind,
            ErrorKind::Retry,
            "callers are told to come again: {error}"
        );
        assert!(
            error
                .message
                .contains("no database connection was free within 1 s"),
            "{error}"
        );
        drop(held);
        drop(db.reader().await.unwrap());
    }

    /// Whether a reader gets a connection that another one had: each leaves a mark that lives as long as the connection.
    async fn is_used_again(db: &Db) -> bool {
        let mut reader = db.reader().await.unwrap();
        let marked = reader.all("SELECT * FROM mark", &[]).await.is_ok();
        if !marked {
            reader.batch("CREATE TEMP TABLE mark (x int)").await.unwrap();
        }
        marked
    }

    pub async fn an_old_connection_is_replaced(bed: Bed) {
        let db = made(&bed, |_| {}).await;
        let seen = [is_used_again(&db).await, is_used_again(&db).await];
        assert_eq!(seen, [false, true], "a young one is used again");
        let db = made(&bed, |settings| settings.lifetime_max = Duration::ZERO).await;
        let seen = [is_used_again(&db).await, is_used_again(&db).await];
        assert_eq!(seen, [false, false]);
    }

    /// A reader that gave up in the middle of a snapshot, or of a transaction that failed.
    pub async fn what_was_left_open_is_ended(bed: Bed) {
        let db = made(&bed, |settings| settings.pool_max = 1).await;
        let mut reader = db.reader().await.unwrap();
        reader.begin_snapshot().await.unwrap();
        drop(reader);
        let mut reader = db.reader().await.unwrap();
        reader.begin().await.unwrap();
        reader.batch("SELECT nothing FROM nowhere").await.unwrap_err();
        drop(reader);
        let mut reader = db.reader().await.unwrap();
        reader.begin().await.unwrap();
        let row = reader
            .opt("SELECT count(*) FROM (SELECT 1) AS one", &[])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.int(0).unwrap(), 1);
    }
}
