//! What becomes of a request: its spans by execution, what is left, and what is rejected.

use std::collections::HashMap;

use domain::workflow::execution::{CONTENT_LEN_MAX, Renewed};
use domain::workflow::step::{Content, NewStep};
use domain::workflow::trace::{ObserveTrace, SPANS_MAX, Span};
use evidence::json::hex;
use uuid::Uuid;

use crate::attributes::Attributes;
use crate::request::Request;
use crate::request::messages::collector::logs::v1::ExportLogsServiceRequest;
use crate::request::messages::collector::trace::v1::ExportTraceServiceRequest;
use crate::request::messages::resource::v1::Resource;
use crate::span::{From, Placed, Wrong};
use crate::{log, span};

/// A span that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its id, as hex.
    pub span: String,
    /// A word for what is wrong.
    pub reason: &'static str,
    /// Why.
    pub why: String,
}

/// Spans of one execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The execution.
    pub execution: Uuid,
    /// The trace, as hex.
    pub trace_id: String,
    /// The spans, at most as many as one command takes.
    pub spans: Vec<Span>,
    /// Their ids, as hex, in the same order.
    pub ids: Vec<String>,
}

/// What becomes of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Spans by execution.
    pub traces: Vec<Trace>,
    /// How many were left, being not about generative AI.
    pub left: u64,
    /// Those that are not taken.
    pub rejected: Vec<Rejected>,
    /// How many contents are so large that the commitment alone is kept.
    pub large: u64,
}

/// What is gathered for an execution.
type Gathered = HashMap<(Uuid, String), Vec<(Span, String)>>;

impl Reading {
    /// Reads the spans or log records of a user, each of which is gone once it is read. Of metrics nothing is taken.
    pub fn of(request: Request, user: Uuid) -> Reading {
        let mut reading = Reading::default();
        let mut gathered = Gathered::new();
        match request {
            Request::Traces(request) => reading.traces(request, user, &mut gathered),
            Request::Logs(request) => reading.logs(request, user, &mut gathered),
            Request::Metrics(_) => {}
        }
        let mut all: Vec<_> = gathered.into_iter().collect();
        all.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for ((execution, trace_id), mut spans) in all {
            // Steps first, since a root that is none begins nothing; in the order of their begin.
            spans.sort_by(|(one, one_id), (other, other_id)| {
                let key = |span: &Span| (span.step.is_none(), span.started_at);
                key(one).cmp(&key(other)).then_with(|| one_id.cmp(other_id))
            });
            while !spans.is_empty() {
                // A root that came before may join them.
                let rest = spans.split_off(spans.len().min(SPANS_MAX - 1));
                let (part, ids) = std::mem::replace(&mut spans, rest).into_iter().unzip();
                reading.traces.push(Trace {
                    execution,
                    trace_id: trace_id.clone(),
                    spans: part,
                    ids,
                });
            }
        }
        reading
    }

    fn traces(&mut self, request: ExportTraceServiceRequest, user: Uuid, gathered: &mut Gathered) {
        for of_resource in request.resource_spans {
            let resource = attributes(of_resource.resource.as_ref());
            let from = From {
                user,
                resource: &resource,
            };
            for sent in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                self.take(&sent.span_id, span::read(&sent, &from), gathered);
            }
        }
    }

    fn logs(&mut self, request: ExportLogsServiceRequest, user: Uuid, gathered: &mut Gathered) {
        for of_resource in request.resource_logs {
            let resource = attributes(of_resource.resource.as_ref());
            let from = From {
                user,
                resource: &resource,
            };
            for record in of_resource
                .scope_logs
                .into_iter()
                .flat_map(|scope| scope.log_records)
            {
                self.take(&record.span_id, log::read(&record, &from), gathered);
            }
        }
    }

    fn take(&mut self, id: &[u8], read: Result<Option<Placed>, Wrong>, gathered: &mut Gathered) {
        let span = hex(id);
        match read {
            Err(Wrong { reason, why }) => self.rejected.push(Rejected { span, reason, why }),
            Ok(None) => self.left += 1,
            Ok(Some(placed)) => {
                self.left += u64::from(placed.span.step.is_none());
                let contents = placed.span.step.iter().flat_map(contents);
                let large = contents.filter(|content| content.as_str().len() > CONTENT_LEN_MAX);
                self.large += large.count() as u64;
                let of = gathered.entry((placed.execution, placed.trace_id)).or_default();
                of.push((placed.span, span));
            }
        }
    }
}

fn contents(step: &NewStep) -> impl Iterator<Item = &Content> {
    [&step.input, &step.output].into_iter().flatten()
}

fn attributes(resource: Option<&Resource>) -> Attributes<'_> {
    resource.map_or_else(Attributes::default, |resource| {
        Attributes::of(&resource.attributes)
    })
}

impl Trace {
    /// How many bytes of content the spans hold.
    pub fn content_len(&self) -> usize {
        let steps = self.spans.iter().filter_map(|span| span.step.as_ref());
        steps
            .flat_map(contents)
            .map(|content| content.as_str().len())
            .sum()
    }

    /// The command that takes the spans in, and their ids.
    pub fn command(self, user: Uuid, lease_s: u64, renewed: Renewed) -> (ObserveTrace, Vec<String>) {
        let Trace {
            execution,
            trace_id,
            spans,
            ids,
        } = self;
        let command = ObserveTrace {
            execution,
            user,
            trace_id,
            renewed,
            lease_s,
            spans,
        };
        (command, ids)
    }
}
