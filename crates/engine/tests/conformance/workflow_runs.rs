//! How many executions there were on each day: the same as counting all of them, by the clock, over days and parts of days; a
//! wrong count is named, and not gone on from.

crate::on_both!(
    counts_are_those_of_a_plain_count,
    a_changed_count_is_named_and_not_relied_on,
    what_is_not_kept_is_counted
);

mod cases {
    use std::collections::BTreeMap;

    use domain::identity::{Role, Scope};
    use domain::record::Val;
    use domain::workflow::execution::{
        Cancel, Complete, DayKey, DayOf, Execution, ExecutionStatus, Fail, Runs, StartExecution,
    };
    use domain::workflow::metric::Bucket;
    use domain::{Caller, Origin};
    use engine::clock::Clock;
    use engine::list::{Order, place};
    use engine::runs::RunsBy;
    use engine::{Engine, Error};
    use evidence::Timestamp;
    use evidence::payload::DragMode;
    use uuid::Uuid;

    use crate::agents::{agent_key, create_agent, disable};
    use crate::attacker::{Attacker, Key, assert_intact, close, verify};
    use crate::custody_desk::{done, user_id};
    use crate::people::person;
    use crate::support::{Bed, On, operator};
    use crate::workflow_rich::{ended, start, started};

    type Times = (Option<Timestamp>, Option<Timestamp>);

    /// Every execution, by the clock.
    async fn all(engine: &Engine) -> Vec<Execution> {
        let (rows, _) = engine.select::<Execution>(&[], None, None).await.unwrap();
        let renewed = engine
            .renewals(rows.iter().map(|sealed| sealed.row.id))
            .await
            .unwrap();
        let now = engine.now();
        let shown = |row: Execution| {
            let renewed = renewed.get(&row.id).copied();
            row.as_of(renewed, now)
        };
        rows.into_iter().map(|sealed| shown(sealed.row)).collect()
    }

    /// The same as [`Engine::runs`], by going through every execution.
    fn counted(rows: &[Execution], covers: DayOf, (from, to): Times) -> RunsBy {
        let mut found = RunsBy::new();
        let within = |row: &&Execution| {
            from.is_none_or(|from| row.started_at >= from) && to.is_none_or(|to| row.started_at < to)
        };
        for row in rows.iter().filter(within) {
            let key = match covers {
                DayOf::Workflow => (Some(row.workflow.clone()), None),
                DayOf::DragMode => (row.drag_mode.map(|mode| mode.as_str().to_owned()), None),
                DayOf::User => (None, Some(row.user_id)),
            };
            let is = |status| i64::from(row.status == status);
            let end = row.finished_at.unwrap_or(row.started_at);
            let one = Runs {
                running: is(ExecutionStatus::Running),
                completed: is(ExecutionStatus::Completed),
                failed: is(ExecutionStatus::Failed),
                cancelled: is(ExecutionStatus::Cancelled),
                micros: end.micros() - row.started_at.micros(),
            };
            let sum = found.entry(key).or_default();
            sum.runs = sum.runs.and(one);
            let day = row.started_at.to_string()[..10].to_owned() + "T00:00:00Z";
            sum.last_day = sum.last_day.max(day.parse().unwrap());
        }
        found
    }

    async fn assert_counts(engine: &Engine, moments: &[Option<Timestamp>], what: &str) {
        let rows = all(engine).await;
        for covers in DayOf::ALL {
            for from in moments {
                for to in moments {
                    let times = (*from, *to);
                    let found = engine.runs(*covers, times).await.unwrap();
                    assert_eq!(
                        found,
                        counted(&rows, *covers, times),
                        "{what} {covers:?} {times:?}"
                    );
                }
            }
        }
    }

    /// What the views of the database say: how many of each, with how many completed.
    async fn viewed(engine: &Engine, view: &str, name: &str) -> BTreeMap<String, (i64, i64)> {
        let mut conn = engine.db().reader().await.unwrap();
        let sql = format!("SELECT {name}, executions, completed FROM {view}");
        let rows = conn.all(&sql, &[]).await.unwrap();
        let row = |row: &store::Row| {
            let name = row.optional_text(0).unwrap().unwrap_or_default().to_owned();
            (name, (row.int(1).unwrap(), row.int(2).unwrap()))
        };
        rows.iter().map(row).collect()
    }

    /// What a view has in these columns, `-` for nothing. All of it is text, on both engines.
    async fn shown(engine: &Engine, columns: &str, view: &str) -> Vec<Vec<String>> {
        let mut conn = engine.db().reader().await.unwrap();
        let order = if view == "governance_users" {
            "ORDER BY user_id"
        } else {
            ""
        };
        let rows = conn
            .all(&format!("SELECT {columns} FROM {view} {order}"), &[])
            .await
            .unwrap();
        let text = |row: &store::Row, at| row.optional_text(at).unwrap().unwrap_or("-").to_owned();
        let row = |row: &store::Row| (0..row.0.len()).map(|at| text(row, at)).collect();
        rows.iter().map(row).collect()
    }

    fn stored(rows: &[Execution], name: impl Fn(&Execution) -> String) -> BTreeMap<String, (i64, i64)> {
        let mut found = BTreeMap::<String, (i64, i64)>::new();
        for row in rows {
            let sum = found.entry(name(row)).or_default();
            let completed = i64::from(row.status == ExecutionStatus::Completed);
            *sum = (sum.0 + 1, sum.1 + completed);
        }
        found
    }

    /// Numbers that look random (xorshift64).
    fn next(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    async fn random_runs(
        engine: &Engine,
        callers: &[(Caller, Uuid)],
        set_clock: impl Fn(Timestamp),
        begin: Timestamp,
    ) {
        let mut state = u64::from(std::process::id()) + 1;
        let (mut at, mut running) = (0, Vec::new());
        for _ in 0..120 {
            let one = next(&mut state);
            let (caller, user) = &callers[usize::try_from(one % 3).unwrap()];
            let command = StartExecution {
                workflow: format!("w{}", next(&mut state) % 4),
                drag_mode: [None, Some(DragMode::Draft), Some(DragMode::Grunt)]
                    [usize::try_from(next(&mut state) % 3).unwrap()],
                lease_s: 10 + next(&mut state) % 20_000,
                ..start(*user)
            };
            running.push(started(engine, caller, command).await);
            at += i64::try_from(next(&mut state) % 4_000).unwrap();
            set_clock(begin.plus_seconds(at));
            if next(&mut state).is_multiple_of(10) {
                engine.sweep().await.unwrap();
            }
            let chosen = usize::try_from(next(&mut state)).unwrap() % running.len();
            let row = running[chosen].clone();
            let now = engine.row::<Execution>(row.id).await.unwrap().unwrap().row;
            let renewed = engine.renewed(row.id).await.unwrap();
            if now.as_of(renewed, engine.now()).status != ExecutionStatus::Running {
                continue;
            }
            match next(&mut state) % 5 {
                0 => ended(engine, row.id, Complete::default()).await,
                1 => ended(engine, row.id, Fail::default()).await,
                2 => ended(engine, row.id, Cancel::default()).await,
                3 => drop(engine.renew(row).await.unwrap()),
                _ => {}
            }
        }
    }

    /// Five days of executions, which end, lapse, are cancelled by the switch and with an erased user.
    pub async fn counts_are_those_of_a_plain_count(bed: Bed) {
        Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
        let begin = Timestamp::from_micros(crate::people::now().micros()).unwrap();
        let (clock, set_clock) = Clock::set_by_hand(begin);
        let mut options = bed.options();
        options.clock = clock;
        let engine = Engine::open(options).await.unwrap();
        let mut callers = Vec::new();
        for name in ["ann", "bob"] {
            person(&engine, name, Role::DEVELOPER).await;
            callers.push((operator(), user_id(&engine, name).await));
        }
        let agent = create_agent(&engine, "worker", "ann").await;
        let (key, _) = agent_key(&engine, agent, vec![Scope::Workflows]).await;
        callers.push((key, callers[0].1));
        random_runs(&engine, &callers, set_clock, begin).await;
        let moments: Vec<Option<Timestamp>> = [0_i64, 5_000, 86_400, 100_000, 200_000]
            .iter()
            .map(|seconds| {
                let midnight = begin.micros().div_euclid(86_400_000_000) * 86_400_000_000;
                Timestamp::from_micros(midnight).map(|time| time.plus_seconds(*seconds))
            })
            .chain([None])
            .collect();
        assert_counts(&engine, &moments, "before the sweep").await;
        while engine.sweep().await.unwrap().executions > 0 {}
        assert_counts(&engine, &moments, "after the sweep").await;
        done(&engine, &operator(), disable(&engine, agent).await).await;
        engine
            .erase_user(&operator(), Origin::default(), callers[1].1, "asked to")
            .await
            .unwrap();
        assert_counts(&engine, &moments, "after the switch and the erasure").await;
        let rows = all(&engine).await;
        let views = [
            viewed(&engine, "governance_workflows", "workflow").await,
            viewed(&engine, "governance_drag_modes", "drag_mode").await,
        ];
        let mode = |row: &Execution| row.drag_mode.map_or("", DragMode::as_str).to_owned();
        assert_eq!(
            views,
            [stored(&rows, |row| row.workflow.clone()), stored(&rows, mode)]
        );
        let users = viewed(&engine, "governance_users", "username").await;
        let by_user = stored(&rows, |row| row.user_id.to_string());
        let sums = |of: &BTreeMap<String, (i64, i64)>| {
            let mut counts: Vec<_> = of.values().copied().collect();
            counts.sort_unstable();
            counts
        };
        assert_eq!(sums(&users), sums(&by_user));
        let recent = shown(
            &engine,
            "id, user_id, started_at, finished_at",
            "governance_recent",
        )
        .await;
        let last_days = shown(&engine, "user_id, last_day", "governance_users").await;
        let mut newest = rows;
        newest.sort_by_key(|row| std::cmp::Reverse((row.started_at, row.id)));
        let text = |row: &Execution| {
            let finished = row.finished_at.map_or("-".to_owned(), |at| at.to_string());
            let (id, user) = (row.id.to_string(), row.user_id.to_string());
            vec![id, user, row.started_at.to_string(), finished]
        };
        assert_eq!(recent, newest.iter().take(100).map(text).collect::<Vec<_>>());
        let mut days = BTreeMap::new();
        for row in newest.iter().rev() {
            days.insert(row.user_id, Bucket::Day.of(row.started_at));
        }
        let days = days
            .iter()
            .map(|(user, day)| vec![user.to_string(), day.to_string()]);
        assert_eq!(last_days, days.collect::<Vec<_>>());
        let newest: Vec<Uuid> = newest.iter().map(|row| row.id).take(100).collect();
        let by = (&["started_at", "id"][..], Order::Descending);
        let (page, further) = engine
            .select_by::<Execution>(by, &[], None, Some(30))
            .await
            .unwrap();
        assert!(further);
        let after = page.last().map(|sealed| place(&sealed.row, by.0));
        let (rest, _) = engine
            .select_by::<Execution>(by, &[], after, Some(70))
            .await
            .unwrap();
        let paged: Vec<Uuid> = page.iter().chain(&rest).map(|sealed| sealed.row.id).collect();
        assert_eq!(paged, newest);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    async fn with_executions(bed: &Bed) -> (Engine, Uuid) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::USER).await;
        let ann = user_id(&engine, "ann").await;
        for _ in 0..3 {
            started(&engine, &operator(), start(ann)).await;
        }
        (engine, ann)
    }

    pub async fn a_changed_count_is_named_and_not_relied_on(bed: Bed) {
        let (engine, ann) = with_executions(&bed).await;
        close(engine).await;
        assert_intact(&bed.options()).await;
        // Nothing is remembered by a process that starts now.
        let engine = Engine::open(bed.options()).await.unwrap();
        let mut attacker = Attacker::new(&bed).await;
        let day = all(&engine).await[0].started_at;
        let key = DayKey {
            covers: DayOf::User,
            name: None,
            user: Some(ann),
            day: domain::custody::sum::day_of(day),
        };
        let id = key.id();
        let value = match bed.on {
            On::Sqlite => Val::Bytes(id.as_bytes().to_vec()),
            On::Postgres => Val::Uuid(id),
        };
        let row: Key = vec![("id".to_owned(), value)];
        attacker
            .set("execution_days", "completed", &row, &Val::Int(7))
            .await
            .unwrap();
        let report = verify(&bed.options()).await;
        let named = report.findings.iter().filter(|finding| {
            finding.table == "execution_days" && finding.id.as_deref() == Some(id.to_string().as_str())
        });
        let what: Vec<&str> = named.map(|finding| &*finding.what).collect();
        assert!(
            what.iter()
                .any(|what| what.contains("follows from the executions")),
            "{what:?}"
        );
        let refused = engine
            .submit(&operator(), Origin::default(), start(ann).into())
            .await;
        assert!(
            matches!(&refused, Err(Error::Tampered { table: "execution_days", id: of, .. }) if *of == id),
            "{refused:?}"
        );
        attacker.put_back("execution_days").await;
        started(&engine, &operator(), start(ann)).await;
        assert_counts(&engine, &[None], "put back").await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// As in a database that is older than the counts.
    pub async fn what_is_not_kept_is_counted(bed: Bed) {
        let (engine, ann) = with_executions(&bed).await;
        close(engine).await;
        let mut attacker = Attacker::new(&bed).await;
        attacker.conn.batch("DELETE FROM execution_days").await.unwrap();
        let engine = Engine::open(bed.options()).await.unwrap();
        assert_counts(&engine, &[None], "none is kept").await;
        started(&engine, &operator(), start(ann)).await;
        assert_counts(&engine, &[None], "counted by the next").await;
        let runs = engine.runs(DayOf::User, (None, None)).await.unwrap();
        assert_eq!(runs[&(None, Some(ann))].runs.running, 4);
        close(engine).await;
    }
}
