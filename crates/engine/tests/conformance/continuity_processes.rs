//! The same with several processes, over a reconnect, and with a file that takes the database's place.

crate::on_both!(
    two_processes_go_on_from_each_others_heads,
    an_older_copy_stops_every_process,
    another_history_is_not_continued_however_long,
    an_older_copy_is_noticed_after_a_reconnect,
);

use engine::{Engine, Error, Fault};
use store::db::Location;

use crate::attacker::{assert_intact, close};
use crate::continuity::{assert_goes_on, until_halted, until_remembered};
use crate::support::{Bed, On, numbered, operator, record};

mod cases {
    use engine::{Engine, Fault, Options};
    use store::db::Location;

    use crate::attacker::{Attacker, assert_intact, close};
    use crate::continuity::{
        assert_goes_on, assert_halted, assert_not_opened, forge, until_halted, until_remembered, with_failure,
    };
    use crate::support::{Bed, On, numbered, operator, record, two};

    async fn open_both(options: &[Options; 2]) -> [Engine; 2] {
        let [one, two] = options.clone();
        [Engine::open(one).await.unwrap(), Engine::open(two).await.unwrap()]
    }

    async fn record_many(engine: &Engine, count: usize) {
        let events: Vec<_> = (0..count).map(numbered).collect();
        for part in events.chunks(1_000) {
            record(engine, part.to_vec()).await.unwrap();
        }
    }

    /// In small steps, which are appended to the known edge, and in large ones, which take a consistency proof.
    pub async fn two_processes_go_on_from_each_others_heads(bed: Bed) {
        let options = two(&bed).await;
        let [one, two] = open_both(&options).await;
        for step in [1, 3, 255, 256, 257, 1_023, 1_024, 1_025, 3_000, 1] {
            for engine in [&one, &two] {
                record_many(engine, step).await;
            }
        }
        assert_eq!((one.halt(), two.halt()), (None, None));
        close(one).await;
        close(two).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn an_older_copy_stops_every_process(bed: Bed) {
        let options = two(&bed).await;
        let [one, two] = open_both(&options).await;
        record(&one, (0..5).map(numbered).collect()).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        record(&two, (0..5).map(numbered).collect()).await.unwrap();
        record(&one, vec![numbered(1)]).await.unwrap();
        let newest = one.checkpoint().await.unwrap();
        // Both have seen the newest entry.
        until_remembered(&options[1], &newest).await;
        attacker.put_all_back().await;
        for engine in [&one, &two] {
            assert_halted(engine, &mut attacker, Fault::RolledBack).await;
        }
        // What one process acknowledges, the log itself tells the other.
        until_remembered(&options[0], &newest).await;
        Engine::acknowledge_restore(options[0].clone(), &operator(), "on purpose")
            .await
            .unwrap();
        for engine in [&one, &two] {
            until_halted(engine, None).await;
            assert_goes_on(engine).await;
        }
        close(one).await;
        close(two).await;
        assert_intact(&bed.options()).await;
        assert_goes_on(&Engine::open(options[1].clone()).await.unwrap()).await;
    }

    /// The copy was put back and somebody with the key went on from it: the log is longer, and another one.
    pub async fn another_history_is_not_continued_however_long(bed: Bed) {
        let [mine, mut other] = two(&bed).await;
        let engine = Engine::open(mine.clone()).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        record(&engine, (0..5).map(numbered).collect()).await.unwrap();
        let newest = engine.checkpoint().await.unwrap();
        until_remembered(&mine, &newest).await;
        other.guard = false;
        let mut first = true;
        for longer in [20, 2_000] {
            attacker.put_all_back().await;
            let fork = Engine::open(other.clone()).await.unwrap();
            record_many(&fork, longer).await;
            close(fork).await;
            if first {
                assert_halted(&engine, &mut attacker, Fault::RolledBack).await;
            }
            first = false;
            until_halted(&engine, Some(Fault::RolledBack)).await;
            assert_halted(&engine, &mut attacker, Fault::RolledBack).await;
            until_remembered(&mine, &newest).await;
            assert_not_opened(&mine, Fault::RolledBack).await;
        }
        Engine::acknowledge_restore(mine.clone(), &operator(), "the fork is the one that counts")
            .await
            .unwrap();
        until_halted(&engine, None).await;
        assert_goes_on(&engine).await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// Every connection breaks, and the server's tables are those of yesterday.
    pub async fn an_older_copy_is_noticed_after_a_reconnect(bed: Bed) {
        let (engine, index) = with_failure(&bed).await;
        close(engine).await;
        let options = named(&bed);
        let engine = Engine::open(options.clone()).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        record(&engine, (0..5).map(numbered).collect()).await.unwrap();
        let newest = engine.checkpoint().await.unwrap();
        attacker.put_all_back().await;
        break_connections(&bed, &mut attacker).await;
        assert_halted(&engine, &mut attacker, Fault::RolledBack).await;
        assert_eq!(engine.halt().unwrap().known.as_deref(), Some(newest.as_str()));
        // And the same for a history that was rewritten.
        forge(&mut attacker, index).await;
        break_connections(&bed, &mut attacker).await;
        assert_halted(&engine, &mut attacker, Fault::Tampered).await;
    }

    /// Options whose connections can be told from others'.
    fn named(bed: &Bed) -> Options {
        let mut options = bed.options();
        if let Location::Postgres(url) = &options.database.location {
            options.database.location =
                Location::Postgres(format!("{url}&application_name={}", application(bed)));
        }
        options
    }

    fn application(bed: &Bed) -> String {
        format!("victim-{}", bed.dir.path().file_name().unwrap().to_str().unwrap())
    }

    async fn break_connections(bed: &Bed, attacker: &mut Attacker) {
        if bed.on == On::Sqlite {
            // The library has no server that could go away; see `a_file_that_takes_the_databases_place`.
            return;
        }
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
        let killed = attacker
            .conn
            .opt(sql, &[application(bed).as_str().into()])
            .await
            .unwrap();
        assert!(killed.unwrap().int(0).unwrap() > 0);
    }
}

/// SQLite: whoever puts back a file removes the WAL beside it, and either renames or copies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_takes_the_databases_place() {
    for renamed in [true, false] {
        let bed = Bed::new(On::Sqlite);
        let engine = bed.open().await;
        record(&engine, vec![numbered(1)]).await.unwrap();
        let copy = bed.dir.path().join("copy.db");
        let sql = format!("VACUUM INTO '{}'", copy.display());
        engine.db().writer().await.unwrap().batch(&sql).await.unwrap();
        record(&engine, vec![numbered(2)]).await.unwrap();
        let newest = engine.checkpoint().await.unwrap();
        let Location::Sqlite(path) = bed.location() else {
            panic!()
        };
        for file in ["wal", "shm"] {
            std::fs::remove_file(path.with_extension(format!("db-{file}"))).unwrap();
        }
        if renamed {
            std::fs::rename(&copy, &path).unwrap();
        } else {
            std::fs::copy(&copy, &path).unwrap();
        }
        let answer = record(&engine, vec![numbered(3)]).await;
        let Err(Error::Halted(halt)) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(halt.fault, Fault::RolledBack);
        until_remembered(&bed.options(), &newest).await;
        Engine::acknowledge_restore(bed.options(), &operator(), "on purpose")
            .await
            .unwrap();
        until_halted(&engine, None).await;
        assert_goes_on(&engine).await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
