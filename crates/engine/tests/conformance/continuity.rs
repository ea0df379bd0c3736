//! The log is continued only from a head that is known: what the Writer does when somebody changes the database under it.

use domain::Command;
use domain::identity::Role;
use domain::identity::user::CreateUser;
use engine::{Engine, EntryKey, Error, Fault, guard};
use tlog::{Hash, RightEdge};

use crate::attacker::{Attacker, close};
use crate::support::{Bed, numbered, record, submit};

crate::on_both!(
    a_forged_history_is_not_signed,
    an_older_copy_is_not_continued,
    a_head_changed_by_hand_is_not_continued,
    a_head_that_is_gone_is_not_written,
    an_old_acknowledgement_excuses_no_later_restore,
    what_another_process_remembered_counts,
    an_event_that_calls_itself_an_acknowledgement_is_none,
    a_restore_is_acknowledged_although_the_clock_was_ahead,
    a_guard_that_was_taken_away_is_written_anew,
);

/// Makes an entry that failed a success, in its leaf and its columns, and every hash above it, without contradiction. What
/// cannot be made without the key is the signature.
pub async fn forge(attacker: &mut Attacker, index: u64) {
    let conn = &mut attacker.conn;
    conn.begin().await.unwrap();
    let at = i64::try_from(index).unwrap();
    let sql = "UPDATE entries SET outcome = 'success', \
               leaf = replace(leaf, '\"outcome\":\"failed\"', '\"outcome\":\"success\"') WHERE entry = $1 AND outcome = 'failed'";
    assert_eq!(conn.exec(sql, &[at.into()]).await.unwrap(), 1);
    let mut edge = RightEdge::new();
    let mut nodes = Vec::new();
    for row in conn
        .all("SELECT leaf FROM entries ORDER BY entry", &[])
        .await
        .unwrap()
    {
        edge.push_with(Hash::leaf(row.text(0).unwrap().as_bytes()), |node, hash| {
            nodes.push((node, hash));
        });
    }
    for (node, hash) in nodes {
        let sql = "UPDATE subtrees SET hash = $1 WHERE height = $2 AND position = $3";
        let args = [
            hash.as_bytes().as_slice().into(),
            i64::from(node.height).into(),
            i64::try_from(node.index).unwrap().into(),
        ];
        conn.exec(sql, &args).await.unwrap();
    }
    let row = conn
        .opt("SELECT root, checkpoint FROM log_head", &[])
        .await
        .unwrap();
    let row = row.unwrap();
    let old = Hash::from_slice(row.bytes(0).unwrap()).unwrap();
    let note = row.text(1).unwrap();
    assert!(note.contains(&old.to_base64()));
    let args = [
        edge.root().as_bytes().as_slice().into(),
        edge.to_bytes().into(),
        note.replace(&old.to_base64(), &edge.root().to_base64()).into(),
    ];
    let sql = "UPDATE log_head SET root = $1, edge = $2, checkpoint = $3";
    conn.exec(sql, &args).await.unwrap();
    conn.commit().await.unwrap();
}

/// A log with a failed event at the index that is given back.
pub async fn with_failure(bed: &Bed) -> (Engine, u64) {
    let engine = bed.open().await;
    record(&engine, (0..700).map(numbered).collect()).await.unwrap();
    let failed = crate::support::event(
        r#"{"actor":{"kind":"user","id":"u1"},"action":"payment.send","outcome":"failed"}"#,
    );
    let answer = record(&engine, vec![failed]).await.unwrap();
    record(&engine, (700..720).map(numbered).collect()).await.unwrap();
    (engine, answer.entry.unwrap())
}

/// That nothing is written, by any way in, and that this is said everywhere; reading goes on.
pub async fn assert_halted(engine: &Engine, attacker: &mut Attacker, fault: Fault) {
    let entries = async |attacker: &mut Attacker| {
        let row = attacker
            .conn
            .opt("SELECT count(*), max(entry) FROM entries", &[])
            .await
            .unwrap()
            .unwrap();
        (row.int(0).unwrap(), row.int(1).unwrap())
    };
    let before = entries(attacker).await;
    let mut own_id = numbered(1);
    own_id.id = Some(uuid::Uuid::now_v7());
    let user = Command::CreateUser(CreateUser::new("nobody", Role::USER));
    let answers = [
        record(engine, vec![numbered(1)]).await,
        record(engine, vec![own_id]).await,
        record(engine, (0..600).map(numbered).collect()).await,
        submit(engine, user).await,
    ];
    for answer in answers {
        let Err(Error::Halted(halt)) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(halt.fault, fault, "{halt:?}");
        assert!(halt.known.is_some());
    }
    assert_eq!(entries(attacker).await, before, "nothing was written");
    assert_eq!(engine.metrics().fault, Some(fault));
    let health = engine.health().await;
    let log = health.checks.iter().find(|check| check.name == "log").unwrap();
    assert!(!health.ready && !log.ok);
    assert_eq!(log.code, Some(fault.code()));
    engine.entry(EntryKey::Index(0)).await.unwrap().unwrap();
}

pub async fn assert_goes_on(engine: &Engine) {
    record(engine, vec![numbered(1)]).await.unwrap();
    assert_eq!((engine.halt(), engine.metrics().fault), (None, None));
    assert!(engine.health().await.ready);
}

/// That a process that starts now writes nothing either, and can be had to look.
pub async fn assert_not_opened(options: &engine::Options, fault: Fault) {
    let Err(Error::Halted(halt)) = Engine::open(options.clone()).await else {
        panic!("opened")
    };
    assert_eq!(halt.fault, fault, "{halt:?}");
    let remembered = guard::read(&options.data_dir).unwrap();
    let engine = Engine::open_to_look(options.clone()).await.unwrap();
    assert_eq!(engine.halt().map(|halt| halt.fault), Some(fault));
    engine.entry(EntryKey::Index(0)).await.unwrap().unwrap();
    let mut own_id = numbered(1);
    own_id.id = Some(uuid::Uuid::now_v7());
    for event in [numbered(1), own_id] {
        let answer = record(&engine, vec![event]).await;
        assert!(matches!(answer, Err(Error::Halted(_))), "{answer:?}");
    }
    close(engine).await;
    assert_eq!(guard::read(&options.data_dir).unwrap(), remembered);
}

/// Waits until the guard of a data folder remembers a checkpoint, which its process has then seen.
pub async fn until_remembered(options: &engine::Options, checkpoint: &str) {
    let within = std::time::Duration::from_mins(1);
    let remembered = async || guard::read(&options.data_dir).unwrap().as_deref() == Some(checkpoint);
    crate::people::until("the checkpoint is remembered", within, remembered).await;
}

/// Waits until the watcher has seen it, without anybody writing.
pub async fn until_halted(engine: &Engine, fault: Option<Fault>) {
    let within = std::time::Duration::from_mins(1);
    let halted = async || engine.halt().map(|halt| halt.fault) == fault;
    crate::people::until("the watcher has seen it", within, halted).await;
}

mod cases {
    use domain::record::Val;
    use engine::{Engine, EntryKey, Fault, Options, guard};
    use tlog::Checkpoint;

    use super::{
        assert_goes_on, assert_halted, assert_not_opened, forge, until_halted, until_remembered, with_failure,
    };
    use crate::attacker::{Attacker, assert_intact, close, verify};
    use crate::support::{Bed, numbered, operator, record};

    pub async fn a_forged_history_is_not_signed(bed: Bed) {
        let options = bed.options();
        let (engine, index) = with_failure(&bed).await;
        let newest = engine.checkpoint().await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        forge(&mut attacker, index).await;
        assert_halted(&engine, &mut attacker, Fault::Tampered).await;
        until_halted(&engine, Some(Fault::Tampered)).await;
        assert_not_opened(&options, Fault::Tampered).await;
        assert!(!verify(&options).await.intact, "it was not signed");
        // It ends as it serves, and leaves what it knows.
        attacker.put_all_back().await;
        until_halted(&engine, None).await;
        assert_eq!(engine.checkpoint().await.unwrap(), newest);
        assert_goes_on(&engine).await;
        forge(&mut attacker, index).await;
        let newest = {
            until_halted(&engine, Some(Fault::Tampered)).await;
            engine.halt().unwrap().known.clone().unwrap()
        };
        close(engine).await;
        until_remembered(&options, &newest).await;
    }

    pub async fn an_older_copy_is_not_continued(bed: Bed) {
        let options = bed.options();
        let (engine, _) = with_failure(&bed).await;
        let size = *engine.size().borrow();
        let mut attacker = Attacker::new(&bed).await;
        record(&engine, (0..5).map(numbered).collect()).await.unwrap();
        let newest = engine.checkpoint().await.unwrap();
        attacker.put_all_back().await;
        // Nobody writes: the watcher sees it, and does not remember the older log.
        until_halted(&engine, Some(Fault::RolledBack)).await;
        let known = engine.halt().unwrap().known.clone().unwrap();
        assert_eq!(known, newest);
        assert_halted(&engine, &mut attacker, Fault::RolledBack).await;
        until_remembered(&options, &newest).await;
        assert_not_opened(&options, Fault::RolledBack).await;
        acknowledge(&options).await;
        until_halted(&engine, None).await;
        assert_goes_on(&engine).await;
        let entry = engine.entry(EntryKey::Index(size)).await.unwrap().unwrap();
        assert_eq!(entry.action, "log.acknowledge_restore");
        assert_eq!(*engine.size().borrow(), size + 2);
        close(engine).await;
        assert_intact(&options).await;
    }

    async fn acknowledge(options: &Options) {
        Engine::acknowledge_restore(options.clone(), &operator(), "put back on purpose")
            .await
            .unwrap();
    }

    pub async fn a_head_changed_by_hand_is_not_continued(bed: Bed) {
        let options = bed.options();
        let engine = bed.open().await;
        record(&engine, (0..5).map(numbered).collect()).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        let head = "log_head";
        let key = attacker.keys(head, "true").await.remove(0);
        let later = evidence::Timestamp::from_micros(4_000_000_000_000_000).unwrap();
        let changes: [(&str, Val); 6] = [
            ("at", later.into()),
            ("origin", "other.example/log".into()),
            ("size", 3.into()),
            ("size", Val::Int(i64::MAX)),
            ("root", vec![7_u8; 32].into()),
            ("checkpoint", "nothing".into()),
        ];
        for (column, value) in changes {
            attacker.set(head, column, &key, &value).await.unwrap();
            assert_halted(&engine, &mut attacker, Fault::Tampered).await;
            attacker.put_back(head).await;
            assert_goes_on(&engine).await;
            attacker.save().await;
        }
        attacker.delete(head, &key).await;
        assert_halted(&engine, &mut attacker, Fault::Tampered).await;
        attacker.put_back(head).await;
        assert_goes_on(&engine).await;
        close(engine).await;
        assert_intact(&options).await;
    }

    /// Whatever is known of it: where there is no head row, none is written, and so nothing else is.
    pub async fn a_head_that_is_gone_is_not_written(bed: Bed) {
        let engine = bed.open().await;
        let mut attacker = Attacker::new(&bed).await;
        let mut conn = engine.db().writer().await.unwrap();
        let head = store::Head::load(&mut conn).await.unwrap().unwrap();
        head.update(&mut conn).await.unwrap();
        let key = attacker.keys("log_head", "true").await.remove(0);
        attacker.delete("log_head", &key).await;
        let error = head.update(&mut conn).await.unwrap_err();
        assert_eq!(error.kind, store::ErrorKind::Moved, "{error}");
    }

    /// A copy that holds the acknowledgement of an earlier restore, put back later.
    pub async fn an_old_acknowledgement_excuses_no_later_restore(bed: Bed) {
        let options = bed.options();
        let engine = bed.open().await;
        let mut attacker = Attacker::new(&bed).await;
        record(&engine, vec![numbered(1)]).await.unwrap();
        attacker.put_all_back().await;
        until_halted(&engine, Some(Fault::RolledBack)).await;
        let newest = engine.halt().unwrap().known.clone().unwrap();
        until_remembered(&options, &newest).await;
        acknowledge(&options).await;
        until_halted(&engine, None).await;
        record(&engine, vec![numbered(2)]).await.unwrap();
        attacker.save().await;
        record(&engine, vec![numbered(3)]).await.unwrap();
        attacker.put_all_back().await;
        assert_halted(&engine, &mut attacker, Fault::RolledBack).await;
        until_halted(&engine, Some(Fault::RolledBack)).await;
        assert_halted(&engine, &mut attacker, Fault::RolledBack).await;
    }

    /// Another process of the same data folder has seen a newer log than this one.
    pub async fn what_another_process_remembered_counts(bed: Bed) {
        let options = bed.options();
        let engine = bed.open().await;
        record(&engine, vec![numbered(1)]).await.unwrap();
        // Its own memory of it is written beside; what comes now is not written over.
        until_remembered(&options, &engine.checkpoint().await.unwrap()).await;
        let mut attacker = Attacker::new(&bed).await;
        let text = std::fs::read_to_string(engine::keyfile::path(&options.data_dir)).unwrap();
        let key = tlog::SigningKey::decode(text.trim()).unwrap();
        let newer = Checkpoint::new(key.name(), 1_000, tlog::Hash::leaf(b"x"))
            .sign(&key)
            .unwrap();
        guard::write(&options.data_dir, &newer).unwrap();
        until_halted(&engine, Some(Fault::RolledBack)).await;
        assert_halted(&engine, &mut attacker, Fault::RolledBack).await;
        until_remembered(&options, &newer).await;
        // A file that is no checkpoint of this log says nothing.
        guard::write(&options.data_dir, "nonsense").unwrap();
        until_halted(&engine, None).await;
        assert_goes_on(&engine).await;
        close(engine).await;
        assert_intact(&options).await;
    }

    /// Anybody who may record events can choose their words.
    pub async fn an_event_that_calls_itself_an_acknowledgement_is_none(bed: Bed) {
        let options = bed.options();
        let engine = bed.open().await;
        let mut attacker = Attacker::new(&bed).await;
        record(&engine, vec![numbered(1)]).await.unwrap();
        let known = engine.checkpoint().await.unwrap();
        attacker.put_all_back().await;
        until_halted(&engine, Some(Fault::RolledBack)).await;
        until_remembered(&options, &known).await;
        // A process without memory goes on from the older log, and is told a tale.
        let elsewhere = bed.dir.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        let mut other = bed.options_in(&elsewhere);
        other.signing_key = Some(std::fs::read_to_string(engine::keyfile::path(&options.data_dir)).unwrap());
        let other = Engine::open(other).await.unwrap();
        let tale = crate::support::event(&format!(
            r#"{{"actor":{{"kind":"system"}},"action":"log.acknowledge_restore","details":{{"remembered_checkpoint":{}}}}}"#,
            serde_json::to_string(&known).unwrap()
        ));
        record(&other, vec![tale]).await.unwrap();
        close(other).await;
        // The watcher looks at the new head, and stays where it is.
        let found = engine.checkpoint().await.unwrap();
        let within = std::time::Duration::from_mins(1);
        crate::people::until("the new head was looked at", within, async || {
            engine.halt().unwrap().found.as_deref() == Some(found.as_str())
        })
        .await;
        assert_halted(&engine, &mut attacker, Fault::RolledBack).await;
    }

    /// The log is put back because a clock that was wrong had marked it.
    pub async fn a_restore_is_acknowledged_although_the_clock_was_ahead(bed: Bed) {
        Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
        let mut options = bed.options();
        let (clock, _) = engine::clock::Clock::set_by_hand(engine::now().plus_seconds(7_200));
        options.clock = clock;
        let engine = Engine::open(options).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        record(&engine, vec![numbered(1)]).await.unwrap();
        attacker.put_all_back().await;
        until_halted(&engine, Some(Fault::RolledBack)).await;
        let known = engine.halt().unwrap().known.clone().unwrap();
        until_remembered(&bed.options(), &known).await;
        acknowledge(&bed.options()).await;
        until_halted(&engine, None).await;
        assert_goes_on(&engine).await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_guard_that_was_taken_away_is_written_anew(bed: Bed) {
        let options = bed.options();
        let engine = bed.open().await;
        let mut attacker = Attacker::new(&bed).await;
        record(&engine, vec![numbered(1)]).await.unwrap();
        let known = engine.checkpoint().await.unwrap();
        until_remembered(&options, &known).await;
        let file = guard::path(&options.data_dir);
        std::fs::remove_file(&file).unwrap();
        until_remembered(&options, &known).await;
        attacker.put_all_back().await;
        until_halted(&engine, Some(Fault::RolledBack)).await;
        std::fs::write(&file, "nonsense").unwrap();
        until_remembered(&options, &known).await;
        acknowledge(&options).await;
        until_halted(&engine, None).await;
        assert_goes_on(&engine).await;
    }
}
