//! Leases of executions by the clock: what is listed, shown and decided is the same before the sweep and after.

crate::on_both!(
    leases_lapse_by_the_clock,
    random_starts_jumps_and_ends,
    the_switch_and_an_erasure_end_each_under_its_own_entry
);

mod cases {
    use std::collections::BTreeMap;

    use domain::audit::EntryFilter;
    use domain::governance::agent::EnableAgent;
    use domain::identity::{Role, Scope};
    use domain::workflow::execution::{
        Complete, ENDED_MAX, Execution, ExecutionStatus, FinishExecution, LEASE_LAPSED, StartExecution,
    };
    use domain::workflow::step::RecordSteps;
    use domain::{Command, Origin};
    use engine::Engine;
    use engine::clock::Clock;
    use engine::list::Order;
    use engine::workflow::execution_stands;
    use evidence::Timestamp;
    use store::query::Page;
    use uuid::Uuid;

    use crate::agents::{agent_key, create_agent, disable};
    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::{done, user_id};
    use crate::people::{code, entries, now, person};
    use crate::support::{Bed, operator};
    use crate::workflow_rich::{new_steps, recorded, start, started};

    /// A log with one user, and what sets its clock.
    async fn opened(bed: &Bed) -> (Engine, Uuid, Timestamp, impl Fn(Timestamp) + Clone) {
        Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
        let begin = now();
        let (clock, set_clock) = Clock::set_by_hand(begin);
        let mut options = bed.options();
        options.clock = clock;
        let engine = Engine::open(options).await.unwrap();
        person(&engine, "ann", Role::USER).await;
        let ann = user_id(&engine, "ann").await;
        (engine, ann, begin, set_clock)
    }

    /// The executions by where they stand, as lists have it.
    async fn listed(engine: &Engine) -> BTreeMap<&'static str, Vec<Uuid>> {
        let mut all = BTreeMap::new();
        for status in ExecutionStatus::ALL {
            let stands = [execution_stands(*status, engine.now())];
            let found = engine.select_in::<Execution>(Order::Descending, &stands, None, None);
            let found = found.await.unwrap().0;
            all.insert(status.as_str(), found.iter().map(|one| one.row.id).collect());
        }
        all
    }

    async fn shown(engine: &Engine, id: Uuid) -> Execution {
        let row = engine.row::<Execution>(id).await.unwrap().unwrap().row;
        let renewed = engine.renewed(id).await.unwrap();
        row.as_of(renewed, engine.now())
    }

    async fn complete(engine: &Engine, id: Uuid) -> String {
        let command = FinishExecution {
            execution: id,
            renewed: engine.renewed(id).await.unwrap(),
            finish: Complete::default(),
        };
        let answer = engine
            .submit(&operator(), Origin::default(), Command::from(command))
            .await;
        answer.map_or_else(
            |error| match error {
                engine::Error::Refused { refusal, .. } => refusal.code.to_owned(),
                other => panic!("{other:?}"),
            },
            |answer| if answer.entry.is_some() { "done" } else { "nothing" }.to_owned(),
        )
    }

    pub async fn leases_lapse_by_the_clock(bed: Bed) {
        let (engine, ann, begin, set_clock) = opened(&bed).await;
        let mut made = Vec::new();
        for _ in 0..3 {
            made.push(started(&engine, &operator(), start(ann)).await);
        }
        let [alive, silent, done] = [0, 1, 2].map(|number: usize| made[number].id);
        assert_eq!(complete(&engine, done).await, "done");
        set_clock(begin.plus_seconds(299));
        let size = *engine.size().borrow();
        engine.renew(made[0].clone()).await.unwrap();
        assert_eq!(*engine.size().borrow(), size, "a heartbeat is no entry");
        assert_eq!(engine.sweep().await.unwrap().executions, 0);
        set_clock(begin.plus_seconds(400));
        let expected = BTreeMap::from([
            ("running", vec![alive]),
            ("completed", vec![done]),
            ("failed", vec![silent]),
            ("cancelled", vec![]),
        ]);
        let before = shown(&engine, silent).await;
        assert_eq!(listed(&engine).await, expected);
        assert_eq!(complete(&engine, silent).await, "execution_finished");
        assert_eq!(code(engine.renew(made[1].clone()).await), "execution_finished");
        assert_eq!(engine.sweep().await.unwrap().executions, 1);
        assert_eq!(engine.sweep().await.unwrap().executions, 0);
        assert_eq!(listed(&engine).await, expected);
        assert_eq!(shown(&engine, silent).await, before);
        assert_eq!(before.error_type.as_deref(), Some(LEASE_LAPSED));
        assert_eq!(before.finished_at, Some(made[1].expires_at));
        assert_eq!(complete(&engine, silent).await, "execution_finished");
        assert_eq!(complete(&engine, alive).await, "done");
        assert_eq!(complete(&engine, alive).await, "nothing");
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// What the entries about an execution are, and how many steps the last one says there are.
    async fn told(engine: &Engine, id: Uuid) -> (Vec<String>, Option<u64>) {
        let filter = EntryFilter {
            target: Some(id.to_string()),
            ..EntryFilter::default()
        };
        let page = Page {
            order: Order::Ascending,
            after: None,
            limit: 100,
        };
        let found = engine.entries(&filter, page).await.unwrap().entries;
        let details = found.last().and_then(|entry| entry.details.clone());
        let steps = details.and_then(|details| details.0.get("steps")?.as_u64());
        (
            found.into_iter().map(|entry| entry.action.to_string()).collect(),
            steps,
        )
    }

    pub async fn the_switch_and_an_erasure_end_each_under_its_own_entry(bed: Bed) {
        let (engine, ann, begin, set_clock) = opened(&bed).await;
        person(&engine, "bob", Role::DEVELOPER).await;
        let bob = user_id(&engine, "bob").await;
        let agent = create_agent(&engine, "triage", "bob").await;
        let (caller, _) = agent_key(&engine, agent, vec![Scope::Workflows]).await;
        let short = StartExecution {
            lease_s: 10,
            ..start(bob)
        };
        let lapsed = started(&engine, &caller, short.clone()).await.id;
        set_clock(begin.plus_seconds(10));
        let starts = (0..=ENDED_MAX).map(|_| Command::from(start(bob))).collect();
        let answers = engine
            .submit_all(&caller, &Origin::default(), starts)
            .await
            .unwrap();
        let ids = answers.into_iter().map(|answer| {
            let (execution, _) = <(Execution, u64)>::try_from(answer.unwrap().reply).unwrap();
            execution.id
        });
        let mut ids: Vec<Uuid> = ids.collect();
        ids.sort_unstable();
        for id in [ids[0], ids[ENDED_MAX]] {
            recorded(&engine, &caller, id, new_steps()).await;
        }
        done(&engine, &operator(), disable(&engine, agent).await).await;
        // What has lapsed is one of them, and failed.
        let left = [ids[ENDED_MAX], ids[ENDED_MAX - 1]];
        assert_eq!(listed(&engine).await["running"], left, "so many by the command");
        assert_eq!(
            engine.sweep().await.unwrap().executions,
            3,
            "the rest by the sweeper"
        );
        let cancel = ["execution.start", "execution.record", "execution.cancel"];
        for id in [ids[0], ids[ENDED_MAX]] {
            assert_eq!(shown(&engine, id).await.status, ExecutionStatus::Cancelled);
            assert_eq!(
                told(&engine, id).await,
                (cancel.map(str::to_owned).to_vec(), Some(2))
            );
        }
        let expire = ["execution.start", "execution.expire"];
        assert_eq!(
            told(&engine, lapsed).await,
            (expire.map(str::to_owned).to_vec(), Some(0))
        );
        let entry = entries(&engine, "agent.disable").await.pop().unwrap();
        assert_eq!(entry.changes.len(), 1);

        let ids = [started(&engine, &operator(), start(ann)).await.id, {
            let short = StartExecution { user: ann, ..short };
            started(&engine, &operator(), short).await.id
        }];
        recorded(&engine, &operator(), ids[0], new_steps()).await;
        set_clock(begin.plus_seconds(20));
        engine
            .erase_user(&operator(), Origin::default(), ann, "asked to")
            .await
            .unwrap();
        assert_eq!(
            told(&engine, ids[0]).await,
            (cancel.map(str::to_owned).to_vec(), Some(2))
        );
        assert_eq!(shown(&engine, ids[0]).await.status, ExecutionStatus::Cancelled);
        assert_eq!(
            shown(&engine, ids[1]).await.error_type.as_deref(),
            Some(LEASE_LAPSED)
        );
        engine.sweep().await.unwrap();
        assert_eq!(
            told(&engine, ids[1]).await,
            (expire.map(str::to_owned).to_vec(), Some(0))
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// A plain account of an execution: until when its lease runs, and what became of it.
    struct Account {
        id: Uuid,
        lease_s: i64,
        until: i64,
        completed: bool,
        steps: u64,
        by_agent: bool,
        cancelled: bool,
    }

    /// Numbers that look random (SplitMix64).
    fn next(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub async fn random_starts_jumps_and_ends(bed: Bed) {
        let (engine, ann, begin, set_clock) = opened(&bed).await;
        let agent = create_agent(&engine, "triage", "ann").await;
        let (caller, _) = agent_key(&engine, agent, vec![Scope::Workflows]).await;
        let mut enabled = true;
        let mut state = u64::from(std::process::id());
        let seed = state;
        let (mut at, mut accounts) = (0, Vec::<Account>::new());
        for _ in 0..200 {
            let chosen = usize::try_from(next(&mut state) % 1_000).unwrap();
            let chosen = chosen % accounts.len().max(1);
            match next(&mut state) % 7 {
                0 | 1 => {
                    let lease_s = 10 + next(&mut state) % 50;
                    let command = StartExecution {
                        lease_s,
                        parent: accounts.get(chosen).map(|one| one.id).filter(|_| at % 2 == 0),
                        ..start(ann)
                    };
                    let command = Command::from(command);
                    let by_agent = next(&mut state).is_multiple_of(2);
                    let by = if by_agent { caller.clone() } else { operator() };
                    let answer = engine.submit(&by, Origin::default(), command).await;
                    // Too deep within others, or by a disabled agent.
                    let Ok(answer) = answer else { continue };
                    let (execution, _) = <(Execution, u64)>::try_from(answer.reply).unwrap();
                    let lease_s = i64::try_from(lease_s).unwrap();
                    accounts.push(Account {
                        id: execution.id,
                        lease_s,
                        until: at + lease_s,
                        completed: false,
                        steps: 0,
                        by_agent,
                        cancelled: false,
                    });
                }
                2 => {
                    at += i64::try_from(next(&mut state) % 15).unwrap();
                    set_clock(begin.plus_seconds(at));
                }
                6 if enabled => {
                    done(&engine, &operator(), disable(&engine, agent).await).await;
                    for account in &mut accounts {
                        let runs = !account.completed && account.until > at;
                        account.cancelled |= account.by_agent && runs;
                    }
                    enabled = false;
                }
                6 => {
                    done(&engine, &operator(), EnableAgent { agent }.into()).await;
                    enabled = true;
                }
                verb if !accounts.is_empty() => {
                    let account = &mut accounts[chosen];
                    let runs = !account.completed && !account.cancelled && account.until > at;
                    if verb == 5 {
                        let count = 1 + next(&mut state) % 3;
                        let steps = vec![new_steps()[1].clone(); usize::try_from(count).unwrap()];
                        let command = RecordSteps {
                            execution: account.id,
                            renewed: engine.renewed(account.id).await.unwrap(),
                            steps,
                        };
                        let command = Command::from(command);
                        let answer = engine.submit(&operator(), Origin::default(), command).await;
                        assert_eq!(answer.is_ok(), runs, "seed {seed}");
                        if runs {
                            account.until = account.until.max(at + account.lease_s);
                            account.steps += count;
                        }
                    } else if verb == 3 {
                        let row = engine.row::<Execution>(account.id).await.unwrap().unwrap().row;
                        let expected = if runs { "done" } else { "execution_finished" };
                        assert_eq!(code(engine.renew(row).await), expected, "seed {seed}");
                        if runs {
                            account.until = account.until.max(at + account.lease_s);
                        }
                    } else {
                        let expected = match (account.completed, runs) {
                            (true, _) => "nothing",
                            (false, true) => "done",
                            (false, false) => "execution_finished",
                        };
                        assert_eq!(complete(&engine, account.id).await, expected, "seed {seed}");
                        account.completed |= runs;
                    }
                }
                _ => {}
            }
            if next(&mut state).is_multiple_of(20) {
                engine.sweep().await.unwrap();
            }
        }
        for swept in [false, true] {
            let found = listed(&engine).await;
            for account in &accounts {
                let status = match (account.completed, account.until > at) {
                    _ if account.cancelled => "cancelled",
                    (true, _) => "completed",
                    (false, true) => "running",
                    (false, false) => "failed",
                };
                assert!(
                    found[status].contains(&account.id),
                    "{status}, swept: {swept}, seed {seed}"
                );
                let shown = shown(&engine, account.id).await;
                assert_eq!((shown.status.as_str(), shown.steps()), (status, account.steps));
                let steps = engine.steps(account.id, &[], Order::Ascending, None, 1_000).await;
                let numbers: Vec<u64> = steps.unwrap().0.iter().map(|step| step.row.number).collect();
                assert_eq!(numbers, (0..account.steps).collect::<Vec<_>>(), "seed {seed}");
            }
            assert_eq!(found.values().map(Vec::len).sum::<usize>(), accounts.len());
            engine.sweep().await.unwrap();
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
