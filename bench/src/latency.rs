//! Latencies in an HDR histogram: three significant digits from 1 microsecond to 2 minutes.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

const MAX_US: u64 = 120_000_000;

/// Microseconds by how often they were seen.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

/// What is reported of a run's latencies, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    pub p50_us: u64,
    pub p90_us: u64,
    pub p99_us: u64,
    pub p999_us: u64,
    pub max_us: u64,
}

impl Default for Latencies {
    #[expect(
        clippy::expect_used,
        reason = "depends on constants alone, and a test makes one"
    )]
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, MAX_US, 3).expect("constants that the library accepts"))
    }
}

impl Latencies {
    /// Counts one; above two minutes it counts as two minutes.
    pub fn record(&mut self, latency: Duration) {
        self.0
            .saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The percentiles; zeros if nothing was counted.
    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.0.value_at_quantile(quantile).min(self.0.max());
        Percentiles {
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: self.0.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_known_values() {
        let mut latencies = Latencies::default();
        for us in 1..=10_000 {
            latencies.record(Duration::from_micros(us));
        }
        let found = latencies.percentiles();
        let expected = [
            (found.p50_us, 5_000),
            (found.p90_us, 9_000),
            (found.p99_us, 9_900),
            (found.p999_us, 9_990),
        ];
        for (found, exact) in expected {
            // Three significant digits, rounded up to the end of the bucket.
            assert!(
                (exact..=exact + exact / 500).contains(&found),
                "{found} for {exact}"
            );
        }
        assert!((10_000..10_010).contains(&found.max_us), "{}", found.max_us);
        assert_eq!(latencies.count(), 10_000);
    }

    #[test]
    fn extremes_are_kept() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentiles(), Percentiles::default());
        latencies.record(Duration::from_hours(1));
        assert!(latencies.percentiles().max_us >= MAX_US);
        latencies.record(Duration::from_nanos(10));
        assert_eq!((latencies.count(), latencies.percentiles().p50_us), (2, 0));
    }
}
