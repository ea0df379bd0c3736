//! How questions to the log are answered: every filter alone and every two of them, at a size where reading the whole table
//! would show, whatever the planner believes of the table.

crate::on_both!(
    every_filter_goes_by_its_own_index,
    the_rarest_of_two_filters_decides,
    without_its_index_a_filter_is_slow_and_right,
    a_search_ends_with_its_time_and_goes_on,
    searches_go_on
);

mod cases {
    use std::collections::BTreeSet;
    use std::ops::ControlFlow;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use domain::audit::EntryFilter;
    use engine::clock::{Clock, Reading};
    use engine::{Engine, SEARCH_TIME};
    use evidence::{ActorKind, Entry, Outcome};
    use store::query::{self, Order, Page, Patience};
    use store::{Conn, Db};
    use uuid::Uuid;

    use crate::attacker::close;
    use crate::indexes::{Ear, plan};
    use crate::questions::varied;
    use crate::support::{Bed, record};

    /// Entries that the table is filled with.
    const SIZE: u64 = 60_000;

    /// Filters of one condition, with the index that is meant for each. Entry `n` fulfils the one at `n % 9`, so that none
    /// fulfils two: a page of two conditions stays empty, and every way is tried.
    fn singles() -> Vec<(Option<&'static str>, EntryFilter)> {
        let a = || Some("a".to_owned());
        let mut singles = Vec::new();
        let mut add = |index, set: &dyn Fn(&mut EntryFilter)| {
            let mut filter = EntryFilter::default();
            set(&mut filter);
            singles.push((index, filter));
        };
        add(Some("entries_target"), &|filter| filter.target = a());
        add(Some("entries_ip"), &|filter| filter.ip = a());
        add(Some("entries_actor"), &|filter| filter.actor = a());
        add(Some("entries_recorded_by"), &|filter| {
            filter.recorded_by = Some(Uuid::from_u128(7));
        });
        add(Some("entries_outcome"), &|filter| {
            filter.outcome = Some(Outcome::Refused);
        });
        add(Some("entries_action"), &|filter| {
            filter.action = Some("a.b".to_owned());
        });
        add(Some("entries_action"), &|filter| {
            filter.action = Some("a.*".to_owned());
        });
        add(None, &|filter| filter.target_kind = a());
        add(None, &|filter| filter.text = a());
        add(None, &|filter| filter.actor_kind = Some(ActorKind::Agent));
        singles
    }

    fn both(one: &EntryFilter, other: &EntryFilter) -> EntryFilter {
        EntryFilter {
            actor: one.actor.clone().or(other.actor.clone()),
            actor_kind: one.actor_kind.or(other.actor_kind),
            action: one.action.clone().or(other.action.clone()),
            target_kind: one.target_kind.clone().or(other.target_kind.clone()),
            target: one.target.clone().or(other.target.clone()),
            outcome: one.outcome.or(other.outcome),
            text: one.text.clone().or(other.text.clone()),
            ip: one.ip.clone().or(other.ip.clone()),
            recorded_by: one.recorded_by.or(other.recorded_by),
            ..EntryFilter::default()
        }
    }

    #[derive(Debug)]
    struct Question {
        filter: EntryFilter,
        conditions: usize,
        indexes: Vec<&'static str>,
    }

    /// Every filter alone, and every two.
    fn questions() -> Vec<Question> {
        let singles = singles();
        let mut questions = Vec::new();
        for (position, (index, filter)) in singles.iter().enumerate() {
            questions.push(Question {
                filter: filter.clone(),
                conditions: 1,
                indexes: index.iter().copied().collect(),
            });
            let others = singles[position + 1..].iter();
            let others = others.filter(|(_, other)| filter.action.is_none() || other.action.is_none());
            questions.extend(others.map(|(other_index, other)| Question {
                filter: both(filter, other),
                conditions: 2,
                indexes: index.iter().chain(other_index).copied().collect(),
            }));
        }
        questions
    }

    /// Adds entries `from..to`, by hand: only the columns that are searched mean anything.
    async fn fill(conn: &mut Conn, from: u64, to: u64) {
        let (id, owner, bytes, at) = match conn {
            Conn::Sqlite(_) => (
                "unhex(printf('%032x', n))",
                "unhex(printf('%032x', 7))",
                "zeroblob(16)",
                "0",
            ),
            Conn::Pg(_) => (
                "lpad(to_hex(n), 32, '0')::uuid",
                "lpad('7', 32, '0')::uuid",
                "decode(repeat('00', 16), 'hex')",
                "'1970-01-01T00:00:00Z'::timestamptz",
            ),
        };
        let is = |number: u8, value: &str| format!("CASE WHEN n % 9 = {number} THEN {value} END");
        let or = |number: u8, value: &str, other: &str| {
            format!("CASE WHEN n % 9 = {number} THEN {value} ELSE {other} END")
        };
        let sql = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {to}) \
             INSERT INTO entries (entry, id, at, recorded_by_kind, recorded_by_id, actor_kind, actor, action, target_kind, \
             target, outcome, authority, ip, leaf, payload, salt) \
             SELECT n, {id}, {at}, 'api_key', {}, {}, {}, {}, {}, {}, {}, '', {}, 'x', {}, {bytes} FROM numbers",
            is(3, owner),
            or(8, "'agent'", "'user'"),
            or(2, "'a'", "'other'"),
            or(5, "'a.b'", "'other'"),
            is(6, "'a'"),
            is(0, "'a'"),
            or(4, "'refused'", "'success'"),
            is(1, "'a'"),
            or(7, "'a'", "'{}'"),
        );
        conn.batch(&sql).await.unwrap();
    }

    /// Tables without a log in them, but for the first eight entries, and a connection that writes.
    async fn made(bed: &Bed) -> (Db, Conn) {
        let settings = bed.options().database;
        Db::create(&settings).await.unwrap();
        let db = Db::new(settings).unwrap();
        let mut writer = db.writer().await.unwrap();
        store::migrate::migrate(&mut writer, engine::now()).await.unwrap();
        fill(&mut writer, 0, 8).await;
        (db, writer)
    }

    const PAGE: Page = Page {
        order: Order::Descending,
        after: None,
        limit: 10,
    };

    /// Asks for a page: which statements that takes, and how many entries it gives.
    async fn asked(conn: &mut Conn, filter: &EntryFilter, page: Page) -> (Vec<String>, usize) {
        let mut found = 0;
        let heard = Ear::heard(conn, async |conn| {
            found = query::page(conn, filter, page, SIZE).await.unwrap().len();
        });
        (heard.await, found)
    }

    async fn assert_plans(conn: &mut Conn, when: &str) {
        for question in questions() {
            for order in [Order::Descending, Order::Ascending] {
                let (heard, found) = asked(conn, &question.filter, Page { order, ..PAGE }).await;
                assert_eq!(found > 0, question.conditions == 1, "{question:?}");
                let mut used = BTreeSet::new();
                for sql in &heard {
                    let plan = plan(conn, sql).await;
                    let words = plan.split(|c: char| !c.is_alphanumeric() && c != '_');
                    let indexes: Vec<_> = words.filter(|word| word.starts_with("entries_")).collect();
                    let by_place =
                        plan.contains("USING INTEGER PRIMARY KEY") || plan.contains("entries_pkey");
                    let whole = plan.contains("SCAN entries") || plan.contains("Seq Scan");
                    let meant = indexes.iter().all(|index| question.indexes.contains(index))
                        && !indexes.is_empty()
                        || question.indexes.is_empty() && by_place;
                    assert!(meant && !whole, "{when}, {question:?}\n{sql}\n{plan}");
                    used.extend(indexes.into_iter().map(str::to_owned));
                }
                // Where two would serve, neither has a page to fill: both are tried.
                for index in &question.indexes {
                    assert!(
                        used.contains(*index),
                        "{when}, {question:?} never goes by {index}: {heard:#?}"
                    );
                }
            }
        }
    }

    pub async fn every_filter_goes_by_its_own_index(bed: Bed) {
        let (db, mut writer) = made(&bed).await;
        // The worst figures that a planner can have: those of a table of eight rows that has grown since.
        writer.batch("ANALYZE entries").await.unwrap();
        let mut before = db.reader().await.unwrap();
        fill(&mut writer, 8, SIZE).await;
        assert_plans(&mut before, "analysed when it was small").await;
        writer.batch("ANALYZE entries").await.unwrap();
        assert_plans(&mut before, "analysed since").await;
        let mut after = db.reader().await.unwrap();
        assert_plans(&mut after, "analysed before").await;
    }

    /// One of the filters leaves nothing, the other would have every ninth entry looked at. Whichever is tried first, a
    /// walk by the wrong one is given up after its first few looks.
    pub async fn the_rarest_of_two_filters_decides(bed: Bed) {
        let (db, mut writer) = made(&bed).await;
        fill(&mut writer, 8, SIZE).await;
        let mut reader = db.reader().await.unwrap();
        for (actor, ip, walks) in [("a", "nobody", 1), ("nobody", "a", 2)] {
            let filter = EntryFilter {
                actor: Some(actor.to_owned()),
                ip: Some(ip.to_owned()),
                ..EntryFilter::default()
            };
            let (heard, found) = asked(&mut reader, &filter, PAGE).await;
            assert_eq!((found, heard.len()), (0, walks), "{heard:#?}");
        }
        // A third one takes turns with the second: it makes no walk longer.
        let a = || Some("a".to_owned());
        let two = EntryFilter {
            actor: a(),
            ip: a(),
            ..EntryFilter::default()
        };
        let three = EntryFilter {
            target: a(),
            ..two.clone()
        };
        let (two, _) = asked(&mut reader, &two, PAGE).await;
        let (three, found) = asked(&mut reader, &three, PAGE).await;
        assert!(two.len() >= 4, "{two:#?}");
        assert!(three.len() <= two.len() && found == 0, "{three:#?}");
    }

    pub async fn without_its_index_a_filter_is_slow_and_right(bed: Bed) {
        let (db, mut writer) = made(&bed).await;
        fill(&mut writer, 8, 2_997).await;
        let mut reader = db.reader().await.unwrap();
        for (index, filter) in singles() {
            let Some(index) = index else { continue };
            let page = Page { limit: 2_997, ..PAGE };
            let before = query::page(&mut reader, &filter, page, 2_997).await.unwrap();
            assert_eq!(before.len(), 333, "{filter:?}");
            writer
                .batch(&format!("DROP INDEX IF EXISTS {index}"))
                .await
                .unwrap();
            let after = query::page(&mut reader, &filter, page, 2_997).await.unwrap();
            assert!(after == before, "{filter:?}");
        }
    }

    /// A clock that each reading moves on.
    fn ticking(tick: Duration) -> impl Fn() -> Duration + Send + Sync {
        let micros = AtomicU64::new(0);
        let tick = u64::try_from(tick.as_micros()).unwrap();
        move || Duration::from_micros(micros.fetch_add(tick, Ordering::SeqCst))
    }

    pub async fn a_search_ends_with_its_time_and_goes_on(bed: Bed) {
        let (db, mut writer) = made(&bed).await;
        fill(&mut writer, 8, SIZE).await;
        let mut reader = db.reader().await.unwrap();
        let filter = EntryFilter {
            text: Some("a".to_owned()),
            ..EntryFilter::default()
        };
        let expected: Vec<u64> = (0..SIZE).filter(|n| n % 9 == 7).collect();
        // For a page of 8,000 entries 32,000 are looked at first. Is the time not over then, they are fewer, since it took long.
        let just_not = SEARCH_TIME.checked_sub(Duration::from_micros(1)).unwrap();
        for (tick, looked_at) in [(SEARCH_TIME, 32_000), (just_not, 32_000 + 8_000)] {
            for order in [Order::Descending, Order::Ascending] {
                let (mut after, mut seen, mut first) = (None, Vec::new(), None);
                loop {
                    let page = Page {
                        order,
                        after,
                        limit: 8_000,
                    };
                    let clock = ticking(tick);
                    let patience = Patience {
                        clock: &clock,
                        at_most: SEARCH_TIME,
                    };
                    let bounds = (None, Some(&patience));
                    let found = query::page_within(&mut reader, &filter, page, SIZE, bounds)
                        .await
                        .unwrap();
                    seen.extend(found.entries.iter().map(|entry| entry.entry));
                    let Some(reached) = found.reached else { break };
                    first.get_or_insert(match order {
                        Order::Descending => SIZE - reached,
                        Order::Ascending => reached + 1,
                    });
                    assert_ne!(Some(reached), after, "it comes further");
                    after = Some(reached);
                }
                assert_eq!(first, Some(looked_at));
                if order == Order::Descending {
                    seen.reverse();
                }
                assert!(
                    seen == expected,
                    "{order:?}: nothing is left out and nothing comes twice"
                );
            }
        }
    }

    /// What is asked for through the engine: a part says how far it came, a whole page and an export go on by themselves.
    pub async fn searches_go_on(bed: Bed) {
        let mut options = bed.options();
        let clock = ticking(Duration::from_millis(400));
        options.clock = Clock::of(move || Reading {
            wall: engine::now(),
            steady: clock(),
        });
        Engine::init(&options, &mut |_| {}).await.unwrap();
        let engine = Engine::open(options).await.unwrap();
        for thousand in 0..3 {
            let events = (0..1_000).map(|n| varied(thousand * 1_000 + n)).collect();
            record(&engine, events).await.unwrap();
        }
        let needle = EntryFilter {
            text: Some("a needle".to_owned()),
            ..EntryFilter::default()
        };
        let page = Page { limit: 2, ..PAGE };
        let whole = engine.entries(&needle, page).await.unwrap();
        assert_eq!((whole.entries.len(), whole.next), (2, None));
        // Who has less time is told earlier how far it is; even who has none comes further each time.
        let mut parts_of = Vec::new();
        for time in [SEARCH_TIME, SEARCH_TIME / 4, Duration::ZERO] {
            let (mut parts, mut found, mut after) = (0, Vec::new(), None);
            loop {
                let within = Page { after, ..page };
                let bounds = (u64::MAX >> 1, time);
                let part = engine.entries_within(&needle, within, bounds).await.unwrap();
                found.extend(part.entries);
                parts += 1;
                after = part.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, whole.entries, "in {time:?}");
            parts_of.push(parts);
        }
        assert!(parts_of[0] > 1 && parts_of.is_sorted(), "{parts_of:?}");
        let mut exported = Vec::new();
        let each = &mut |entry: Entry| {
            exported.push(entry);
            ControlFlow::Continue(())
        };
        engine.export(&needle, each).await.unwrap();
        exported.reverse();
        assert_eq!(exported, whole.entries);
        close(engine).await;
    }
}
