//! Figures of metrics in time. They are counted here and not by the database, so that both engines say the same to the last
//! digit.

use domain::FieldError;
use domain::workflow::metric::{Bucket, Figures, Percentile};
use evidence::Timestamp;
use store::conditions::Condition;
use store::series::{self, Numbers};

use crate::engine::Engine;
use crate::error::Error;

/// Most buckets at once.
pub const BUCKETS_MAX: i64 = 1_000;

/// Most metrics that figures are of at once.
pub const POINTS_MAX: usize = 1_000_000;

/// What is asked of metrics.
#[derive(Clone, Debug)]
pub struct Series {
    /// Which ones.
    pub conditions: Vec<Condition>,
    /// Those of this time or later.
    pub from: Option<Timestamp>,
    /// Those before this time.
    pub to: Option<Timestamp>,
    /// How long a bucket is, where there are buckets.
    pub bucket: Option<Bucket>,
    /// Which percentiles are told.
    pub percentiles: Vec<Percentile>,
}

/// What is said of the metrics of one unit in one bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesFigures {
    /// When the bucket begins, where there are buckets.
    pub at: Option<Timestamp>,
    /// In what the numbers are.
    pub unit: Option<String>,
    /// What is said of them.
    pub figures: Figures,
}

impl Series {
    /// Refuses more buckets than are told at once.
    fn check(&self) -> Result<(), FieldError> {
        let (Some(bucket), Some(to)) = (self.bucket, self.to) else {
            return Ok(());
        };
        let from = self
            .from
            .ok_or_else(|| FieldError::new("from", "must be given with buckets: they begin somewhere"))?;
        let last = Timestamp::from_micros(to.micros() - 1).unwrap_or(to);
        let buckets = (bucket.of(last).micros() - bucket.of(from).micros()) / bucket.micros() + 1;
        if buckets > BUCKETS_MAX {
            let bucket = bucket.as_str();
            let message = format!(
                "is {buckets} buckets of a {bucket} before the end; at most {BUCKETS_MAX} are told at once"
            );
            return Err(FieldError::new("from", message));
        }
        Ok(())
    }
}

impl Engine {
    /// The figures of metrics, by bucket and unit, oldest first. Buckets without a metric are left out.
    pub async fn metric_figures(&self, mut series: Series) -> Result<Vec<SeriesFigures>, Error> {
        if series.bucket.is_some() && series.to.is_none() {
            series.to = Some(self.now());
        }
        series.check()?;
        let from = series.from.map(|from| Condition::From("at", from.into()));
        let to = series.to.map(|to| Condition::Before("at", to.into()));
        series.conditions.extend(from.into_iter().chain(to));
        let mut conn = self.db().long_reader().await?;
        let limit = i64::try_from(POINTS_MAX + 1).unwrap_or(i64::MAX);
        let found = series::numbers(&mut conn, &series.conditions, series.bucket, limit).await?;
        if found.iter().map(|found| found.numbers.len()).sum::<usize>() > POINTS_MAX {
            let message =
                format!("more than {POINTS_MAX} metrics are within the time: ask for a shorter one");
            return Err(FieldError::new("from", message).into());
        }
        let told = found.into_iter().filter_map(|Numbers { at, unit, numbers }| {
            let figures = Figures::of(numbers, &series.percentiles)?;
            Some(SeriesFigures { at, unit, figures })
        });
        Ok(told.collect())
    }
}
