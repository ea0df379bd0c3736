//! Steps of executions: recorded in arrays by several at once, found in order, and forgotten with their user.

crate::on_both!(
    arrays_at_once_leave_no_gap,
    what_steps_hold_is_gone_with_the_user,
    a_step_moved_or_left_out_is_named
);

mod cases {
    use domain::identity::Role;
    use domain::workflow::execution::Execution;
    use domain::workflow::step::{Content, ExecutionStep, NewStep, RecordSteps, RecordedStep};
    use domain::{Command, Origin};
    use engine::list::Order;
    use engine::verify::Report;

    use engine::{Engine, EntryKey};
    use serde_json::json;
    use uuid::Uuid;

    use crate::attacker::{Attacker, assert_intact, close, names_row, verify};
    use crate::custody_desk::user_id;
    use crate::people::person;
    use crate::support::{Bed, operator};
    use crate::workflow_rich::{new_steps, recorded, start, started};

    async fn opened(bed: &Bed) -> (Engine, Uuid) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::USER).await;
        let ann = user_id(&engine, "ann").await;
        let execution = started(&engine, &operator(), start(ann)).await;
        (engine, execution.id)
    }

    /// Steps with an input that no other has.
    fn telling(words: impl Iterator<Item = String>) -> Vec<NewStep> {
        let telling = |word: String| NewStep {
            input: Some(Content::of(&json!({ "word": word }))),
            ..new_steps()[1].clone()
        };
        words.map(telling).collect()
    }

    pub async fn arrays_at_once_leave_no_gap(bed: Bed) {
        let (engine, execution) = opened(&bed).await;
        let arrays = (0..20).map(|array| {
            let steps = telling((0..10).map(|n| format!("{array}-{n}")));
            let command = Command::from(RecordSteps {
                execution,
                renewed: None,
                steps,
                next: None,
            });
            let (engine, caller) = (&engine, operator());
            async move { engine.submit(&caller, Origin::default(), command).await.unwrap() }
        });
        let answers = futures_util::future::join_all(arrays).await;
        let mut numbers = Vec::new();
        for answer in answers {
            let (_, _, steps) = <(Uuid, u64, Vec<RecordedStep>)>::try_from(answer.reply).unwrap();
            let first = steps[0].number;
            assert!(
                steps.iter().map(|step| step.number).eq(first..first + 10),
                "{steps:?}"
            );
            numbers.extend(steps.iter().map(|step| step.number));
            // One entry has all of them, and what they hold is not in it.
            let entry = EntryKey::Index(answer.entry.unwrap());
            let entry = engine.entry(entry).await.unwrap().unwrap();
            assert_eq!(entry.changes.len(), 11);
            assert!(!serde_json::to_string(&entry).unwrap().contains("word"));
        }
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..200));
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let page = engine
                .steps(execution, &[], Order::Ascending, after, 70)
                .await
                .unwrap();
            after = page.0.last().map(|step| step.row.number);
            found.extend(
                page.0
                    .iter()
                    .map(|step| (step.row.number, step.row.input.clone())),
            );
            if !page.1 {
                break;
            }
        }
        let expected: Vec<_> = (0..200).map(|number| (number, None)).collect();
        assert_eq!(found, expected, "in order, and without what went in");
        let row = engine.row::<Execution>(execution).await.unwrap().unwrap().row;
        assert_eq!(row.steps(), 200);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn what_steps_hold_is_gone_with_the_user(bed: Bed) {
        let (engine, execution) = opened(&bed).await;
        let ann = user_id(&engine, "ann").await;
        let other = started(&engine, &operator(), start(ann)).await.id;
        for array in 0..3 {
            let steps = telling((0..600).map(|n| format!("quince-{array}-{n}")));
            recorded(&engine, &operator(), execution, steps).await;
        }
        let steps = telling(["quince".to_owned()].into_iter());
        let last = recorded(&engine, &operator(), other, steps).await[0];
        engine
            .erase_user(&operator(), Origin::default(), ann, "asked to")
            .await
            .unwrap();
        let left = engine.row::<ExecutionStep>(last).await.unwrap().unwrap();
        assert_eq!((left.version, left.row.input_commitment.is_some()), (2, true));
        let mut conn = engine.db().writer().await.unwrap();
        let sql = "SELECT count(*) FROM execution_steps WHERE input IS NOT NULL OR content_salt IS NOT NULL";
        let held = conn.opt(sql, &[]).await.unwrap().unwrap();
        assert_eq!(held.int(0).unwrap(), 0);
        drop(conn);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_step_moved_or_left_out_is_named(bed: Bed) {
        let (engine, execution) = opened(&bed).await;
        let steps = recorded(
            &engine,
            &operator(),
            execution,
            telling((0..5).map(|n| n.to_string())),
        )
        .await;
        close(engine).await;
        let mut attacker = Attacker::new(&bed).await;
        let change = |set: &str| {
            let id = steps[3].simple();
            let key = match attacker.conn {
                store::Conn::Sqlite(_) => format!("x'{id}'"),
                store::Conn::Pg(_) => format!("'{id}'"),
            };
            format!("{set} WHERE id = {key}")
        };
        let changes = [
            (
                change("UPDATE execution_steps SET number = 7"),
                Some("5 steps, and 5 are there: look at number 3"),
            ),
            (
                change("UPDATE execution_steps SET kind = 'model', input_tokens = 5"),
                Some("its usage is not what"),
            ),
            (
                change("UPDATE execution_steps SET input = '{\"word\":\"4\"}'"),
                None,
            ),
            (change("UPDATE execution_steps SET input = NULL"), None),
            (
                change("DELETE FROM execution_steps"),
                Some("5 steps, and 4 are there: look at number 3"),
            ),
        ];
        let of_execution = |report: &Report| {
            let about = report
                .findings
                .iter()
                .filter(|finding| finding.table == "executions");
            about
                .map(|finding| (finding.id.clone(), finding.what.clone()))
                .collect::<Vec<_>>()
        };
        for (sql, recounted) in changes {
            attacker.conn.batch(&sql).await.unwrap();
            let report = verify(&bed.options()).await;
            let named = names_row(&report, "execution_steps", &steps[3].into());
            assert!(named, "{sql}: {:#?}", report.findings);
            let found = of_execution(&report);
            assert_eq!(found.len(), usize::from(recounted.is_some()), "{sql}: {found:?}");
            for (id, what) in found {
                assert_eq!(id, Some(execution.to_string()));
                assert!(what.contains(recounted.unwrap()), "{what}");
            }
            attacker.put_back("execution_steps").await;
        }
        // What the execution says is counted too.
        for (column, value, expected) in [
            ("steps", "4", "4 steps, and 5 are there: look at number 4"),
            ("steps", "6", "6 steps, and 5 are there: look at number 5"),
            (
                "usage",
                "'{\"model\":{\"input\":7,\"steps\":1}}'",
                "its usage is not what its steps used",
            ),
        ] {
            let sql = format!("UPDATE executions SET {column} = {value}");
            attacker.conn.batch(&sql).await.unwrap();
            let found = of_execution(&verify(&bed.options()).await);
            assert!(
                found.iter().any(|(_, what)| what.contains(expected)),
                "{sql}: {found:?}"
            );
            attacker.put_back("executions").await;
        }
        assert_intact(&bed.options()).await;
    }
}
