//! Statistics of small samples that are kept whole.

/// Of the Kolmogorov distribution: exceeded once in 20 times where two large samples are of one kind (Smirnov, 1948).
const KOLMOGOROV_5_PERCENT: f64 = 1.358;

/// Values in ascending order. None is NaN.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample(Vec<f64>);

impl Sample {
    pub fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that `percent` of 100 of the sample do not exceed (nearest rank); 0 of an empty sample.
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    /// The two-sample Kolmogorov-Smirnov distance: the largest difference between the shares of both samples that
    /// do not exceed a value. `None` of an empty sample.
    pub fn distance(&self, other: &Self) -> Option<f64> {
        let (mut a, mut b, mut largest) = (0, 0, 0.0_f64);
        if self.0.is_empty() || other.0.is_empty() {
            return None;
        }
        while let (Some(first), Some(second)) = (self.0.get(a), other.0.get(b)) {
            // Past all that equal the smaller one in both, so that ties make no distance.
            let value = first.min(*second);
            a += self.0[a..].iter().take_while(|next| **next <= value).count();
            b += other.0[b..].iter().take_while(|next| **next <= value).count();
            largest = largest.max((share(a, self.count()) - share(b, other.count())).abs());
        }
        Some(largest)
    }
}

/// The distance that two samples of one kind and of these sizes exceed once in 20 times. Near enough from some 12
/// values each; infinite for an empty one.
pub fn critical_distance(first: usize, second: usize) -> f64 {
    KOLMOGOROV_5_PERCENT * (1.0 / float(first) + 1.0 / float(second)).sqrt()
}

fn share(part: usize, whole: usize) -> f64 {
    float(part) / float(whole)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn float(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn sample(values: impl IntoIterator<Item = u32>) -> Sample {
        Sample::new(values.into_iter().map(f64::from).collect())
    }

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let hundred = sample((1..=100).rev());
        for (percent, expected) in [(0, 1.0), (1, 1.0), (5, 5.0), (50, 50.0), (95, 95.0), (100, 100.0)] {
            assert_near(hundred.percentile(percent), expected);
        }
        let three = sample([30, 10, 20]);
        for (percent, expected) in [(5, 10.0), (33, 10.0), (34, 20.0), (50, 20.0), (95, 30.0)] {
            assert_near(three.percentile(percent), expected);
        }
        assert_near(sample([]).percentile(50), 0.0);
    }

    #[test]
    fn distances_of_known_samples() {
        let cases: [(&[u32], &[u32], f64); 7] = [
            (&[1, 2, 3], &[1, 2, 3], 0.0),
            (&[1, 2, 3], &[4, 5, 6], 1.0),
            (&[1, 2, 3, 4], &[3, 4, 5, 6], 0.5),
            (&[1, 3, 5, 7], &[2, 4, 6, 8], 0.25),
            // Ties count once both samples are past them.
            (&[5, 5, 5, 5], &[5, 5, 5, 5], 0.0),
            (&[5, 5, 5, 6], &[5, 6, 6, 6], 0.5),
            // Samples of unlike size: 2/2 against 1/4.
            (&[1, 2], &[1, 9, 9, 9], 0.75),
        ];
        for (first, second, expected) in cases {
            let (a, b) = (sample(first.iter().copied()), sample(second.iter().copied()));
            assert_near(a.distance(&b).unwrap(), expected);
            assert_near(b.distance(&a).unwrap(), expected);
        }
        assert_eq!(sample([]).distance(&sample([1])), None);
        assert_eq!(sample([1]).distance(&sample([])), None);
    }

    #[test]
    fn critical_values_are_those_of_the_tables() {
        assert_near(critical_distance(200, 200), 0.135_8);
        assert_near(critical_distance(50, 200), 1.358 * 0.025_f64.sqrt());
        assert!(critical_distance(0, 1).is_infinite());
    }

    /// Two samples of one kind exceed the critical value once in 20 times, and of unlike kinds nearly always.
    #[test]
    fn the_critical_value_tells_kinds_apart() {
        let mut random = Random::new(7);
        let mut draw = |from: u32| {
            let values = (0..200).map(|_| f64::from(u32::try_from(random.draw() % 1_000).unwrap() + from));
            Sample::new(values.collect())
        };
        let critical = critical_distance(200, 200);
        let exceeded = |unlike: &mut dyn FnMut() -> (Sample, Sample)| {
            (0..1_000)
                .filter(|_| {
                    let (a, b) = unlike();
                    a.distance(&b).unwrap() > critical
                })
                .count()
        };
        let alike = exceeded(&mut || (draw(0), draw(0)));
        assert!((15..=75).contains(&alike), "{alike} of 1,000");
        let apart = exceeded(&mut || (draw(0), draw(300)));
        assert!(apart > 980, "{apart} of 1,000");
    }
}
