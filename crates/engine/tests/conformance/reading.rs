//! Filters, pages and exports, against the plain filter of all entries.

crate::on_both!(
    filters_and_pages,
    texts_in_any_case,
    nothing_breaks_a_filter,
    time_ranges,
    the_newest_from_memory,
    bundles_hold
);

mod cases {
    use std::ops::ControlFlow;

    use domain::audit::EntryFilter;
    use domain::record::Val;
    use engine::{Engine, SEARCH_TIME, ShownEntry};
    use evidence::bundle::{BundleChecker, BundleLine};
    use evidence::json::{self, StrictObject};
    use evidence::{Entry, Timestamp};
    use store::query::{Order, Page};

    use crate::attacker::{Attacker, assert_intact, close, entry_key};
    use crate::questions::{filters, mixed, varied};
    use crate::support::{Bed, erase, event, record};

    /// Entries and, of each, the payload as it is searched.
    type All = Vec<(Entry, Option<String>)>;

    async fn all(engine: &Engine) -> All {
        let mut conn = engine.db().writer().await.unwrap();
        let payloads = conn
            .all("SELECT payload FROM entries ORDER BY entry", &[])
            .await
            .unwrap();
        let mut entries = Vec::new();
        let each = &mut |entry: Entry| {
            entries.push(entry);
            ControlFlow::Continue(())
        };
        engine.export(&EntryFilter::default(), each).await.unwrap();
        assert_eq!(entries.len(), payloads.len());
        entries
            .into_iter()
            .zip(payloads)
            .map(|(entry, row)| (entry, row.optional_text(0).unwrap().map(str::to_owned)))
            .collect()
    }

    /// What a filter means, said plainly.
    fn fulfils(filter: &EntryFilter, entry: &Entry, payload: Option<&str>) -> bool {
        let is =
            |wanted: &Option<String>, found: Option<&String>| wanted.is_none() || wanted.as_ref() == found;
        let text = filter.text.as_ref().is_none_or(|text| {
            let mut escaped = String::new();
            json::write_string(text, &mut escaped);
            // Beyond ASCII, whether case matters is left to the database, and the cases below do not rest on it.
            let inner = escaped[1..escaped.len() - 1].to_ascii_lowercase();
            payload.is_some_and(|payload| payload.to_ascii_lowercase().contains(&inner))
        });
        let action = filter
            .action
            .as_ref()
            .is_none_or(|action| match action.strip_suffix('*') {
                Some(prefix) => entry.action.starts_with(prefix),
                None => entry.action == *action,
            });
        let target = entry.target.as_ref();
        is(
            &filter.actor,
            entry.actor.id.as_ref().or(entry.actor.name.as_ref()),
        ) && action
            && filter.actor_kind.is_none_or(|kind| entry.actor.kind == kind)
            && is(&filter.target_kind, target.map(|target| &target.kind))
            && is(&filter.target, target.and_then(|target| target.id.as_ref()))
            && filter.outcome.is_none_or(|outcome| entry.outcome == outcome)
            && filter.from.is_none_or(|from| entry.at >= from)
            && filter.to.is_none_or(|to| entry.at < to)
            && is(&filter.ip, entry.ip.as_ref())
            && text
    }

    /// Indexes that the pages of a filter give, from the first page to the last.
    async fn paged(engine: &Engine, filter: &EntryFilter, order: Order, limit: u32) -> Vec<u64> {
        let (mut after, mut indexes) = (None, Vec::new());
        loop {
            let page = engine
                .entries(filter, Page { order, after, limit })
                .await
                .unwrap();
            assert!(page.entries.len() <= limit as usize);
            assert!(
                page.next.is_none() || page.entries.len() == limit as usize,
                "only the last page is short"
            );
            indexes.extend(page.entries.iter().map(|entry| entry.index));
            let Some(next) = page.next else { return indexes };
            after = Some(next);
        }
    }

    async fn assert_plain(engine: &Engine, all: &All, filter: &EntryFilter) -> usize {
        let fulfilling = all
            .iter()
            .filter(|(entry, payload)| fulfils(filter, entry, payload.as_deref()));
        let expected: Vec<u64> = fulfilling.map(|(entry, _)| entry.index).collect();
        let length = u32::try_from(expected.len()).unwrap();
        for limit in [length.max(1), length + 1, length / 3 + 1] {
            assert_eq!(
                paged(engine, filter, Order::Ascending, limit).await,
                expected,
                "{filter:?} by {limit}"
            );
            let mut descending = paged(engine, filter, Order::Descending, limit).await;
            descending.reverse();
            assert_eq!(descending, expected, "{filter:?} by {limit}, newest first");
        }
        let mut exported = Vec::new();
        let each = &mut |entry: Entry| {
            exported.push(entry.index);
            ControlFlow::Continue(())
        };
        assert_eq!(engine.export(filter, each).await.unwrap(), expected.len() as u64);
        assert_eq!(exported, expected, "{filter:?} exported");
        expected.len()
    }

    /// So many that pages of indexed filters go through the log in several steps.
    pub async fn filters_and_pages(bed: Bed) {
        let engine = bed.open().await;
        for thousand in 0..10 {
            record(
                &engine,
                (0..1_000).map(|n| varied(thousand * 1_000 + n)).collect(),
            )
            .await
            .unwrap();
        }
        let all = all(&engine).await;
        let mut found = 0;
        for filter in filters() {
            found += usize::from(assert_plain(&engine, &all, &filter).await > 0);
        }
        assert!(found > 20, "only {found} filters found anything");
        let seed = engine::now().micros().unsigned_abs();
        let mut found = 0;
        for filter in mixed(seed).take(30) {
            found += usize::from(assert_plain(&engine, &all, &filter).await > 0);
        }
        assert!(found > 5, "only {found} filters of seed {seed} found anything");
        // Cursors that no page gave.
        for (after, order, first) in [
            (0, Order::Descending, None),
            (u64::MAX, Order::Ascending, None),
            (u64::MAX, Order::Descending, Some(10_000)),
            (9_999, Order::Ascending, Some(10_000)),
        ] {
            let page = engine
                .entries(
                    &EntryFilter::default(),
                    Page {
                        order,
                        after: Some(after),
                        limit: 1,
                    },
                )
                .await
                .unwrap();
            assert_eq!(
                page.entries.first().map(|entry| entry.index),
                first,
                "{after} {order:?}"
            );
        }
        let mut given = 0;
        let each = &mut |_| {
            given += 1;
            if given == 700 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let stopped = engine.export(&EntryFilter::default(), each).await.unwrap();
        assert_eq!(
            (stopped, given),
            (700, 700),
            "an export that nobody reads on ends"
        );
        close(engine).await;
        assert_eq!(assert_intact(&bed.options()).await.size, 10_001);
    }

    pub async fn texts_in_any_case(bed: Bed) {
        let engine = bed.open().await;
        let texts = [
            "100% sure",
            "100 sure",
            "a_b",
            "axb",
            r"C:\temp",
            "C:/temp",
            "say \"hi\"",
            "it's",
            "ÉCOLE Straße",
            "naïve",
            "日本語",
            "tab\there",
            "a\\\"b",
            "%",
            "_",
            "''",
        ];
        let told = |text: &&str| {
            let text = serde_json::to_string(text).unwrap();
            event(&format!(
                r#"{{"actor":{{"kind":"system"}},"action":"a","description":{text}}}"#
            ))
        };
        record(&engine, texts.iter().map(told).collect()).await.unwrap();
        let all = all(&engine).await;
        for text in texts.iter().chain(&[
            "100%",
            "0% S",
            "_",
            "%",
            "\\",
            "\"",
            "'",
            "ÉCole straß",
            "STRAß",
            "NAïVE",
            "語",
            "\t",
            "SURE",
            "c:\\T",
            "\n",
            "\0",
            "\u{1}",
            "x\0y",
        ]) {
            let filter = EntryFilter {
                text: Some((*text).to_owned()),
                ..EntryFilter::default()
            };
            let count = assert_plain(&engine, &all, &filter).await;
            if texts.contains(text) {
                assert!(count > 0, "{text:?}");
            }
        }
        let count = async |text: &str| {
            assert_plain(
                &engine,
                &all,
                &EntryFilter {
                    text: Some(text.into()),
                    ..EntryFilter::default()
                },
            )
            .await
        };
        assert_eq!(count("100%").await, 1);
        assert_eq!(count("A_B").await, 1);
        assert_eq!(count("ÉcoLE").await, 1);
        assert_eq!(count("日本語").await, 1);
        close(engine).await;
    }

    /// Texts that a database does not take in a statement, or takes for something else.
    pub async fn nothing_breaks_a_filter(bed: Bed) {
        let engine = bed.open().await;
        for text in [
            "\0",
            "a\0b",
            "'; DROP TABLE entries; --",
            "$1",
            "?",
            "\u{10ffff}",
            "\u{d7ff}*",
            "\\",
            "%",
        ] {
            let value = || Some(text.to_owned());
            let none = EntryFilter::default;
            let filters = [
                EntryFilter {
                    actor: value(),
                    ..none()
                },
                EntryFilter {
                    action: value(),
                    ..none()
                },
                EntryFilter {
                    action: Some(format!("{text}*")),
                    ..none()
                },
                EntryFilter {
                    target_kind: value(),
                    ..none()
                },
                EntryFilter {
                    target: value(),
                    ..none()
                },
                EntryFilter {
                    ip: value(),
                    ..none()
                },
            ];
            for filter in filters {
                let page = engine
                    .entries(
                        &filter,
                        Page {
                            limit: 5,
                            ..Page::default()
                        },
                    )
                    .await;
                assert_eq!(
                    page.unwrap_or_else(|error| panic!("{filter:?}: {error}")).entries,
                    [],
                    "{filter:?}"
                );
            }
        }
        close(engine).await;
    }

    pub async fn time_ranges(bed: Bed) {
        let engine = bed.open().await;
        for number in 0..40 {
            record(&engine, (0..=number % 5).map(varied).collect())
                .await
                .unwrap();
        }
        let all = all(&engine).await;
        let mut times: Vec<Timestamp> = all.iter().map(|(entry, _)| entry.at).collect();
        times.dedup();
        assert!(times.len() > 20);
        let near = |time: Timestamp| {
            [-1, 0, 1].map(|micros| Timestamp::from_micros(time.micros() + micros).unwrap())
        };
        let ends = [times[0], times[1], times[times.len() / 2], times[times.len() - 1]];
        let mut edges: Vec<Option<Timestamp>> = ends.into_iter().flat_map(near).map(Some).collect();
        edges.extend([
            None,
            Some(Timestamp::EPOCH),
            Timestamp::from_micros(253_402_300_799_999_999),
        ]);
        for from in &edges {
            for to in &edges {
                assert_plain(
                    &engine,
                    &all,
                    &EntryFilter {
                        from: *from,
                        to: *to,
                        ..EntryFilter::default()
                    },
                )
                .await;
            }
        }
        let one = EntryFilter {
            from: Some(times[5]),
            to: Some(times[6]),
            actor: Some("u1".into()),
            ..EntryFilter::default()
        };
        assert!(assert_plain(&engine, &all, &one).await > 0);
        close(engine).await;
    }

    pub async fn bundles_hold(bed: Bed) {
        let engine = bed.open().await;
        record(&engine, (0..700).map(varied).collect()).await.unwrap();
        erase(&engine, vec![0, 7, 300]).await.unwrap();
        let all = all(&engine).await;
        let filters = [
            EntryFilter::default(),
            EntryFilter {
                actor: Some("u1".into()),
                ..EntryFilter::default()
            },
            EntryFilter {
                text: Some("needle".into()),
                ..EntryFilter::default()
            },
            EntryFilter {
                actor: Some("nobody".into()),
                ..EntryFilter::default()
            },
        ];
        for filter in filters {
            let mut asked = StrictObject::default();
            asked.0.insert("actor".into(), filter.actor.clone().into());
            let mut checker = BundleChecker::new(engine.verifier_key().clone());
            let mut indexes = Vec::new();
            let line = &mut |line: String| {
                if let BundleLine::Entry(entry) = checker.line(&line).unwrap() {
                    indexes.push(entry.index);
                }
                ControlFlow::Continue(())
            };
            let count = engine.bundle(&filter, asked, line).await.unwrap();
            let summary = checker.finish().unwrap();
            let expected = all
                .iter()
                .filter(|(entry, payload)| fulfils(&filter, entry, payload.as_deref()));
            assert_eq!(
                indexes,
                expected.map(|(entry, _)| entry.index).collect::<Vec<_>>()
            );
            assert_eq!(
                (count, summary.entries, summary.size),
                (indexes.len() as u64, count, all.len() as u64)
            );
            assert_eq!(summary.whole_log(), filter == EntryFilter::default());
        }
        close(engine).await;
    }

    /// The newest entries as they are shown, compared with what the database says of them; whether they came from memory.
    async fn newest(engine: &Engine, limit: u32) -> bool {
        let page = Page {
            order: Order::Descending,
            after: None,
            limit,
        };
        let all = EntryFilter::default();
        let shown = engine
            .shown_within(&all, page, (u64::MAX, SEARCH_TIME))
            .await
            .unwrap();
        let read = engine
            .entries_within(&all, page, (u64::MAX, SEARCH_TIME))
            .await
            .unwrap();
        assert_eq!((shown.next, shown.size), (read.next, read.size), "{limit}");
        let json = [
            serde_json::to_string(&shown.entries),
            serde_json::to_string(&read.entries),
        ];
        let [shown_json, read_json] = json.map(Result::unwrap);
        assert_eq!(shown_json, read_json, "{limit}");
        matches!(shown.entries[0], ShownEntry::Kept(_))
    }

    pub async fn the_newest_from_memory(bed: Bed) {
        let engine = bed.open().await;
        assert!(newest(&engine, 50).await, "a log of a few is kept at once");
        record(&engine, (0..700).map(varied).collect()).await.unwrap();
        assert!(!newest(&engine, 50).await, "more have come than are asked for");
        // The second question finds the log at rest.
        for (limit, kept) in [(50, true), (1, true), (256, true), (257, false), (1_000, false)] {
            assert_eq!(newest(&engine, limit).await, kept, "{limit}");
        }
        let other = Engine::open(bed.options()).await.unwrap();
        for number in 0..5 {
            record(&other, vec![varied(700 + number)]).await.unwrap();
            assert!(newest(&engine, 50).await, "a few more are added to what is kept");
        }
        let size = engine.size_now().await.unwrap();
        erase(&other, vec![size - 3]).await.unwrap();
        newest(&engine, 50).await;
        newest(&engine, 50).await;
        assert!(newest(&engine, 50).await, "and without what was erased");
        close(other).await;
        close(engine).await;
        // What its leaf does not commit to is not kept.
        let engine = Engine::open(bed.options()).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        let payload = attacker.get("entries", "payload", &entry_key(size - 1)).await;
        let Val::Text(payload) = payload else {
            panic!("{payload:?}")
        };
        let wrong = payload.replacen("\"actor\"", "\"actor\" ", 1);
        attacker
            .set("entries", "payload", &entry_key(size - 1), &wrong.into())
            .await
            .unwrap();
        for _ in 0..3 {
            assert!(!newest(&engine, 50).await);
        }
        attacker.put_back("entries").await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
