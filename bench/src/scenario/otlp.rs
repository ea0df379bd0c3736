//! `otlp`: how fast the spans of exporters are taken in; and that all of them are there afterwards.

use otlp::Encoding;

use super::{Context, On, answers, progress};
use crate::error::Error;
use crate::governance;
use crate::load::{Limit, Plan};
use crate::options::{Engine, Otlp};
use crate::otlp::{Exports, SPANS_OF_TRACE};
use crate::report::{Load, thousands};

/// Spans a second of protobuf that the project set out for, on SQLite and on PostgreSQL; of JSON half as many.
const WANTED: [u32; 2] = [10_000, 12_000];

impl Context<'_> {
    pub(super) fn otlp(&mut self, settings: &Otlp) -> Result<(), Error> {
        for engine in self.common.engine.clone() {
            for (encoding, name, part) in [(Encoding::Protobuf, "protobuf", 1), (Encoding::Json, "JSON", 2)] {
                let wanted = WANTED[usize::from(engine == Engine::Postgres)] / part;
                let what = format!("OpenTelemetry on {engine}, {name}");
                let rate = self.runs(&what, |context| context.exports(engine, encoding, settings))?;
                let what = format!("{what} / {} a second", thousands(wanted.into()));
                self.ratio(what, rate, f64::from(wanted), Some(1.0));
            }
        }
        Ok(())
    }

    fn exports(&self, engine: Engine, encoding: Encoding, settings: &Otlp) -> Result<Load, Error> {
        let (installation, key, server) = self.to_govern(engine)?;
        let (requests, spans) = (settings.requests, settings.spans);
        let mut workload = Exports::new(
            server.address,
            &key,
            encoding,
            requests,
            (spans, settings.question),
        )?;
        let plan = Plan {
            limit: Limit::Requests(requests),
            ..self.timed(settings.connections, None)
        };
        let name = match encoding {
            Encoding::Protobuf => "otlp protobuf",
            Encoding::Json => "otlp json",
        };
        let load = self.measure(name, On::Server(engine, &server), &plan, &mut workload)?;
        let last = requests * spans.div_ceil(SPANS_OF_TRACE);
        let shown = governance::of_trace(server.address, &key, &format!("{last:032x}"));
        let shown = answers(&server, 1, vec![shown]).map_err(|error| error.during("after the spans"))?;
        if shown[0]["executions"][0]["status"] != "completed" {
            return Err(Error::Server("the last trace is not there".into()));
        }
        drop(server);
        let usage = installation.measure(&["audit", "verify"])?;
        progress(&format!(
            "  the log is intact ({:.1} s)",
            usage.wall.as_secs_f64()
        ));
        Ok(load)
    }
}
