//! What instrumentation libraries send, recorded once: each trace is one execution, whatever its spans come in.

crate::on_both!(what_libraries_send_is_an_execution_for_each_trace);

mod cases {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use domain::workflow::execution::Execution;
    use domain::workflow::step::ExecutionStep;
    use otlp::Signal;
    use serde_json::{Value, json};

    use crate::attacker::{assert_intact, close};
    use crate::otlp_traces::cases::{keeper, rows_of, sent, shuffled};
    use crate::recordings::{assert_expected, recordings};
    use crate::support::{Bed, On, random_cases};

    pub async fn what_libraries_send_is_an_execution_for_each_trace(bed: Bed) {
        let engine = bed.open().await;
        let (ann, user) = keeper(&engine, "ann").await;
        let mut runner = random_cases(1, 1, 0);
        let mut found = String::new();
        for (name, bodies) in recordings() {
            let done = sent(&engine, &ann, user, &bodies).await;
            assert_eq!((done.again, done.rejected), (0, vec![]), "{name}");
            let again = sent(&engine, &ann, user, &bodies).await;
            assert_eq!(
                (again.steps, again.again, again.rejected),
                (0, done.steps, vec![]),
                "{name}"
            );
            let parts: Vec<(Signal, Value)> = bodies.iter().flat_map(parts).collect();
            let traces: BTreeSet<String> = parts
                .iter()
                .map(|(signal, part)| trace_of(*signal, part))
                .collect();
            let other_ids: Vec<_> = parts
                .iter()
                .map(|(signal, part)| (*signal, renamed(part, &traces)))
                .collect();
            let (requests, plan) = shuffled(&other_ids, &mut runner);
            let shuffled = sent(&engine, &ann, user, &requests).await;
            assert_eq!(
                (shuffled.steps, shuffled.rejected),
                (done.steps, vec![]),
                "{name} {plan}"
            );
            let mut lines = Vec::new();
            for trace in &traces {
                let rows = rows_of(&engine, trace).await;
                lines.push((rows.0.started_at, line(&rows.0, &rows.1)));
                assert_eq!(rows_of(&engine, &other(trace)).await, rows, "{name} {plan}");
            }
            lines.sort();
            for (_, line) in lines {
                writeln!(found, "{name}: {line}").unwrap();
            }
        }
        assert_expected("executions.txt", &found, bed.on == On::Sqlite);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    /// What the members of a signal are called, from the outside in.
    fn members(signal: Signal) -> [&'static str; 3] {
        match signal {
            Signal::Traces => ["resourceSpans", "scopeSpans", "spans"],
            _ => ["resourceLogs", "scopeLogs", "logRecords"],
        }
    }

    /// A body of each span or log record.
    fn parts((signal, body): &(Signal, Value)) -> Vec<(Signal, Value)> {
        let [resources, scopes, items] = members(*signal);
        let list = |value: &Value, member: &str| value[member].as_array().unwrap().clone();
        let mut parts = Vec::new();
        for resource in list(body, resources) {
            for scope in list(&resource, scopes) {
                for item in list(&scope, items) {
                    let scope = json!({"scope": scope["scope"], items: [item]});
                    let resource = json!({"resource": resource["resource"], scopes: [scope]});
                    parts.push((*signal, json!({resources: [resource]})));
                }
            }
        }
        parts
    }

    fn trace_of(signal: Signal, part: &Value) -> String {
        let [resources, scopes, items] = members(signal);
        let item = &part[resources][0][scopes][0][items][0];
        item["traceId"].as_str().unwrap().to_owned()
    }

    /// Another trace's id.
    fn other(trace_id: &str) -> String {
        trace_id.chars().rev().collect()
    }

    /// The same of another trace, so that it is another execution.
    fn renamed(part: &Value, traces: &BTreeSet<String>) -> Value {
        let text = traces
            .iter()
            .fold(part.to_string(), |text, id| text.replace(id, &other(id)));
        serde_json::from_str(&text).unwrap()
    }

    /// What became of a trace, on one line.
    fn line(row: &Execution, steps: &[ExecutionStep]) -> String {
        assert_eq!(row.steps(), steps.len() as u64);
        let models = row.usage.unwrap_or_default().model;
        let cost = Some(models.cost_usd).filter(|cost| !cost.is_none());
        let agent = row
            .told
            .as_ref()
            .and_then(|told| told.agent.as_ref()?.is.name.as_deref());
        let words = [
            Some(format!("{} {}", row.workflow, row.status.as_str())),
            Some(format!("{} steps", steps.len())),
            (models.steps > 0).then(|| {
                format!(
                    "{} of models: tokens read {}, written {}, from the cache {}, for reasoning {}",
                    models.steps, models.input, models.output, models.cache_read, models.reasoning
                )
            }),
            cost.map(|cost| format!("cost {cost}")),
            row.conversation_id.map(|_| "in a conversation".to_owned()),
            agent.map(|agent| format!("agent {agent}")),
            row.error_type.as_ref().map(|error| format!("error {error}")),
            // OpenInference has the stack behind the first line.
            row.error
                .as_ref()
                .and_then(|error| Some(error.lines().next()?.to_owned())),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        words.join("; ")
    }
}
