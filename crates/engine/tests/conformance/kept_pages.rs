//! Entries by a filter from memory: each answer is what the database says, whatever happened since the last one.

crate::on_both!(pages_from_memory, only_what_the_head_proves);

mod cases {
    use std::time::Duration;

    use domain::audit::EntryFilter;
    use engine::{Engine, SEARCH_TIME};
    use evidence::Entry;
    use store::StoredEntry;
    use store::query::{self, Page};

    use crate::attacker::{Attacker, assert_intact, close, entry_key};
    use crate::questions::{filters, varied};
    use crate::support::{Bed, erase, event, record};

    /// More than any page has.
    const BOUNDS: (u64, Duration) = (1 << 20, SEARCH_TIME);

    fn page(limit: u32) -> Page {
        Page {
            limit,
            ..Page::default()
        }
    }

    /// What the engine answers, and what the database says.
    async fn both(engine: &Engine, filter: &EntryFilter, limit: u32) -> [Vec<Entry>; 2] {
        let shown = engine.entries_within(filter, page(limit), BOUNDS).await.unwrap();
        let json = engine.shown_within(filter, page(limit), BOUNDS).await.unwrap();
        assert_eq!((json.next, json.size), (shown.next, shown.size));
        let [json, assembled] = [
            serde_json::to_value(&json.entries),
            serde_json::to_value(&shown.entries),
        ];
        assert_eq!(json.unwrap(), assembled.unwrap(), "{filter:?} by {limit}");
        let mut conn = engine.db().reader().await.unwrap();
        let stored = query::page(&mut conn, filter, page(limit), shown.size)
            .await
            .unwrap();
        let stored: Result<_, _> = stored.into_iter().map(StoredEntry::assemble).collect();
        [shown.entries, stored.unwrap()]
    }

    async fn compare(engine: &Engine, limits: &[u32]) {
        for filter in filters() {
            for limit in limits {
                for _ in 0..2 {
                    let [shown, stored] = both(engine, &filter, *limit).await;
                    assert_eq!(shown, stored, "{filter:?} by {limit}");
                }
            }
        }
    }

    pub async fn pages_from_memory(bed: Bed) {
        let engine = bed.open().await;
        let other = Engine::open(bed.options()).await.unwrap();
        compare(&engine, &[1, 50]).await;
        let mut made = 0;
        // Nothing new, a little, more than a page, a bucket; by this process and by another.
        for (round, number) in [1, 0, 3, 40, 1, 200, 7, 1_000, 2].into_iter().enumerate() {
            let by = if round % 2 == 0 { &engine } else { &other };
            if number > 0 {
                record(by, (made..made + number).map(varied).collect())
                    .await
                    .unwrap();
                made += number;
            }
            compare(&engine, &[1, 3, 50]).await;
            let last = engine.size_now().await.unwrap() - 1;
            erase(by, vec![last, last.saturating_sub(5)]).await.unwrap();
            compare(&engine, &[1, 3, 50]).await;
        }
        close(other).await;
        close(engine).await;
    }

    /// What is changed by hand behind the head is not seen, since it comes from memory. Where the last entry that was known
    /// is not the one that it was, all of it comes from the database.
    pub async fn only_what_the_head_proves(bed: Bed) {
        let engine = bed.open().await;
        let rare = || event(r#"{"action":"rare","actor":{"kind":"user","id":"eve","name":"Eve"}}"#);
        record(&engine, vec![rare(), rare()]).await.unwrap();
        record(&engine, (0..30).map(varied).collect()).await.unwrap();
        let filter = EntryFilter {
            actor: Some("eve".into()),
            ..EntryFilter::default()
        };
        let [known, _] = both(&engine, &filter, 50).await;
        assert_eq!(known.len(), 2);
        let mut attacker = Attacker::new(&bed).await;
        let first = entry_key(known[1].index);
        attacker
            .set("entries", "actor", &first, &"adam".into())
            .await
            .unwrap();
        let [shown, stored] = both(&engine, &filter, 50).await;
        assert_eq!((shown, stored.len()), (known.clone(), 1), "the head is the same");
        record(&engine, vec![rare()]).await.unwrap();
        let [shown, stored] = both(&engine, &filter, 50).await;
        assert_eq!((&shown[1..], shown.len(), stored.len()), (&known[..], 3, 2));
        // The last entry of then, which another is in the place of.
        let last = entry_key(shown[0].index);
        let leaf = attacker.get("entries", "leaf", &last).await;
        attacker
            .set("entries", "leaf", &last, &attacker_leaf(&engine).await)
            .await
            .unwrap();
        record(&engine, vec![varied(1)]).await.unwrap();
        let mut conn = engine.db().reader().await.unwrap();
        let size = engine.size_now().await.unwrap();
        let stored = query::page(&mut conn, &filter, page(50), size)
            .await
            .unwrap()
            .len();
        drop(conn);
        let shown = engine.shown_within(&filter, page(50), BOUNDS).await.unwrap();
        assert_eq!((shown.entries.len(), stored), (2, 2), "read anew");
        attacker.set("entries", "leaf", &last, &leaf).await.unwrap();
        attacker
            .set("entries", "actor", &first, &"eve".into())
            .await
            .unwrap();
        // Erasing ends what is kept.
        let [shown, stored] = both(&engine, &filter, 50).await;
        assert_eq!((shown.len(), stored.len()), (2, 3));
        erase(&engine, vec![shown[0].index]).await.unwrap();
        let [shown, stored] = both(&engine, &filter, 50).await;
        assert_eq!((shown.len(), &shown), (2, &stored));
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// The leaf of the first entry, as a value.
    async fn attacker_leaf(engine: &Engine) -> domain::record::Val {
        let mut conn = engine.db().reader().await.unwrap();
        let leaf = store::entries::leaf(&mut conn, 0).await.unwrap();
        leaf.unwrap().into()
    }
}
