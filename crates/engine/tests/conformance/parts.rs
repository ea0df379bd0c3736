//! What is read part by part: each part within its bytes, all of them together the whole, and nothing held in between.

crate::on_both!(
    parts_are_bounded_in_bytes,
    a_page_within_bytes_leaves_nothing_out,
    nothing_is_held_between_two_parts
);

mod cases {
    use domain::audit::EntryFilter;
    use engine::{Engine, PART_BYTES_MAX, SEARCH_TIME};
    use evidence::Entry;
    use evidence::bundle::BundleChecker;
    use evidence::json::StrictObject;
    use store::query::{Order, Page};

    use crate::attacker::close;
    use crate::support::{Bed, event, numbered, record};

    /// Bytes of the text of a large entry.
    const LARGE: usize = 200_000;
    /// About what surrounds a text in its entry.
    const AROUND: usize = 2_000;

    /// Small entries with large ones among them, some of them side by side; every third of another's.
    async fn filled(bed: &Bed) -> Engine {
        let engine = bed.open().await;
        for start in [0, 700] {
            record(&engine, (start..start + 700).map(numbered).collect())
                .await
                .unwrap();
            let large = |n: usize| {
                let text = "x".repeat(LARGE);
                event(&format!(
                    r#"{{"actor":{{"kind":"user","id":"u{}"}},"action":"large","details":{{"n":{n},"text":"{text}"}}}}"#,
                    n % 3
                ))
            };
            record(&engine, (0..8).map(large).collect()).await.unwrap();
        }
        engine
    }

    fn filters() -> [EntryFilter; 4] {
        [
            EntryFilter::default(),
            EntryFilter {
                actor: Some("u1".into()),
                ..EntryFilter::default()
            },
            EntryFilter {
                text: Some("xxx".into()),
                ..EntryFilter::default()
            },
            EntryFilter {
                actor: Some("nobody".into()),
                ..EntryFilter::default()
            },
        ]
    }

    async fn indexes(engine: &Engine, filter: &EntryFilter) -> Vec<u64> {
        let all = Page {
            order: Order::Ascending,
            after: None,
            limit: 10_000,
        };
        let found = engine.entries(filter, all).await.unwrap();
        found.entries.iter().map(|entry| entry.index).collect()
    }

    /// Bytes of entries as they are shown, and of all but the last.
    fn bytes(entries: &[Entry]) -> (usize, usize) {
        let lengths: Vec<usize> = entries
            .iter()
            .map(|entry| evidence::entry::to_line(entry).unwrap().len())
            .collect();
        let all = lengths.iter().sum();
        (all, all - lengths.last().copied().unwrap_or_default())
    }

    pub async fn parts_are_bounded_in_bytes(bed: Bed) {
        let engine = filled(&bed).await;
        let part_max = usize::try_from(PART_BYTES_MAX).unwrap();
        for filter in filters() {
            let expected = indexes(&engine, &filter).await;
            let mut export = engine.exported(filter.clone(), None).await.unwrap();
            let mut seen = Vec::new();
            while let Some(part) = export.next().await.unwrap() {
                // What is kept of an entry is a little shorter or longer than what is shown of it.
                let (all, but_last) = bytes(&part);
                assert!(
                    !part.is_empty() && but_last <= 2 * part_max,
                    "{filter:?}: {but_last}"
                );
                assert!(all <= 2 * part_max + LARGE + AROUND, "{filter:?}: {all}");
                seen.extend(part.iter().map(|entry| entry.index));
            }
            assert_eq!(seen, expected, "{filter:?}");
            let mut bundle = engine
                .bundled(filter.clone(), StrictObject::default(), None)
                .await
                .unwrap();
            let mut checker = BundleChecker::new(engine.verifier_key().clone());
            while let Some(lines) = bundle.next().await.unwrap() {
                let all: usize = lines.iter().map(String::len).sum();
                let proofs = lines.len() * AROUND;
                assert!(all <= 2 * part_max + LARGE + proofs, "{filter:?}: {all}");
                for line in lines {
                    checker.line(line.trim_end_matches('\n')).unwrap();
                }
            }
            assert_eq!(
                checker.finish().unwrap().entries,
                expected.len() as u64,
                "{filter:?}"
            );
        }
        close(engine).await;
    }

    pub async fn a_page_within_bytes_leaves_nothing_out(bed: Bed) {
        let engine = filled(&bed).await;
        for filter in filters() {
            let expected = indexes(&engine, &filter).await;
            for order in [Order::Ascending, Order::Descending] {
                for (limit, bytes_max) in [(1_000, 1), (1_000, 500_000), (50, 500_000), (7, u64::MAX >> 1)] {
                    let (mut after, mut seen) = (None, Vec::new());
                    loop {
                        let page = Page { order, after, limit };
                        let found = engine
                            .entries_within(&filter, page, (bytes_max, SEARCH_TIME))
                            .await
                            .unwrap();
                        assert!(found.entries.len() <= limit as usize);
                        let held = bytes(&found.entries).1 as u64;
                        assert!(held / 2 <= bytes_max, "{filter:?}: {held} of {bytes_max}");
                        seen.extend(found.entries.iter().map(|entry| entry.index));
                        let Some(next) = found.next else { break };
                        assert_eq!(seen.last(), Some(&next), "it goes on after what was given");
                        after = Some(next);
                    }
                    if order == Order::Descending {
                        seen.reverse();
                    }
                    assert_eq!(seen, expected, "{filter:?} {order:?} {limit} {bytes_max}");
                }
            }
        }
        close(engine).await;
    }

    /// With one connection for all readers, others read while an export waits for its own.
    pub async fn nothing_is_held_between_two_parts(bed: Bed) {
        close(filled(&bed).await).await;
        let mut options = bed.options();
        options.database.pool_max = 1;
        let engine = Engine::open(options).await.unwrap();
        let mut export = engine.exported(EntryFilter::default(), None).await.unwrap();
        let asked = StrictObject::default();
        let mut bundle = engine.bundled(EntryFilter::default(), asked, None).await.unwrap();
        let mut parts = 0;
        loop {
            let (some, lines) = (export.next().await.unwrap(), bundle.next().await.unwrap());
            engine.checkpoint().await.unwrap();
            if some.is_none() && lines.is_none() {
                break;
            }
            parts += 1;
        }
        assert!(parts > 10, "{parts}");
        drop((export, bundle));
        close(engine).await;
    }
}
