//! Taking in traces of OpenTelemetry: spans become steps, whatever order they come in.

use std::collections::BTreeMap;

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
        let mut rootless = BTreeMap::new();
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
                None => drop(rootless.insert(trace.execution, trace.trace_id.clone())),
            }
        }
        let mut observed = Observed::default();
        let told = (user, lease_s);
        self.take_traces(caller, origin, told, traces, &mut observed)
            .await?;
        // A root that came meanwhile found no execution, if its command was first.
        let late = rootless.into_iter().filter_map(|(execution, trace_id)| {
            Some(Trace {
                execution,
                trace_id,
                spans: vec![roots.get(user, execution)?],
                ids: Vec::new(),
            })
        });
        self.take_traces(caller, origin, told, late.collect(), &mut observed)
            .await?;
        Ok(observed)
    }

    async fn take_traces(
        &self,
        caller: &Caller,
        origin: &Origin,
        (user, lease_s): (Uuid, u64),
        traces: Vec<Trace>,
        observed: &mut Observed,
    ) -> Result<(), Error> {
        if traces.is_empty() {
            return Ok(());
        }
        let renewals = self.renewals(traces.iter().map(|trace| trace.execution)).await?;
        let commands = traces.into_iter().map(|trace| {
            let renewed = renewals.get(&trace.execution).copied();
            let (command, ids) = trace.command(user, lease_s, renewed);
            (Command::from(command), ids)
        });
        let (commands, ids): (_, Vec<_>) = commands.unzip();
        let answers = self.submit_all(caller, origin, commands).await?;
        for (ids, answer) in ids.into_iter().zip(answers) {
            match answer {
                Ok(answer) => {
                    let done = answer.typed::<Observation>()?.reply;
                    observed.steps += done.steps;
                    observed.again += done.again;
                    observed.scores += done.scores;
                    // A root that was remembered has no place in the request.
                    let rejected = done.rejected.into_iter().filter_map(|(place, reason, why)| {
                        let span = ids.get(place)?.clone();
                        Some(Rejected { span, reason, why })
                    });
                    observed.rejected.extend(rejected);
                }
                Err(Error::Refused { refusal, .. }) if is_about_it(refusal.kind) => {
                    let rejected = ids.into_iter().map(|span| Rejected {
                        span,
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
