//! Retention: what is past the policy of its action is pruned, and nothing else; what is gone by hand is named.

use domain::audit::retention::{Policy, Retention};
use domain::identity::Rules;
use engine::clock::Clock;
use engine::retention::Retained;
use engine::{Engine, Options};
use evidence::Timestamp;

use crate::attacker::close;
use crate::people::{now, with_rules};
use crate::support::{Bed, event, operator, record};

/// A day in seconds.
pub const DAY_S: i64 = 24 * 3_600;

/// Policies, each with its days.
pub fn policies(of: &[(&str, u64)]) -> Retention {
    let policy = |(action, keep_days): &(&str, u64)| Policy {
        action: (*action).to_owned(),
        keep_days: *keep_days,
    };
    Retention::new(of.iter().map(policy).collect()).unwrap()
}

/// The rules of rich logs.
pub fn rules(rules: &mut Rules) {
    rules.retention = policies(&[("probe.*", 1), ("probe.kept", 30)]);
}

/// Options with a clock that stands, and what sets it.
pub fn at(bed: &Bed, start: Timestamp) -> (Options, impl Fn(Timestamp) + Clone + use<>) {
    let (clock, set) = Clock::set_by_hand(start);
    let options = Options {
        clock,
        ..with_rules(bed.options(), rules)
    };
    (options, set)
}

/// An event of this action, by an actor and with an address of its own.
pub fn probe(action: &str, number: usize) -> domain::audit::Event {
    event(&format!(
        r#"{{"actor":{{"kind":"service","id":"probe{number}"}},"action":"{action}","target":{{"kind":"host","id":"h{number}"}},
            "occurred_at":"2020-01-01T00:00:00Z","details":{{"n":{number}}},"ip":"203.0.113.{}"}}"#,
        number % 250
    ))
}

/// Entries of three days ago, before all others.
pub async fn rich_past(bed: &Bed) {
    let (options, _) = at(bed, now().plus_seconds(-3 * DAY_S));
    Engine::init(&options, &mut |_| {}).await.unwrap();
    let engine = Engine::open(options).await.unwrap();
    record(
        &engine,
        (0..6).map(|number| probe("probe.ping", number)).collect(),
    )
    .await
    .unwrap();
    close(engine).await;
}

/// Prunes what is past its time.
pub async fn prune(engine: &Engine) -> Retained {
    engine.retain(&operator(), &|_| {}).await.unwrap()
}

crate::on_both!(
    what_is_past_its_time_goes,
    gone_by_hand_is_tampered,
    holds_win,
    it_may_be_cut_off_and_run_twice,
    one_prunes_while_another_holds,
);

mod cases {
    use std::ops::ControlFlow;

    use domain::audit::EntryFilter;
    use domain::audit::prune::PruneEntries;
    use domain::audit::pruning::Pruning;
    use domain::record::Val;
    use engine::verify::Counts;
    use engine::{Engine, EntryKey};
    use evidence::Entry;

    use super::{DAY_S, at, probe, prune};
    use crate::attacker::{Attacker, assert_intact, close, entry_key, names_row, verify};
    use crate::holds::{on, release, releaser, set};
    use crate::people::{code, entries, now};
    use crate::support::{Bed, erase, record, submit, two};

    async fn entry(engine: &Engine, index: u64) -> Entry {
        engine.entry(EntryKey::Index(index)).await.unwrap().unwrap()
    }

    /// A log with seven entries of four days ago, three of two days ago and three of now; the index of the first.
    async fn aged(bed: &Bed) -> (Engine, u64) {
        let start = now().plus_seconds(-4 * DAY_S);
        let (options, set) = at(bed, start);
        Engine::init(&options, &mut |_| {}).await.unwrap();
        let engine = Engine::open(options).await.unwrap();
        record(&engine, vec![probe("first", 99)]).await.unwrap();
        let first = *engine.size().borrow();
        record(
            &engine,
            (0..5).map(|number| probe("probe.ping", number)).collect(),
        )
        .await
        .unwrap();
        record(&engine, vec![probe("probe.kept", 5), probe("other", 6)])
            .await
            .unwrap();
        set(start.plus_seconds(2 * DAY_S));
        record(
            &engine,
            (7..10).map(|number| probe("probe.ping", number)).collect(),
        )
        .await
        .unwrap();
        set(start.plus_seconds(4 * DAY_S));
        record(
            &engine,
            (10..13).map(|number| probe("probe.ping", number)).collect(),
        )
        .await
        .unwrap();
        (engine, first)
    }

    pub async fn what_is_past_its_time_goes(bed: Bed) {
        let (engine, first) = aged(&bed).await;
        erase(&engine, vec![first + 1]).await.unwrap();
        let size = *engine.size().borrow();
        let newest = entries(&engine, "probe.ping").await;
        let before = engine.past_retention(&|_| {}).await.unwrap();
        assert_eq!(*engine.size().borrow(), size, "looking writes nothing");
        let past = &before.actions["probe.ping"];
        assert_eq!((past.entries, past.held, past.policy.keep_days), (7, 0, 1));
        assert_eq!(past.oldest, entry(&engine, first).await.at);
        assert_eq!((before.actions.len(), before.commands), (1, 0), "{before:?}");
        let done = prune(&engine).await;
        assert_eq!((done.entries(), done.commands), (7, 1));
        assert_eq!(done.actions, before.actions);
        let gone = [0, 2, 3, 4, 7, 8, 9].map(|number| first + number);
        for index in gone {
            let found = entry(&engine, index).await;
            assert!(found.pruned && !found.erased, "{found:?}");
            assert!(found.details.is_none() && found.ip.is_none() && found.occurred_at.is_none());
            assert!(found.actor.id.is_none() && found.evidence.salt.is_none());
            found.check().unwrap();
            let receipt = engine.receipt(EntryKey::Index(index)).await.unwrap().unwrap();
            evidence::receipt::check(&receipt, &found, engine.verifier_key()).unwrap();
        }
        let erased = entry(&engine, first + 1).await;
        assert!(erased.erased && !erased.pruned);
        for index in [first + 5, first + 6, first + 10] {
            assert!(!entry(&engine, index).await.is_gone(), "{index}");
        }
        // What was kept in memory of the list is not shown any more.
        let after = entries(&engine, "probe.ping").await;
        assert_eq!(after.len(), newest.len());
        assert_eq!(after.iter().filter(|entry| entry.pruned).count(), gone.len());
        let by = EntryFilter {
            actor: Some("probe0".to_owned()),
            ..EntryFilter::default()
        };
        let mut found = 0;
        let mut count = |_: Entry| {
            found += 1;
            ControlFlow::Continue(())
        };
        engine.export(&by, &mut count).await.unwrap();
        assert_eq!(found, 0, "what was in the payload finds nothing");
        let told = entries(&engine, "audit.prune").await;
        let details = &told[0].details.as_ref().unwrap().0;
        assert_eq!(details["policies"]["probe.*"], 7);
        assert_eq!(
            code(erase(&engine, vec![first]).await),
            "done",
            "and nothing is erased"
        );
        assert!(entry(&engine, first).await.pruned);
        let again = prune(&engine).await;
        assert_eq!((again.entries(), again.commands), (0, 0));
        close(engine).await;
        let report = assert_intact(&bed.options()).await;
        let (pruned, erased) = (report.entries.pruned, report.entries.erased);
        assert_eq!((pruned, erased, report.entries.tampered), (7, 1, 0));
        assert_eq!(report.entries.intact, report.size - 8);
    }

    pub async fn gone_by_hand_is_tampered(bed: Bed) {
        let (engine, first) = aged(&bed).await;
        prune(&engine).await;
        close(engine).await;
        let options = bed.options();
        let whole = assert_intact(&options).await.entries;
        let mut attacker = Attacker::new(&bed).await;
        // One in a pruned bucket.
        let kept = first + 10;
        let sql = format!("SELECT payload, salt FROM entries WHERE entry = {kept}");
        let row = attacker.conn.opt(&sql, &[]).await.unwrap().unwrap();
        let by_hand = "UPDATE entries SET payload = NULL, salt = NULL, actor = NULL, target = NULL, ip = NULL, occurred_at = NULL";
        attacker
            .conn
            .exec(&format!("{by_hand} WHERE entry = {kept}"), &[])
            .await
            .unwrap();
        let report = verify(&options).await;
        let named = report.findings.iter().find(|finding| finding.entry == Some(kept));
        assert!(named.unwrap().what.contains("by hand"), "{report:?}");
        let expected = Counts {
            intact: whole.intact - 1,
            tampered: 1,
            ..whole
        };
        assert_eq!(report.entries, expected);
        // Its bit, set by hand: the row is not the one that its entry wrote.
        let id = Val::Uuid(Pruning::id_of(0));
        let sql = "SELECT bits FROM prunings";
        let bits = attacker.conn.opt(sql, &[]).await.unwrap().unwrap();
        let said = Pruning {
            bits: bits.bytes(0).unwrap().to_vec(),
            ..Pruning::none_of(0)
        };
        let more = said.clone().with(&[kept]).bits;
        let key = vec![("id".to_owned(), id.clone())];
        attacker
            .set("prunings", "bits", &key, &Val::Bytes(more))
            .await
            .unwrap();
        let report = verify(&options).await;
        assert!(
            !report.intact && names_row(&report, "prunings", &id),
            "{report:?}"
        );
        // Nothing that it says is believed then.
        let doubted = Counts {
            intact: whole.intact - 1,
            pruned: 0,
            tampered: whole.pruned + 1,
            ..whole
        };
        assert_eq!(report.entries, doubted);
        attacker
            .set("prunings", "bits", &key, &Val::Bytes(said.bits))
            .await
            .unwrap();
        // A payload that is there although its bit is set: here another's.
        for (column, value) in ["payload", "salt"].into_iter().zip(&row.0) {
            attacker
                .set("entries", column, &entry_key(first), value)
                .await
                .unwrap();
        }
        let report = verify(&options).await;
        let said = report
            .findings
            .iter()
            .filter(|finding| finding.entry == Some(first));
        let said: Vec<&str> = said.map(|finding| finding.what.as_str()).collect();
        assert!(
            said.contains(&"the payload is there although a command pruned it"),
            "{said:?}"
        );
        assert_eq!(report.entries.tampered, 2);
        assert_eq!(report.entries.pruned, whole.pruned - 1);
    }

    pub async fn holds_win(bed: Bed) {
        let (engine, first) = aged(&bed).await;
        let lea = releaser(&engine).await;
        let hold = set(&engine, on("probe3")).await.reply.0.id;
        let past = engine.past_retention(&|_| {}).await.unwrap();
        assert_eq!((past.entries(), past.held()), (7, 1));
        let done = prune(&engine).await;
        assert_eq!((done.entries(), done.held()), (7, 1));
        assert!(!entry(&engine, first + 3).await.is_gone());
        let entries = vec![first + 3];
        let command = PruneEntries {
            entries: entries.clone(),
        };
        let refused = submit(&engine, command.clone().into()).await.unwrap_err();
        assert!(refused.to_string().contains(&hold.to_string()), "{refused}");
        assert_eq!(code(Err::<(), _>(refused)), "held");
        for (entries, expected) in [(vec![first + 5], "retained"), (vec![9_999], "unknown_entry")] {
            assert_eq!(
                code(submit(&engine, PruneEntries { entries }.into()).await),
                expected
            );
        }
        release(&engine, &lea, hold).await.unwrap();
        let done = prune(&engine).await;
        assert_eq!((done.entries(), done.held()), (1, 0));
        assert!(entry(&engine, first + 3).await.pruned);
        close(engine).await;
        assert_eq!(assert_intact(&bed.options()).await.entries.pruned, 8);
    }

    /// Over several buckets and commands.
    pub async fn it_may_be_cut_off_and_run_twice(bed: Bed) {
        const ENTRIES: usize = 5_000;
        let start = now().plus_seconds(-2 * DAY_S);
        let (options, set) = at(&bed, start);
        Engine::init(&options, &mut |_| {}).await.unwrap();
        let engine = Engine::open(options).await.unwrap();
        let all: Vec<_> = (0..ENTRIES).map(|number| probe("probe.ping", number)).collect();
        for some in all.chunks(1_000) {
            record(&engine, some.to_vec()).await.unwrap();
        }
        set(start.plus_seconds(2 * DAY_S));
        {
            // Whoever waits goes away after the first command was sent.
            let before = engine.metrics().commands;
            let caller = crate::support::operator();
            let mut running = std::pin::pin!(engine.retain(&caller, &|_| {}));
            let over = std::future::poll_fn(|context| {
                let done = running.as_mut().poll(context).is_ready();
                let moved = engine.metrics().commands > before;
                if done || moved {
                    std::task::Poll::Ready(())
                } else {
                    std::task::Poll::Pending
                }
            });
            over.await;
        }
        let (one, other) = tokio::join!(prune(&engine), prune(&engine));
        assert!(one.entries().max(other.entries()) < ENTRIES as u64);
        let rest = engine.past_retention(&|_| {}).await.unwrap();
        assert_eq!(rest.entries(), 0);
        close(engine).await;
        let report = assert_intact(&bed.options()).await;
        assert_eq!(report.entries.pruned, ENTRIES as u64);
    }

    /// One process prunes while another sets a hold: what the log says came first is what held.
    pub async fn one_prunes_while_another_holds(bed: Bed) {
        const ROUNDS: u64 = 20;
        let options = two(&bed).await;
        let start = now();
        let (early, set_time) = at(&bed, start);
        let [one, other] = options.map(|options| engine::Options {
            clock: early.clock.clone(),
            ..crate::people::with_rules(options, super::rules)
        });
        let data = other.clone();
        let one = Engine::open(one).await.unwrap();
        let other = Engine::open(other).await.unwrap();
        record(&one, vec![probe("first", 99)]).await.unwrap();
        let first = one.size_now().await.unwrap();
        record(&one, (0..20).map(|number| probe("probe.ping", number)).collect())
            .await
            .unwrap();
        set_time(start.plus_seconds(2 * DAY_S));
        let mut pruned = 0;
        for number in 0..ROUNDS {
            let (index, name) = (first + number, format!("probe{number}"));
            let entries = vec![index];
            let (pruning, held) = tokio::join!(
                submit(&one, PruneEntries { entries }.into()),
                set(&other, on(&name))
            );
            let held = held.entry.unwrap();
            match pruning {
                Ok(answer) => {
                    pruned += 1;
                    assert!(answer.entry.unwrap() < held, "pruned although it was held before");
                    assert!(entry(&other, index).await.pruned);
                }
                Err(error) => {
                    assert_eq!(code(Err::<(), _>(error)), "held");
                    assert!(!entry(&one, index).await.is_gone());
                }
            }
        }
        for engine in [one, other] {
            close(engine).await;
        }
        assert_eq!(assert_intact(&data).await.entries.pruned, pruned);
    }
}
