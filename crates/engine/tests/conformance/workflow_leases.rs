//! Leases of executions by the clock: what is listed, shown and decided is the same before the sweep and after.

crate::on_both!(
    leases_lapse_by_the_clock,
    who_asks_at_once_is_answered_each_for_its_own,
    a_heartbeat_obeys_no_row_that_was_changed_by_hand,
    the_switch_and_an_erasure_end_each_under_its_own_entry,
    a_bundle_without_a_step_does_not_hold_however_it_ended
);

pub mod cases {
    use std::collections::BTreeMap;
    use std::ops::ControlFlow;

    use domain::audit::EntryFilter;
    use domain::identity::{Role, Scope};
    use domain::workflow::execution::{
        Complete, ENDED_MAX, Execution, ExecutionStatus, FinishExecution, LEASE_LAPSED, StartExecution,
    };
    use domain::{Command, Origin};
    use engine::clock::Clock;
    use engine::list::Order;
    use engine::workflow::execution_stands;
    use engine::{Engine, Error};
    use evidence::Timestamp;
    use evidence::bundle::{BundleChecker, BundleFault, BundleSummary};
    use evidence::json::StrictObject;
    use uuid::Uuid;

    use crate::agents::{agent_key, create_agent, disable};
    use crate::attacker::{Attacker, assert_intact, close};
    use crate::custody_desk::{done, user_id};
    use crate::people::{code, entries, entries_by, now, person};
    use crate::support::{Bed, operator};
    use crate::workflow_rich::{new_steps, recorded, start, started};

    /// A log with one user, and what sets its clock.
    pub async fn opened(bed: &Bed) -> (Engine, Uuid, Timestamp, impl Fn(Timestamp) + Clone) {
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
    pub async fn listed(engine: &Engine) -> BTreeMap<&'static str, Vec<Uuid>> {
        let mut all = BTreeMap::new();
        for status in ExecutionStatus::ALL {
            let stands = [execution_stands(*status, engine.now())];
            let found = engine.select_in::<Execution>(Order::Descending, &stands, None, None);
            let found = found.await.unwrap().0;
            all.insert(status.as_str(), found.iter().map(|one| one.row.id).collect());
        }
        all
    }

    pub async fn shown(engine: &Engine, id: Uuid) -> Execution {
        let row = engine.row::<Execution>(id).await.unwrap().unwrap().row;
        let renewed = engine.renewed(id).await.unwrap();
        row.as_of(renewed, engine.now())
    }

    pub async fn complete(engine: &Engine, id: Uuid) -> String {
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
                Error::Refused { refusal, .. } => refusal.code.to_owned(),
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

    /// Whose heartbeat it is, and whether it has ended, is decided on the row.
    /// Some of those who ask go away before they are answered.
    pub async fn who_asks_at_once_is_answered_each_for_its_own(bed: Bed) {
        let (engine, ann, begin, set_clock) = opened(&bed).await;
        let mut made = Vec::new();
        for _ in 0..3 {
            made.push(started(&engine, &operator(), start(ann)).await);
        }
        set_clock(begin.plus_seconds(10));
        let (_, renewed) = engine.renew(made[0].clone()).await.unwrap();
        assert!(renewed.is_some());
        let asks = (0..64_usize).map(|number| {
            let (engine, id) = (&engine, made[number % 3].id);
            async move {
                if number % 7 == 0 {
                    tokio::select! {
                        biased;
                        _ = engine.renewed(id) => {}
                        () = tokio::task::yield_now() => {}
                    }
                    return;
                }
                let expected = renewed.filter(|_| number % 3 == 0);
                assert_eq!(engine.renewed(id).await.unwrap(), expected, "{number}");
            }
        });
        futures_util::future::join_all(asks).await;
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_heartbeat_obeys_no_row_that_was_changed_by_hand(bed: Bed) {
        let (engine, ann, ..) = opened(&bed).await;
        let id = started(&engine, &operator(), start(ann)).await.id;
        assert!(engine.row_proven::<Execution>(id).await.unwrap().is_some());
        let bob = person(&engine, "bob", Role::USER).await.id;
        let mut attacker = Attacker::new(&bed).await;
        let key = attacker.keys("executions", "true").await.remove(0);
        let mut give_to = async |user: Uuid| attacker.set("executions", "user_id", &key, &user.into()).await;
        give_to(bob).await.unwrap();
        let found = engine.row_proven::<Execution>(id).await;
        assert!(
            matches!(
                found,
                Err(Error::Tampered {
                    table: "executions",
                    ..
                })
            ),
            "{found:?}"
        );
        give_to(ann).await.unwrap();
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// What the entries about an execution are, and how many steps the last one says there are.
    async fn told(engine: &Engine, id: Uuid) -> (Vec<String>, Option<u64>) {
        let filter = EntryFilter {
            target: Some(id.to_string()),
            ..EntryFilter::default()
        };
        let found = entries_by(engine, &filter).await;
        let details = found.last().and_then(|entry| entry.details.clone());
        let steps = details.and_then(|details| details.0.get("steps")?.as_u64());
        (found.into_iter().map(|entry| entry.action).collect(), steps)
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

    /// What `probity-verify` makes of a bundle of the entries that fulfil a filter, which says that it is all about an execution.
    async fn checked(engine: &Engine, id: Uuid, filter: EntryFilter) -> Result<BundleSummary, BundleFault> {
        let filter = EntryFilter {
            target: Some(id.to_string()),
            ..filter
        };
        let mut asked = StrictObject::default();
        asked.0.insert("target".into(), id.to_string().into());
        let mut checker = BundleChecker::new(engine.verifier_key().clone());
        let mut fault = None;
        let line = &mut |line: String| match checker.line(&line) {
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => {
                fault = Some(error.fault);
                ControlFlow::Break(())
            }
        };
        engine.bundle(&filter, asked, line).await.unwrap();
        fault.map_or_else(|| checker.finish().map_err(|error| error.fault), Err)
    }

    pub async fn a_bundle_without_a_step_does_not_hold_however_it_ended(bed: Bed) {
        let (engine, ann, begin, set_clock) = opened(&bed).await;
        person(&engine, "bob", Role::DEVELOPER).await;
        person(&engine, "eva", Role::USER).await;
        let (bob, eva) = (user_id(&engine, "bob").await, user_id(&engine, "eva").await);
        let agent = create_agent(&engine, "triage", "bob").await;
        let (caller, _) = agent_key(&engine, agent, vec![Scope::Workflows]).await;
        let short = StartExecution {
            lease_s: 10,
            ..start(ann)
        };
        let switched = started(&engine, &caller, start(bob)).await.id;
        let lapsed = started(&engine, &operator(), short).await.id;
        let erased = started(&engine, &operator(), start(eva)).await.id;
        let later = begin.plus_seconds(5);
        for at in [begin, later] {
            set_clock(at);
            for (by, id) in [(&caller, switched), (&operator(), lapsed), (&operator(), erased)] {
                recorded(&engine, by, id, new_steps()).await;
            }
        }
        done(&engine, &operator(), disable(&engine, agent).await).await;
        set_clock(begin.plus_seconds(20));
        engine.sweep().await.unwrap();
        engine
            .erase_user(&operator(), Origin::default(), eva, "asked to")
            .await
            .unwrap();
        for (id, end) in [
            (switched, "execution.cancel"),
            (lapsed, "execution.expire"),
            (erased, "execution.cancel"),
        ] {
            let whole = checked(&engine, id, EntryFilter::default()).await.unwrap();
            assert_eq!(whole.execution, Some((id, Some(4))), "{end}");
            let from_later = EntryFilter {
                from: Some(later),
                ..EntryFilter::default()
            };
            let end_alone = EntryFilter {
                action: Some(end.to_owned()),
                ..EntryFilter::default()
            };
            for (filter, found) in [(from_later, 2), (end_alone, 0)] {
                match checked(&engine, id, filter).await {
                    Err(BundleFault::Steps(missing)) => {
                        let told = (missing.execution, missing.said, missing.found);
                        assert_eq!(told, (id, 4, found), "{end}");
                    }
                    other => panic!("{end}: {other:?}"),
                }
            }
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
