//! Entries in the order of when they happened, against a plain sort.

crate::on_both!(
    pages_in_time,
    along_the_index_where_there_are_many,
    a_search_in_time_goes_on
);

mod cases {
    use std::time::Duration;

    use domain::audit::{EntryFilter, Event};
    use engine::{Engine, SEARCH_TIME};
    use evidence::{Entry, Timestamp};
    use store::query::{self, Order, Page, Patience};

    use crate::attacker::{assert_intact, close};
    use crate::questions::{filters, varied};
    use crate::support::{Bed, erase, record};

    /// Whatever happens has a time of its own twice in three times; some of these are the same.
    fn timed(number: usize) -> Event {
        let mut event = varied(number);
        event.occurred_at = match number % 6 {
            0 => None,
            1 => Timestamp::from_micros(0),
            2 => Some(engine::now()),
            _ => Timestamp::from_micros(
                1_700_000_000_000_001 - i64::try_from(number % 97).unwrap() * 1_000_000,
            ),
        };
        event
    }

    fn happened(entry: &Entry) -> (Timestamp, u64) {
        (entry.occurred_at.unwrap_or(entry.at), entry.index)
    }

    /// What fulfils the other conditions, sorted.
    async fn sorted(engine: &Engine, filter: &EntryFilter) -> Vec<u64> {
        let in_log = EntryFilter {
            by_timestamp: false,
            from: None,
            to: None,
            ..filter.clone()
        };
        let page = Page {
            order: Order::Ascending,
            after: None,
            limit: 10_000,
        };
        let mut found = engine.entries(&in_log, page).await.unwrap().entries;
        found.sort_by_key(happened);
        let within = |entry: &&Entry| {
            let time = happened(entry).0;
            filter.from.is_none_or(|from| time >= from) && filter.to.is_none_or(|to| time < to)
        };
        found.iter().filter(within).map(|entry| entry.index).collect()
    }

    /// Pages in both orders, from the first to the last.
    async fn assert_sorted(engine: &Engine, filter: &EntryFilter, limit: u32) -> usize {
        let mut expected = sorted(engine, filter).await;
        for order in [Order::Ascending, Order::Descending] {
            let (mut after, mut indexes) = (None, Vec::new());
            loop {
                let page = Page { order, after, limit };
                let page = engine.entries(filter, page).await.unwrap();
                indexes.extend(page.entries.iter().map(|entry| entry.index));
                let Some(next) = page.next else { break };
                assert_eq!(page.entries.len(), limit as usize, "only the last page is short");
                after = Some(next);
            }
            assert_eq!(indexes, expected, "{filter:?} by {limit}");
            expected.reverse();
        }
        // The same ends with a page of few bytes.
        let (mut after, mut indexes) = (None, Vec::new());
        loop {
            let order = Order::Ascending;
            let page = Page { order, after, limit };
            let page = engine
                .entries_within(filter, page, (3_000, SEARCH_TIME))
                .await
                .unwrap();
            indexes.extend(page.entries.iter().map(|entry| entry.index));
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        assert_eq!(indexes, expected, "{filter:?} by bytes");
        expected.len()
    }

    fn by_timestamp(filter: EntryFilter) -> EntryFilter {
        EntryFilter {
            by_timestamp: true,
            ..filter
        }
    }

    pub async fn pages_in_time(bed: Bed) {
        let engine = bed.open().await;
        record(&engine, (0..400).map(timed).collect()).await.unwrap();
        for filter in filters() {
            assert_sorted(&engine, &by_timestamp(filter), 37).await;
        }
        let time = |micros| Timestamp::from_micros(micros);
        let (old, new) = (time(1_699_999_950_000_001), time(1_699_999_990_000_001));
        for (from, to, some) in [
            (old, None, true),
            (None, old, true),
            (old, new, true),
            (new, old, false),
        ] {
            for actor in [None, Some("u1".to_owned())] {
                let filter = EntryFilter {
                    from,
                    to,
                    actor,
                    ..by_timestamp(EntryFilter::default())
                };
                assert_eq!(assert_sorted(&engine, &filter, 7).await > 0, some);
            }
        }
        // What is erased has no time of its own any more.
        let oldest = by_timestamp(EntryFilter::default());
        let first = sorted(&engine, &oldest).await[0];
        erase(&engine, vec![first]).await.unwrap();
        assert_ne!(sorted(&engine, &oldest).await[0], first);
        assert_sorted(&engine, &oldest, 50).await;
        close(engine).await;
        assert_eq!(assert_intact(&bed.options()).await.entries.erased, 1);
    }

    pub async fn along_the_index_where_there_are_many(bed: Bed) {
        let engine = bed.open().await;
        for part in 0..5 {
            let events = (part * 1_000..(part + 1) * 1_000).map(timed).collect();
            record(&engine, events).await.unwrap();
        }
        let many = EntryFilter {
            actor: Some("u1".into()),
            ..by_timestamp(EntryFilter::default())
        };
        assert!(assert_sorted(&engine, &many, 700).await > 1_000);
        let rare = EntryFilter {
            text: Some("needle".into()),
            ..by_timestamp(EntryFilter::default())
        };
        assert_eq!(assert_sorted(&engine, &rare, 2).await, 4);
        close(engine).await;
    }

    pub async fn a_search_in_time_goes_on(bed: Bed) {
        let engine = bed.open().await;
        for part in 0..5 {
            let events = (part * 1_000..(part + 1) * 1_000).map(timed).collect();
            record(&engine, events).await.unwrap();
        }
        let filter = EntryFilter {
            text: Some("needle".into()),
            ..by_timestamp(EntryFilter::default())
        };
        let expected = sorted(&engine, &filter).await;
        let size = engine.size_now().await.unwrap();
        let mut conn = engine.db().reader().await.unwrap();
        let (mut page, mut seen, mut parts) = (Page::default(), Vec::new(), 0);
        (page.order, page.limit) = (Order::Ascending, 100);
        loop {
            let clock = || Duration::from_secs(1);
            let patience = Patience {
                clock: &clock,
                at_most: Duration::ZERO,
            };
            let bounds = (None, Some(&patience));
            let found = query::page_within(&mut conn, &filter, page, size, bounds)
                .await
                .unwrap();
            seen.extend(found.entries.iter().map(|entry| entry.entry));
            parts += 1;
            let Some(reached) = found.reached else { break };
            assert_ne!(page.after, Some(reached), "it comes further");
            page.after = Some(reached);
        }
        assert_eq!((seen, parts), (expected, 2));
        drop(conn);
        close(engine).await;
    }
}
