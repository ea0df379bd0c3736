//! The text format of Prometheus (<https://prometheus.io/docs/instrumenting/exposition_formats/>), version 0.0.4.

use std::fmt::{Display, Write as _};

/// A text under way.
#[derive(Default)]
pub(crate) struct Text(String);

impl Text {
    /// Begins a metric.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// One number; `labels` as they stand between the braces.
    pub fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    /// A metric of one number.
    pub fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, "", value);
    }

    /// A histogram from buckets that are not cumulated; the last one has no upper bound.
    pub fn histogram(&mut self, name: &str, labels: &str, bounds: &[f64], buckets: &[u64], sum: f64) {
        let separator = if labels.is_empty() { "" } else { "," };
        let mut count = 0;
        for (position, bucket) in buckets.iter().enumerate() {
            count += bucket;
            let bound = bounds.get(position).map_or("+Inf".to_owned(), f64::to_string);
            let _ = writeln!(
                self.0,
                "{name}_bucket{{{labels}{separator}le=\"{bound}\"}} {count}"
            );
        }
        self.sample(&format!("{name}_sum"), labels, sum);
        self.sample(&format!("{name}_count"), labels, count);
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.0
    }
}
