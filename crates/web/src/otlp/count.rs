//! What became of spans, log records and data points: exporters ignore what an answer says of it.

use std::sync::atomic::{AtomicU64, Ordering};

use otlp::Signal;

use crate::metrics::Text;

/// What can become of one.
const BECAME: [&str; 4] = ["step", "again", "left", "rejected"];

/// Why one is rejected; what is none of these is counted as the last.
const REASONS: [&str; 10] = [
    "malformed_id",
    "malformed_time",
    "malformed_attribute",
    "invalid_field",
    "id_conflict",
    "unknown_approval",
    "execution_finished",
    "execution_full",
    "metrics_not_kept",
    "other",
];

const SIGNALS: [Signal; 3] = [Signal::Traces, Signal::Logs, Signal::Metrics];

/// Counters of this process.
#[derive(Default)]
pub(crate) struct Counts {
    became: [[AtomicU64; BECAME.len()]; SIGNALS.len()],
    reasons: [AtomicU64; REASONS.len()],
    large: AtomicU64,
    scores: AtomicU64,
}

fn place<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().position(|other| other == one).unwrap_or(all.len() - 1)
}

impl Counts {
    /// So many became this.
    pub fn became(&self, signal: Signal, what: &str, count: u64) {
        let (signal, what) = (place(&SIGNALS, &signal), place(&BECAME, &what));
        self.became[signal][what].fetch_add(count, Ordering::Relaxed);
    }

    /// So many were rejected for this.
    pub fn rejected(&self, signal: Signal, reason: &str, count: u64) {
        self.became(signal, "rejected", count);
        self.reasons[place(&REASONS, &reason)].fetch_add(count, Ordering::Relaxed);
    }

    /// Of so many contents the commitment alone is kept, and so many scores became metrics.
    pub fn kept(&self, large: u64, scores: u64) {
        self.large.fetch_add(large, Ordering::Relaxed);
        self.scores.fetch_add(scores, Ordering::Relaxed);
    }

    /// Writes all counters.
    pub fn write(&self, out: &mut Text) {
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let name = "probity_otlp_items_total";
        let help = "Spans, log records and data points that came by OpenTelemetry, by what became of them.";
        out.family(name, "counter", help);
        for (signal, counters) in SIGNALS.iter().zip(&self.became) {
            for (became, counter) in BECAME.iter().zip(counters) {
                let labels = format!("signal=\"{}\",became=\"{became}\"", signal.as_str());
                out.sample(name, &labels, number(counter));
            }
        }
        let name = "probity_otlp_rejected_total";
        out.family(name, "counter", "Those that were rejected, by reason.");
        for (reason, counter) in REASONS.iter().zip(&self.reasons) {
            out.sample(name, &format!("reason=\"{reason}\""), number(counter));
        }
        let help = "Contents of spans that were so large that only their commitment is kept.";
        out.single(
            "probity_otlp_contents_large_total",
            "counter",
            help,
            number(&self.large),
        );
        let help = "Scores of evaluations that became metrics.";
        out.single("probity_otlp_scores_total", "counter", help, number(&self.scores));
    }
}
