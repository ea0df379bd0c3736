//! Traces of OpenTelemetry: whatever order they come in, from however many at once, the rows are the same.

crate::on_both!(
    any_order_split_and_repetition_gives_the_same_rows,
    many_at_once_leave_one_of_each,
    a_root_that_is_no_step_waits_for_steps_in_whatever_process,
    a_root_that_never_comes_is_missing_until_it_comes,
    what_an_agents_key_sends_is_the_agents,
    what_spans_hold_is_gone_with_the_user
);

pub mod cases {
    use std::sync::Arc;

    use domain::identity::{Role, Scope};
    use domain::workflow::execution::{Execution, ExecutionStatus, ROOT_MISSING};
    use domain::workflow::metric::Metric;
    use domain::workflow::step::ExecutionStep;
    use domain::{Caller, Origin};
    use engine::list::{Condition, Order};
    use engine::{Engine, Observed};
    use evidence::json::hex;
    use otlp::{Encoding, Reading, Signal};
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use crate::agents::{agent_key, create_agent};
    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::user_id;
    use crate::people::{person, session_of};
    use crate::support::{Bed, On, operator, random_cases};
    use crate::workflow_leases::cases::{opened, shown};

    const LEASE_S: u64 = 3_600;

    /// A trace's id, by a number.
    fn trace_id(number: u64) -> String {
        hex(&[&[0x7e; 8][..], &number.to_be_bytes()].concat())
    }

    fn attributes(said: &[(&str, Value)]) -> Value {
        let pair = |(key, value): &(&str, Value)| json!({"key": key, "value": value});
        said.iter().map(pair).collect()
    }

    fn text(text: &str) -> Value {
        json!({ "stringValue": text })
    }

    /// A span of a trace; the first is the root. Times are seconds of 2026.
    fn span(trace: u64, number: u64, said: &[(&str, Value)]) -> Value {
        let parent = if number == 1 {
            String::new()
        } else {
            format!("{:016x}", 1)
        };
        let start = 1_790_000_000_000_000_000 + number * 1_000_000_000;
        json!({
            "traceId": trace_id(trace), "spanId": format!("{number:016x}"), "parentSpanId": parent,
            "name": "a span", "startTimeUnixNano": start.to_string(),
            "endTimeUnixNano": (start + 500_000_000).to_string(), "attributes": attributes(said),
        })
    }

    fn body(spans: &[Value]) -> Value {
        let resource = attributes(&[("service.name", text("shop"))]);
        json!({"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [{"spans": spans}]}]})
    }

    fn chat(trace: u64, number: u64, more: &[(&str, Value)]) -> Value {
        let chat = ("gen_ai.operation.name", text("chat"));
        span(trace, number, &[&[chat][..], more].concat())
    }

    /// What one trace consists of: requests of one span or record each.
    fn trace(number: u64) -> Vec<(Signal, Value)> {
        let evaluation = json!({"name": "gen_ai.evaluation.result", "timeUnixNano": "1790000009000000000", "attributes": attributes(&[
            ("gen_ai.evaluation.name", text("relevance")), ("gen_ai.evaluation.score.value", json!({"doubleValue": 0.5})),
        ])});
        let mut scored = chat(
            number,
            4,
            &[("gen_ai.usage.input_tokens", json!({"intValue": "7"}))],
        );
        scored["events"] = json!([evaluation]);
        // The request that a server handled: no step, and the root.
        let mut root = span(number, 1, &[("probity.aim.mission", text("sell"))]);
        root["status"] = json!({"code": 2, "message": "no answer"});
        let record = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{
            "traceId": trace_id(number), "spanId": format!("{:016x}", 4), "timeUnixNano": "1790000003500000000",
            "eventName": "gen_ai.choice", "body": text("sold"),
        }]}]}]});
        let spans = [
            root,
            chat(number, 2, &[("gen_ai.workflow.name", text("refunds"))]),
            chat(
                number,
                3,
                &[
                    ("gen_ai.conversation.id", text("t-3")),
                    ("gen_ai.workflow.name", text("claims")),
                ],
            ),
            scored,
            chat(
                number,
                5,
                &[("session.id", text("t-5")), ("probity.drag_mode", text("grunt"))],
            ),
            span(
                number,
                6,
                &[("gen_ai.tool.name", text("search")), ("user.id", text("u-6"))],
            ),
        ];
        let spans = spans
            .iter()
            .map(|span| (Signal::Traces, body(std::slice::from_ref(span))));
        spans.chain([(Signal::Logs, record)]).collect()
    }

    /// A user who keeps their own, and a session.
    pub async fn keeper(engine: &Engine, name: &str) -> (Caller, Uuid) {
        person(engine, name, Role::USER).await;
        let user = user_id(engine, name).await;
        (session_of(engine, user).await, user)
    }

    pub async fn sent(
        engine: &Engine,
        caller: &Caller,
        user: Uuid,
        requests: &[(Signal, Value)],
    ) -> Observed {
        let mut all = Observed::default();
        for (signal, body) in requests {
            let text = body.to_string();
            let request = otlp::read(*signal, Encoding::Json, text.as_bytes()).unwrap();
            let reading = Reading::of(request, user);
            assert_eq!(reading.rejected, []);
            let origin = Origin::default();
            let done = engine.observe(caller, &origin, user, LEASE_S, reading.traces);
            let done = done.await.unwrap();
            all.steps += done.steps;
            all.again += done.again;
            all.scores += done.scores;
            all.rejected.extend(done.rejected);
        }
        all
    }

    /// Requests of one kind side by side become one.
    fn together(requests: Vec<(Signal, Value)>) -> (Signal, Value) {
        let mut requests = requests.into_iter();
        let (signal, mut body) = requests.next().unwrap();
        let member = signal.member();
        for (_, mut other) in requests {
            let more = std::mem::take(other[member].as_array_mut().unwrap());
            body[member].as_array_mut().unwrap().extend(more);
        }
        (signal, body)
    }

    /// Requests in which each part comes twice, in some order and cut somehow, and what order that is.
    pub fn shuffled(parts: &[(Signal, Value)], runner: &mut TestRunner) -> (Vec<(Signal, Value)>, String) {
        let numbers = (0..parts.len()).chain(0..parts.len());
        let order = Just(numbers.collect::<Vec<_>>()).prop_shuffle();
        let cuts = proptest::collection::vec(any::<bool>(), 2 * parts.len());
        let (order, cuts) = (order, cuts).new_tree(runner).unwrap().current();
        (split(parts, &order, &cuts), format!("{order:?} {cuts:?}"))
    }

    /// Parts in this order, together as far as no cut and no other signal comes between.
    fn split(parts: &[(Signal, Value)], order: &[usize], cuts: &[bool]) -> Vec<(Signal, Value)> {
        let mut requests: Vec<(Signal, Value)> = Vec::new();
        let mut part: Vec<(Signal, Value)> = Vec::new();
        for (index, cut) in order.iter().zip(cuts) {
            let one = parts[*index].clone();
            if *cut || part.first().is_some_and(|(signal, _)| *signal != one.0) {
                let whole = std::mem::take(&mut part);
                requests.extend((!whole.is_empty()).then(|| together(whole)));
            }
            part.push(one);
        }
        requests.push(together(part));
        requests
    }

    async fn execution(engine: &Engine, trace: u64) -> Execution {
        execution_of(engine, &trace_id(trace)).await
    }

    async fn execution_of(engine: &Engine, trace_id: &str) -> Execution {
        let of_trace = [Condition::Is("trace_id", trace_id.to_owned().into())];
        let (mut found, _) = engine.select::<Execution>(&of_trace, None, None).await.unwrap();
        assert_eq!(found.len(), 1, "one execution a trace");
        found.remove(0).row
    }

    /// The rows of a trace, without ids and what says in which order they came.
    async fn rows(engine: &Engine, trace: u64) -> (Execution, Vec<ExecutionStep>, Vec<Metric>) {
        rows_of(engine, &trace_id(trace)).await
    }

    /// The same of the trace with this id.
    pub async fn rows_of(engine: &Engine, trace_id: &str) -> (Execution, Vec<ExecutionStep>, Vec<Metric>) {
        let execution = execution_of(engine, trace_id).await;
        let id = execution.id;
        let (steps, _) = engine
            .steps(id, &[], Order::Ascending, None, 1_000)
            .await
            .unwrap();
        assert!(steps.iter().map(|step| step.row.number).eq(0..steps.len() as u64));
        let mut plain = Vec::new();
        for step in steps {
            let row = engine
                .row::<ExecutionStep>(step.row.id)
                .await
                .unwrap()
                .unwrap()
                .row;
            if let Some(output) = &row.output {
                assert_eq!(row.holds(row.output_commitment.as_deref(), output), Some(true));
            }
            plain.push(ExecutionStep {
                id: Uuid::nil(),
                execution_id: Uuid::nil(),
                number: 0,
                recorded_at: row.started_at.unwrap(),
                input_commitment: None,
                output_commitment: None,
                content_salt: None,
                ..row
            });
        }
        plain.sort_by_key(|step| (step.started_at, step.name.clone(), step.call_id.clone()));
        let of_it = [Condition::Is("execution_id", id.into())];
        let (metrics, _) = engine.select::<Metric>(&of_it, None, None).await.unwrap();
        let metrics = metrics.into_iter().map(|metric| Metric {
            id: Uuid::nil(),
            execution_id: None,
            ..metric.row
        });
        let execution = Execution {
            id: Uuid::nil(),
            trace_id: None,
            expires_at: execution.started_at,
            ..execution
        };
        (execution, plain, metrics.collect())
    }

    pub async fn any_order_split_and_repetition_gives_the_same_rows(bed: Bed) {
        let engine = bed.open().await;
        let (ann, user) = keeper(&engine, "ann").await;
        let done = sent(&engine, &ann, user, &trace(0)).await;
        assert_eq!(
            (done.steps, done.again, done.scores, done.rejected),
            (6, 0, 1, vec![])
        );
        let expected = rows(&engine, 0).await;
        let (row, ..) = &expected;
        assert_eq!(
            (row.workflow.as_str(), row.status),
            ("refunds", ExecutionStatus::Failed)
        );
        assert_eq!(
            (row.error.as_deref(), row.mission.as_deref()),
            (Some("no answer"), Some("sell"))
        );
        assert!(row.conversation_id.is_some() && row.usage.is_some());
        assert_eq!(row.started_at.micros(), 1_790_000_001_000_000);
        let cases = if bed.on == On::Sqlite { 12 } else { 6 };
        let mut runner = random_cases(cases, 200, 0);
        for number in 1..=u64::from(cases) {
            let (requests, plan) = shuffled(&trace(number), &mut runner);
            let done = sent(&engine, &ann, user, &requests).await;
            assert_eq!((done.steps, done.scores, done.rejected), (6, 1, vec![]), "{plan}");
            assert_eq!(rows(&engine, number).await, expected, "{plan}");
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn many_at_once_leave_one_of_each(bed: Bed) {
        let engine = Arc::new(bed.open().await);
        let (ann, user) = keeper(&engine, "ann").await;
        let senders = (0..8_usize).map(|sender| {
            let (engine, ann) = (Arc::clone(&engine), ann.clone());
            async move {
                for number in 0..5 {
                    let mut parts = trace(number);
                    parts.rotate_left(sender % 7);
                    let done = sent(&engine, &ann, user, &parts).await;
                    assert_eq!(done.rejected, []);
                }
            }
        });
        futures_util::future::join_all(senders).await;
        let expected = rows(&engine, 0).await;
        assert_eq!((expected.1.len(), expected.2.len()), (6, 1));
        assert_eq!(expected.0.status, ExecutionStatus::Failed, "its root was seen");
        for number in 1..5 {
            assert_eq!(rows(&engine, number).await, expected);
        }
        let engine = Arc::into_inner(engine).unwrap();
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_root_that_is_no_step_waits_for_steps_in_whatever_process(bed: Bed) {
        let (one, other) = (bed.open().await, bed.open().await);
        let (ann, user) = keeper(&one, "ann").await;
        let (bob, his) = keeper(&one, "bob").await;
        for number in [0, 1] {
            let done = sent(&one, &ann, user, &trace(number)[..1]).await;
            assert_eq!(done, Observed::default());
        }
        // That of somebody else is theirs.
        sent(&one, &bob, his, &trace(2)[..1]).await;
        for number in [0, 2] {
            sent(&other, &ann, user, &trace(number)[1..]).await;
        }
        close(one).await;
        close(other).await;
        let engine = bed.open().await;
        sent(&engine, &ann, user, &trace(1)[1..]).await;
        let expected = rows(&engine, 0).await;
        assert_eq!(
            (expected.0.status, expected.1.len()),
            (ExecutionStatus::Failed, 6)
        );
        assert_eq!(
            (expected.0.error.as_deref(), &expected.0.mission),
            (Some("no answer"), &Some("sell".to_owned()))
        );
        assert_eq!(rows(&engine, 1).await, expected);
        assert_eq!(execution(&engine, 2).await.status, ExecutionStatus::Running);
        let conn = &mut engine.db().writer().await.unwrap();
        let now = engine.now().micros() / 1_000_000;
        for (before, expected) in [(now - 60, 0), (now + 60, 3), (now + 60, 0)] {
            assert_eq!(store::side::prune_roots(conn, before).await.unwrap(), expected);
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_root_that_never_comes_is_missing_until_it_comes(bed: Bed) {
        let (engine, user, begin, set_clock) = opened(&bed).await;
        let parts = trace(0);
        let (root, children) = parts.split_first().unwrap();
        sent(&engine, &operator(), user, &children[..3]).await;
        let id = execution(&engine, 0).await.id;
        set_clock(begin.plus_seconds(3_599));
        assert_eq!(shown(&engine, id).await.status, ExecutionStatus::Running);
        sent(&engine, &operator(), user, &children[3..4]).await;
        set_clock(begin.plus_seconds(7_300));
        for swept in [false, true] {
            let row = shown(&engine, id).await;
            assert_eq!(
                (row.status, row.error_type.as_deref()),
                (ExecutionStatus::Failed, Some(ROOT_MISSING))
            );
            if !swept {
                assert_eq!(engine.sweep().await.unwrap().executions, 1);
            }
        }
        sent(&engine, &operator(), user, &children[4..]).await;
        assert_eq!(shown(&engine, id).await.error_type.as_deref(), Some(ROOT_MISSING));
        sent(&engine, &operator(), user, std::slice::from_ref(root)).await;
        let row = shown(&engine, id).await;
        assert_eq!(
            (row.status, row.error.as_deref()),
            (ExecutionStatus::Failed, Some("no answer"))
        );
        assert_eq!((row.error_type, row.steps), (None, Some(6)));
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn what_an_agents_key_sends_is_the_agents(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::USER).await;
        let user = user_id(&engine, "ann").await;
        let agent = create_agent(&engine, "triage", "ann").await;
        let (key, _) = agent_key(&engine, agent, vec![Scope::Workflows]).await;
        sent(&engine, &key, user, &trace(0)).await;
        let row = execution(&engine, 0).await;
        assert_eq!((row.agent_id, row.user_id), (Some(agent), user));
        // Another user's trace of the same id is another execution.
        let (bob, other) = keeper(&engine, "bob").await;
        sent(&engine, &bob, other, &trace(0)).await;
        let of_trace = [Condition::Is("trace_id", trace_id(0).into())];
        let (found, _) = engine.select::<Execution>(&of_trace, None, None).await.unwrap();
        assert_eq!(found.len(), 2);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn what_spans_hold_is_gone_with_the_user(bed: Bed) {
        let engine = bed.open().await;
        let (ann, user) = keeper(&engine, "ann").await;
        let (bob, his) = keeper(&engine, "bob").await;
        sent(&engine, &ann, user, &trace(0)).await;
        // Roots that wait: more than are deleted at once, and one of somebody else.
        let waiting = together((1..=1_001).map(|number| trace(number).swap_remove(0)).collect());
        sent(&engine, &ann, user, &[waiting]).await;
        sent(&engine, &bob, his, &trace(2_000)[..1]).await;
        let kept = async || {
            let conn = &mut engine.db().reader().await.unwrap();
            let rows = conn.all("SELECT COUNT(*) FROM roots", &[]).await.unwrap();
            rows[0].int(0).unwrap()
        };
        // That of the first trace came before its steps as well.
        assert_eq!(kept().await, 1_003);
        engine
            .erase_user(&operator(), Origin::default(), user, "asked to")
            .await
            .unwrap();
        assert_eq!(kept().await, 1);
        sent(&engine, &bob, his, &trace(2_000)[1..]).await;
        assert_eq!(
            execution(&engine, 2_000).await.error.as_deref(),
            Some("no answer")
        );
        let row = execution(&engine, 0).await;
        assert_eq!((row.told, row.mission, row.error), (None, None, None));
        let (steps, _) = engine
            .steps(row.id, &[], Order::Ascending, None, 100)
            .await
            .unwrap();
        for step in steps {
            let step = engine
                .row::<ExecutionStep>(step.row.id)
                .await
                .unwrap()
                .unwrap()
                .row;
            assert_eq!((step.input, step.output, step.content_salt), (None, None, None));
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
