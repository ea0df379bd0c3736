//! Runs of agents from a file: each once, with a step for each call of a tool.

crate::on_both!(runs_of_a_chat_become_executions, a_file_of_runs_reconciles);

mod cases {
    use std::io::Read;

    use domain::identity::Role;
    use domain::workflow::execution::{Execution, ExecutionStatus};
    use domain::workflow::metric::Metric;
    use domain::workflow::step::ExecutionStep;
    use engine::Engine;
    use engine::chat_import::Runs;
    use engine::list::Order;
    use evidence::payload::DragMode;
    use flate2::read::GzDecoder;
    use serde_json::{Value, json};

    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::user_id;
    use crate::people::person;
    use crate::support::{Bed, operator};

    async fn opened(bed: &Bed) -> (Engine, Runs) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::USER).await;
        let of = Runs {
            workflow: "airline".to_owned(),
            user: user_id(&engine, "ann").await,
            drag_mode: Some(DragMode::Grunt),
        };
        (engine, of)
    }

    fn values(lines: &str) -> Vec<Value> {
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// How many calls of tools a run has.
    fn calls(run: &Value) -> usize {
        let messages = run["traj"].as_array().unwrap().iter();
        let calls = messages.filter_map(|message| message["tool_calls"].as_array());
        calls.map(Vec::len).sum()
    }

    const RUNS: &str = include_str!("../fixtures/chat-runs.jsonl");

    pub async fn runs_of_a_chat_become_executions(bed: Bed) {
        let (engine, of) = opened(&bed).await;
        let mut runs = values(RUNS);
        runs[0]["drag_mode"] = json!("research");
        let good = runs.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let bad = [
            "no json",
            "[]",
            r#"{"messages":7}"#,
            r#"{"messages":[7]}"#,
            r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"c"}]}]}"#,
            r#"{"messages":[],"reward":"high"}"#,
            r#"{"messages":[],"drag_mode":"fast"}"#,
            &format!(r#"{{"messages":["{}"]}}"#, "x".repeat(262_144)),
        ];
        let calls: Vec<usize> = runs.iter().map(calls).collect();
        for again in [false, true] {
            let file = format!("{}\n{good}\n", bad.join("\n"));
            let size = *engine.size().borrow();
            let (caller, mut rejected, mut quiet) = (operator(), Vec::new(), |_: u64, _: &_| {});
            let imported = engine.import_runs(&caller, &of, file.as_bytes(), &mut rejected, &mut quiet);
            let report = imported.await.unwrap();
            let kept = String::from_utf8(rejected).unwrap();
            let kept = values(&kept);
            let texts: Vec<&str> = kept.iter().map(|line| line["text"].as_str().unwrap()).collect();
            assert_eq!(texts, bad);
            let taken = runs.len() as u64;
            assert_eq!(
                (report.runs, report.rejected),
                (taken + bad.len() as u64, bad.len() as u64)
            );
            let expected = if again { (0, taken) } else { (taken, 0) };
            assert_eq!((report.added, report.already_there), expected);
            let steps = calls.iter().sum::<usize>() as u64;
            let expected = if again { (0, 0) } else { (steps, taken) };
            assert_eq!((report.steps, report.rewards), expected, "what came in now");
            let lines: Vec<u64> = report.rejections.iter().map(|(line, _)| *line).collect();
            assert!(
                lines.into_iter().eq(1..=bad.len() as u64),
                "{:?}",
                report.rejections
            );
            assert_eq!(
                *engine.size().borrow() == size,
                again,
                "the same again changes nothing"
            );
        }
        let made = engine.select::<Execution>(&[], None, None).await.unwrap().0;
        let mut found: Vec<u64> = made.iter().map(|one| one.row.steps()).collect();
        let mut expected: Vec<u64> = calls.iter().map(|count| *count as u64).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        let modes = made
            .iter()
            .filter(|one| one.row.drag_mode == Some(DragMode::Research));
        assert_eq!(modes.count(), 1);
        assert!(
            made.iter()
                .all(|one| one.row.status == ExecutionStatus::Completed)
        );
        let rewards = engine.select::<Metric>(&[], None, None).await.unwrap().0;
        assert_eq!(rewards.len(), runs.len());
        // What a tool was given and answered is there, and in no entry.
        let steps = engine
            .steps(made[0].row.id, &[], Order::Ascending, None, 1)
            .await
            .unwrap()
            .0;
        let step = engine
            .row::<ExecutionStep>(steps[0].row.id)
            .await
            .unwrap()
            .unwrap()
            .row;
        let input: Value = serde_json::from_str(&step.input.unwrap()).unwrap();
        assert!(input.is_object() && step.output.is_some() && step.call_id.is_some());
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_file_of_runs_reconciles(bed: Bed) {
        let packed = include_bytes!("../fixtures/all-agent-runs.jsonl.gz").as_slice();
        let mut file = String::new();
        GzDecoder::new(packed).read_to_string(&mut file).unwrap();
        let runs = values(&file);
        let steps: usize = runs.iter().map(calls).sum();
        assert_eq!((runs.len(), steps), (120, 695), "the file itself");
        let (engine, of) = opened(&bed).await;
        for expected in [(120, 0, 695, 120), (0, 120, 0, 0)] {
            let (mut rejected, mut quiet) = (Vec::new(), |_: u64, _: &_| {});
            let caller = operator();
            let imported = engine.import_runs(&caller, &of, file.as_bytes(), &mut rejected, &mut quiet);
            let report = imported.await.unwrap();
            assert_eq!((report.runs, report.rejected, rejected.len()), (120, 0, 0));
            let came = (report.added, report.already_there, report.steps, report.rewards);
            assert_eq!(came, expected);
        }
        let executions = engine.select::<Execution>(&[], None, None).await.unwrap().0;
        assert_eq!(executions.len(), 120);
        let recorded: u64 = executions.iter().map(|one| one.row.steps()).sum();
        assert_eq!(recorded, 695);
        let rewards = engine.select::<Metric>(&[], None, None).await.unwrap().0;
        let won = rewards.iter().filter(|one| one.row.value.get() > 0.0).count();
        let in_file = runs
            .iter()
            .filter(|run| run["reward"].as_f64() > Some(0.0))
            .count();
        assert_eq!((rewards.len(), won), (120, in_file));
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
