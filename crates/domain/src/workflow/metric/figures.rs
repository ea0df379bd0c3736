//! Figures of metrics: buckets of time, and what is said of the numbers in one. All of it is the same in whatever order the
//! numbers come, so it is the same on both engines, and for whoever counts again.

use evidence::time::Timestamp;

use super::Number;
use crate::words;

words! {
    /// How long a bucket is.
    Bucket {
        /// A minute.
        Minute = "minute",
        /// An hour.
        Hour = "hour",
        /// A day, in UTC.
        Day = "day",
    }
}

impl Bucket {
    /// How long it is, in microseconds.
    pub fn micros(self) -> i64 {
        match self {
            Bucket::Minute => 60_000_000,
            Bucket::Hour => 3_600_000_000,
            Bucket::Day => 86_400_000_000,
        }
    }

    /// The beginning of the bucket that a time is in.
    pub fn of(self, time: Timestamp) -> Timestamp {
        Timestamp::from_micros(time.micros().div_euclid(self.micros()) * self.micros()).unwrap_or(time)
    }
}

/// Most percentiles at once.
pub const PERCENTILES_MAX: usize = 10;

/// The percentiles that are told unless others are asked for.
pub const PERCENTILES_USUAL: &str = "50,90,95,99";

/// A percentile: more than 0 and at most 100, with two digits after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentile {
    /// In hundredths of a percent.
    hundredths: u16,
}

impl Percentile {
    /// The percentile that a text is.
    pub fn parse(text: &str) -> Option<Percentile> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() > 3 || fraction.len() > 2 {
            return None;
        }
        let hundredths: u16 = format!("{whole}{fraction:0<2}").parse().ok()?;
        (1..=10_000)
            .contains(&hundredths)
            .then_some(Percentile { hundredths })
    }

    /// Several, with commas between them.
    pub fn parse_list(text: &str) -> Option<Vec<Percentile>> {
        let list: Option<Vec<_>> = text.split(',').map(Percentile::parse).collect();
        list.filter(|list| list.len() <= PERCENTILES_MAX)
    }

    /// As it is written: no zeros at the end.
    pub fn text(self) -> String {
        let (whole, fraction) = (self.hundredths / 100, self.hundredths % 100);
        let text = format!("{whole}.{fraction:02}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// The nearest rank: the smallest of the numbers that so many percent of them are not above. It is definition 1 of
    /// Hyndman and Fan ("Sample Quantiles in Statistical Packages", The American Statistician 50, 1996), and
    /// `PERCENTILE_DISC` of SQL (ISO/IEC 9075-2).
    fn of(self, sorted: &[f64]) -> Option<f64> {
        let rank = (sorted.len() as u64 * u64::from(self.hundredths)).div_ceil(10_000);
        sorted.get(usize::try_from(rank).ok()?.checked_sub(1)?).copied()
    }
}

/// What is said of some numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// How many.
    pub count: u64,
    /// Their sum, exact until it is rounded once; none where that, or a part of it, is beyond what a double holds.
    pub sum: Option<Number>,
    /// The sum divided by the count.
    pub mean: Option<Number>,
    /// The smallest.
    pub min: Number,
    /// The largest.
    pub max: Number,
    /// Percentiles, in the order in which they were asked for.
    pub percentiles: Vec<Number>,
}

impl Figures {
    /// What is said of these numbers; nothing of none.
    pub fn of(mut numbers: Vec<f64>, percentiles: &[Percentile]) -> Option<Figures> {
        numbers.sort_unstable_by(f64::total_cmp);
        let (min, max) = (Number::new(*numbers.first()?)?, Number::new(*numbers.last()?)?);
        let sum = exact_sum(&numbers).and_then(Number::new);
        let count = numbers.len() as u64;
        #[allow(
            clippy::cast_precision_loss,
            reason = "fewer numbers than a double holds exactly"
        )]
        let mean = sum.and_then(|sum| Number::new(sum.get() / count as f64));
        let of = |percentile: &Percentile| percentile.of(&numbers).and_then(Number::new);
        Some(Figures {
            count,
            sum,
            mean,
            min,
            max,
            percentiles: percentiles.iter().filter_map(of).collect(),
        })
    }
}

/// The sum of finite doubles, rounded once to the nearest double, ties to even: the exact sum is kept in parts that do not
/// overlap (Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997), as Python's `math.fsum` does.
fn exact_sum(numbers: &[f64]) -> Option<f64> {
    let mut parts: Vec<f64> = Vec::new();
    for number in numbers {
        let (mut high, mut kept) = (*number, 0);
        for at in 0..parts.len() {
            let (large, small) = if high.abs() < parts[at].abs() {
                (parts[at], high)
            } else {
                (high, parts[at])
            };
            high = large + small;
            let low = small - (high - large);
            if low != 0.0 {
                parts[kept] = low;
                kept += 1;
            }
        }
        parts.truncate(kept);
        parts.push(high);
    }
    let mut sum = parts.pop().unwrap_or_default();
    while let Some(part) = parts.pop() {
        let before = sum;
        sum = before + part;
        let low = part - (sum - before);
        if low == 0.0 {
            continue;
        }
        // Halfway between two doubles: what comes below decides.
        let twice = low * 2.0;
        let further = sum + twice;
        if parts.last().is_some_and(|next| (low < 0.0) == (*next < 0.0)) && twice - (further - sum) == 0.0 {
            sum = further;
        }
        break;
    }
    sum.is_finite().then_some(sum)
}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
