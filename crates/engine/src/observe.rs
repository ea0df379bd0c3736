//! Taking in traces of OpenTelemetry: spans become steps, whatever order they come in.

use std::collections::{BTreeMap, BTreeSet};

use domain::refusal::RefusalKind;
use domain::workflow::trace::{Observation, Span};
use domain::{Caller, Command, Origin};
use otlp::{Rejected, Trace};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::writer::Answer;

/// How many bytes of content are written together, about: each takes several times as much memory until it is durable.
const TOGETHER_BYTES: usize = 4 << 20;

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

/// How an execution stands of which spans were taken in.
#[derive(Clone, Debug)]
struct Stands {
    trace_id: String,
    /// Whether there is one now.
    begun: bool,
    /// Whether its root may have come before it.
    waits: bool,
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
        traces: Vec<Trace>,
    ) -> Result<Observed, Error> {
        let mut roots = BTreeMap::<Uuid, Vec<Span>>::new();
        for trace in &traces {
            let of_trace = trace.spans.iter().filter(|span| span.step.is_none());
            of_trace.for_each(|root| roots.entry(trace.execution).or_default().push(root.clone()));
        }
        let mut observed = Observed::default();
        let told = (user, lease_s);
        let stands = self
            .take_traces(caller, origin, told, traces, &mut observed)
            .await?;
        let waiting = stands.iter().filter(|(_, stands)| stands.begun && stands.waits);
        let waiting: Vec<Uuid> = waiting.map(|(id, _)| *id).collect();
        roots.retain(|id, _| stands.get(id).is_some_and(|stands| !stands.begun));
        self.keep_roots(user, &roots).await?;
        // Steps and root may come at the same moment, in two processes. Each is written before the other is looked for, so
        // that one of the two finds it.
        let begun = self.executions_there(roots.keys().copied().collect()).await?;
        roots.retain(|id, _| begun.contains(id));
        roots.extend(self.kept_roots(user, &waiting).await?);
        let late = roots.into_iter().filter_map(|(execution, spans)| {
            Some(Trace {
                execution,
                trace_id: stands.get(&execution)?.trace_id.clone(),
                spans,
                ids: Vec::new(),
            })
        });
        self.take_traces(caller, origin, told, late.collect(), &mut observed)
            .await?;
        Ok(observed)
    }

    /// Which of these executions there are.
    async fn executions_there(&self, ids: Vec<Uuid>) -> Result<BTreeSet<Uuid>, Error> {
        if ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut conn = self.db().reader().await?;
        Ok(store::executions::there(&mut conn, &ids).await?)
    }

    async fn take_traces(
        &self,
        caller: &Caller,
        origin: &Origin,
        (user, lease_s): (Uuid, u64),
        traces: Vec<Trace>,
        observed: &mut Observed,
    ) -> Result<BTreeMap<Uuid, Stands>, Error> {
        let mut all = BTreeMap::<Uuid, Stands>::new();
        if traces.is_empty() {
            return Ok(all);
        }
        let renewals = self.renewals(traces.iter().map(|trace| trace.execution)).await?;
        let mut traces = traces.into_iter().peekable();
        while traces.peek().is_some() {
            let (mut commands, mut of, mut bytes) = (Vec::new(), Vec::new(), 0);
            while let Some(trace) = traces.next_if(|_| bytes < TOGETHER_BYTES) {
                bytes += trace.content_len();
                let renewed = renewals.get(&trace.execution).copied();
                let stands = (trace.execution, trace.trace_id.clone());
                let (command, ids) = trace.command(user, lease_s, renewed);
                commands.push(Command::from(command));
                of.push((stands, ids));
            }
            let answers = self.submit_all(caller, origin, commands).await?;
            become_of(of.into_iter().zip(answers), &mut all, observed)?;
        }
        Ok(all)
    }
}

/// Counts what became of each trace.
fn become_of(
    answered: impl Iterator<Item = (((Uuid, String), Vec<String>), Result<Answer, Error>)>,
    all: &mut BTreeMap<Uuid, Stands>,
    observed: &mut Observed,
) -> Result<(), Error> {
    for (((execution, trace_id), ids), answer) in answered {
        match answer {
            Ok(answer) => {
                let done = answer.typed::<Observation>()?.reply;
                observed.steps += done.steps;
                observed.again += done.again;
                observed.scores += done.scores;
                let stands = all.entry(execution).or_insert(Stands {
                    trace_id,
                    begun: false,
                    waits: false,
                });
                // Whichever of its parts says so.
                stands.begun |= done.begun;
                stands.waits |= done.waits;
                // A root that was kept has no place in the request.
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

/// Whether a refusal is about what was sent, and not about who sent it.
fn is_about_it(kind: RefusalKind) -> bool {
    matches!(
        kind,
        RefusalKind::Invalid | RefusalKind::NotFound | RefusalKind::Conflict | RefusalKind::Unprocessable
    )
}
