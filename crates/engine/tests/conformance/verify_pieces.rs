//! Verification in pieces, beside those who write, finds what verification of one state finds, and nothing else.

use engine::verify::{Report, VerifyOptions};
use engine::{Engine, Options};

use crate::support::{Bed, numbered, record, rich_log};

crate::on_both!(the_same_is_found, what_goes_meanwhile_is_no_finding);

/// Verifies in pieces, and does something when so many entries were checked.
async fn in_pieces(options: &Options, at: u64, meanwhile: impl Fn() + Sync) -> Report {
    let how = VerifyOptions {
        threads: 1,
        in_pieces: true,
    };
    let progress = |progress: engine::verify::VerifyProgress| {
        if (progress.what, progress.done) == ("entries", at) {
            meanwhile();
        }
    };
    engine::verify::verify(options, how, &progress).await.unwrap()
}

/// Everything that there may be, in the first of three chunks of 4,096 entries.
async fn long_log(bed: &Bed) -> Engine {
    let engine = rich_log(bed).await;
    for _ in 0..9 {
        record(&engine, (0..1_000).map(numbered).collect()).await.unwrap();
    }
    engine
}

mod cases {
    use std::sync::atomic::{AtomicBool, Ordering};

    use domain::record::Val;
    use engine::verify::Counts;

    use super::{in_pieces, long_log};
    use crate::attacker::{Attacker, Key, assert_intact, close, entry_key, verify};
    use crate::retention::{prune, rich_past};
    use crate::support::{Bed, erase, numbered, older_log, record};

    fn shown(report: &engine::verify::Report) -> (Vec<String>, String, Counts) {
        let mut findings: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
        findings.sort();
        (findings, report.root.clone(), report.entries)
    }

    pub async fn the_same_is_found(bed: Bed) {
        let engine = long_log(&bed).await;
        erase(&engine, vec![5_000]).await.unwrap();
        close(engine).await;
        let options = bed.options();
        let whole = assert_intact(&options).await;
        assert_eq!(
            shown(&in_pieces(&options, 0, || {}).await),
            shown(&whole),
            "nothing"
        );
        let mut attacker = Attacker::new(&bed).await;
        let key = |name: &str, value: i64| -> Key { vec![(name.to_owned(), Val::Int(value))] };
        let subtree: Key = [key("height", 8), key("position", 17)].concat();
        let users = attacker.keys("users", "version = 1").await;
        for (table, column, key, value) in [
            ("entries", "payload", entry_key(1_000), "{}".into()),
            ("entries", "leaf", entry_key(4_096), "{}".into()),
            ("entries", "actor", entry_key(4_500), "somebody".into()),
            ("entries", "payload", entry_key(6_000), Val::Null),
            ("entries", "at", entry_key(8_191), Val::Null),
            ("entries", "action", entry_key(9_000), "x".into()),
            ("subtrees", "hash", subtree, vec![7; 32].into()),
            ("users", "username", users[0].clone(), "mallory".into()),
        ] {
            if value == Val::Null && column == "at" {
                attacker.delete(table, &key).await;
            } else {
                attacker.set(table, column, &key, &value).await.unwrap();
            }
            let (whole, pieces) = (verify(&options).await, in_pieces(&options, 0, || {}).await);
            assert!(!whole.intact, "{table}.{column}");
            assert_eq!(shown(&pieces), shown(&whole), "{table}.{column}");
            attacker.put_back(table).await;
        }
        assert!(in_pieces(&options, 0, || {}).await.intact);
    }

    /// Payloads are pruned and erased, and entries added, while the log is read: before, between and after the chunks that they
    /// are in.
    pub async fn what_goes_meanwhile_is_no_finding(bed: Bed) {
        for at in [0, 4_096, 8_192] {
            let bed = Bed::new(bed.on);
            rich_past(&bed).await;
            let engine = older_log(&bed).await;
            for _ in 0..9 {
                record(&engine, (0..1_000).map(numbered).collect()).await.unwrap();
            }
            let done = AtomicBool::new(false);
            let meanwhile = || {
                // The rest of the log comes by once more.
                if done.swap(true, Ordering::Relaxed) {
                    return;
                }
                let work = async {
                    assert!(prune(&engine).await.entries() > 0);
                    erase(&engine, vec![300, 5_000]).await.unwrap();
                    record(&engine, (0..10).map(numbered).collect()).await.unwrap();
                };
                tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work));
            };
            let report = in_pieces(&bed.options(), at, meanwhile).await;
            assert!(report.intact, "{at}: {:#?}", report.findings);
            assert_eq!(report.size, *engine.size().borrow());
            close(engine).await;
        }
    }
}
