//! Taking in traces of OpenTelemetry: spans become steps, whatever order they come in.

use std::collections::HashSet;

use domain::refusal::RefusalKind;
use domain::workflow::trace::Observation;
use domain::{Caller, Command, Origin};
use otlp::{Rejected, Trace};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;

/// What became of traces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// How many spans became steps now.
    pub steps: u64,
    /// How many had become steps before.
    pub again: u64,
    /// How many scores became metrics now.
    pub scores: u64,
    /// Those that were not taken.
    pub rejected: Vec<Rejected>,
}

impl Engine {
    /// Takes in traces of a user, each in an entry; all of them are durable when this returns. A trace that is refused for
    /// what it says is rejected span by span; a caller who may not do it is refused altogether.
    pub async fn observe(
        &self,
        caller: &Caller,
        origin: &Origin,
        user: Uuid,
        lease_s: u64,
        mut traces: Vec<Trace>,
    ) -> Result<Observed, Error> {
        let roots = &self.shared().roots;
        let mut rootless = HashSet::new();
        for trace in &traces {
            for root in trace.spans.iter().filter(|span| span.step.is_none()) {
                roots.keep(user, trace.execution, root);
            }
        }
        for trace in &mut traces {
            if trace.spans.iter().any(|span| span.told.end.is_some()) {
                continue;
            }
            match roots.get(user, trace.execution) {
                Some(root) => trace.spans.push(root),
                None => drop(rootless.insert(trace.execution)),
            }
        }
        let mut observed = Observed::default();
        self.take_traces(caller, origin, (user, lease_s), &traces, &mut observed)
            .await?;
        // A root that came meanwhile found no execution, if its command was first.
        let late = traces
            .into_iter()
            .filter(|trace| rootless.remove(&trace.execution));
        let late: Vec<Trace> = late
            .filter_map(|trace| {
                let root = roots.get(user, trace.execution)?;
                Some(Trace {
                    spans: vec![root],
                    ids: Vec::new(),
                    ..trace
                })
            })
            .collect();
        if !late.is_empty() {
            self.take_traces(caller, origin, (user, lease_s), &late, &mut observed)
                .await?;
        }
        Ok(observed)
    }

    async fn take_traces(
        &self,
        caller: &Caller,
        origin: &Origin,
        (user, lease_s): (Uuid, u64),
        traces: &[Trace],
        observed: &mut Observed,
    ) -> Result<(), Error> {
        if traces.is_empty() {
            return Ok(());
        }
        let renewals = self.renewals(traces.iter().map(|trace| trace.execution)).await?;
        let commands = traces.iter().map(|trace| {
            let renewed = renewals.get(&trace.execution).copied();
            Command::from(trace.command(user, lease_s, renewed))
        });
        let answers = self.submit_all(caller, origin, commands.collect()).await?;
        for (trace, answer) in traces.iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    let done = answer.typed::<Observation>()?.reply;
                    observed.steps += done.steps;
                    observed.again += done.again;
                    observed.scores += done.scores;
                    // A root that was remembered has no place in the request.
                    let rejected = done.rejected.into_iter().filter_map(|(place, reason, why)| {
                        let span = trace.ids.get(place)?.clone();
                        Some(Rejected { span, reason, why })
                    });
                    observed.rejected.extend(rejected);
                }
                Err(Error::Refused { refusal, .. }) if is_about_it(refusal.kind) => {
                    let rejected = trace.ids.iter().map(|id| Rejected {
                        span: id.clone(),
                        reason: refusal.code,
                        why: refusal.message.clone(),
                    });
                    observed.rejected.extend(rejected);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whether a refusal is about what was sent, and not about who sent it.
fn is_about_it(kind: RefusalKind) -> bool {
    matches!(
        kind,
        RefusalKind::Invalid | RefusalKind::NotFound | RefusalKind::Conflict | RefusalKind::Unprocessable
    )
}
