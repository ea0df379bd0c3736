//! Requests by route: atomics only, for every request passes here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

use crate::endpoint::Verb;
use crate::metrics::text::Text;

/// Upper bounds of the buckets, in seconds.
const BUCKETS_S: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// The same in microseconds, for comparing without floats.
const BUCKETS_US: [u64; 11] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000,
];
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// Counters of one route. Every request is counted in one class and one bucket.
struct Counters {
    path: &'static str,
    method: &'static str,
    classes: [AtomicU64; CLASSES.len()],
    buckets: [AtomicU64; BUCKETS_US.len() + 1],
    micros: AtomicU64,
}

/// Counters of every route, in the order of the table.
pub(crate) struct Requests {
    routes: Vec<Counters>,
}

impl Requests {
    pub fn new(routes: impl Iterator<Item = (&'static str, Verb)>) -> Requests {
        let counters = |(path, verb): (&'static str, Verb)| Counters {
            path,
            method: verb.as_str(),
            classes: Default::default(),
            buckets: Default::default(),
            micros: AtomicU64::default(),
        };
        Requests {
            routes: routes.map(counters).collect(),
        }
    }

    /// Counts a request of this row of the table, once its answer's head is ready.
    pub fn record(&self, number: usize, status: StatusCode, elapsed: Duration) {
        let Some(counters) = self.routes.get(number) else {
            return;
        };
        let class = usize::from(status.as_u16() / 100)
            .saturating_sub(2)
            .min(CLASSES.len() - 1);
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_US
            .iter()
            .position(|bound| micros <= *bound)
            .unwrap_or(BUCKETS_US.len());
        counters.classes[class].fetch_add(1, Ordering::Relaxed);
        counters.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        counters.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Writes all counters.
    pub fn write(&self, out: &mut Text) {
        let name = "probity_http_requests_total";
        out.family(
            name,
            "counter",
            "Requests answered, by route, method and class of the status.",
        );
        for counters in &self.routes {
            let (path, method) = (counters.path, counters.method);
            for (class, counter) in CLASSES.iter().zip(&counters.classes) {
                let labels = format!("route=\"{path}\",method=\"{method}\",status=\"{class}\"");
                out.sample(name, &labels, counter.load(Ordering::Relaxed));
            }
        }
        let name = "probity_http_request_duration_seconds";
        out.family(
            name,
            "histogram",
            "Time from a request's head to its answer's head.",
        );
        for counters in &self.routes {
            let labels = format!("route=\"{}\",method=\"{}\"", counters.path, counters.method);
            let buckets = counters
                .buckets
                .each_ref()
                .map(|bucket| bucket.load(Ordering::Relaxed));
            let seconds = Duration::from_micros(counters.micros.load(Ordering::Relaxed)).as_secs_f64();
            out.histogram(name, &labels, &BUCKETS_S, &buckets, seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_of_bounds_are_the_same() {
        for (seconds, micros) in BUCKETS_S.into_iter().zip(BUCKETS_US) {
            assert_eq!(Duration::from_secs_f64(seconds), Duration::from_micros(micros));
        }
    }

    #[test]
    fn a_request_is_counted_once() {
        let requests = Requests::new([("/v1/me", Verb::Get)].into_iter());
        requests.record(0, StatusCode::CREATED, Duration::from_millis(1));
        requests.record(0, StatusCode::BAD_REQUEST, Duration::from_micros(1_001));
        requests.record(0, StatusCode::INTERNAL_SERVER_ERROR, Duration::from_mins(1));
        requests.record(usize::MAX, StatusCode::OK, Duration::ZERO);
        let mut out = Text::default();
        requests.write(&mut out);
        let text = out.finish();
        let labels = "route=\"/v1/me\",method=\"GET\"";
        for line in [
            format!("probity_http_requests_total{{{labels},status=\"2xx\"}} 1"),
            format!("probity_http_requests_total{{{labels},status=\"4xx\"}} 1"),
            format!("probity_http_requests_total{{{labels},status=\"5xx\"}} 1"),
            format!("probity_http_request_duration_seconds_bucket{{{labels},le=\"0.001\"}} 1"),
            format!("probity_http_request_duration_seconds_bucket{{{labels},le=\"0.0025\"}} 2"),
            format!("probity_http_request_duration_seconds_bucket{{{labels},le=\"30\"}} 2"),
            format!("probity_http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} 3"),
            format!("probity_http_request_duration_seconds_sum{{{labels}}} 60.002001"),
            format!("probity_http_request_duration_seconds_count{{{labels}}} 3"),
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
