use evidence::time::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::workflow::metric::tests::number;

fn figures(numbers: &[f64], percentiles: &str) -> Figures {
    Figures::of(numbers.to_vec(), &Percentile::parse_list(percentiles).unwrap()).unwrap()
}

#[test]
fn percentiles_are_of_the_nearest_rank() {
    // 15, 20, 35, 40, 50: the example of the nearest-rank method in many textbooks.
    let told = figures(&[35.0, 50.0, 15.0, 40.0, 20.0], "5,30,40,50,100");
    let expected = [15.0, 20.0, 20.0, 35.0, 50.0].map(number);
    assert_eq!(told.percentiles, expected);
    // 99.9 % of a thousand is the one before the last; binary fractions would say the last.
    let thousand: Vec<f64> = (1..=1_000).map(f64::from).collect();
    let told = figures(&thousand, "0.1,0.11,29,99.9,99.91");
    assert_eq!(told.percentiles, [1.0, 2.0, 290.0, 999.0, 1_000.0].map(number));
    assert_eq!(Figures::of(Vec::new(), &[]), None);
}

#[test]
fn percentiles_are_written_in_one_way() {
    for (text, written) in [
        ("50", "50"),
        ("99.9", "99.9"),
        ("99.90", "99.9"),
        ("0.01", "0.01"),
        ("100", "100"),
        ("099", "99"),
    ] {
        assert_eq!(Percentile::parse(text).unwrap().text(), written);
    }
    for text in [
        "0", "0.00", "100.01", "101", "-1", "", ".5", "5.", "1e1", "0.001", "50,", " 50", "1000", "99999",
    ] {
        assert_eq!(Percentile::parse_list(text), None, "{text}");
    }
    assert!(Percentile::parse_list(&["50"; PERCENTILES_MAX].join(",")).is_some());
    assert!(Percentile::parse_list(&["50"; PERCENTILES_MAX + 1].join(",")).is_none());
}

#[test]
fn sums_are_rounded_once() {
    // What adding one by one would make of these: 0.9999999999999999, 0 and 1e16.
    for (numbers, sum) in [
        (vec![0.1; 10], 1.0),
        (vec![1e100, 1.0, -1e100], 1.0),
        (vec![1e16, 1.0, 1.0], 1e16 + 2.0),
        // Halfway, with something below, as in the tests of Python's fsum.
        (vec![1.0, 2f64.powi(-53), 2f64.powi(-106)], 1.0 + 2f64.powi(-52)),
        (vec![1.0, 2f64.powi(-53)], 1.0),
        (vec![-f64::MAX, f64::MAX, f64::MAX], f64::MAX),
        (vec![0.0, -0.0], 0.0),
    ] {
        assert_eq!(figures(&numbers, "50").sum, Some(number(sum)), "{numbers:?}");
    }
    let told = figures(&[f64::MAX, f64::MAX], "50");
    assert_eq!((told.sum, told.mean, told.max), (None, None, number(f64::MAX)));
    let told = figures(&[1.0, 2.0, 6.0], "50");
    assert_eq!(
        (told.count, told.mean, told.min, told.max),
        (3, Some(number(3.0)), number(1.0), number(6.0))
    );
}

#[test]
fn buckets_begin_at_their_unit() {
    let time: Timestamp = "2026-11-21T08:59:59.999999Z".parse().unwrap();
    for (bucket, begins) in [
        (Bucket::Minute, "2026-11-21T08:59:00Z"),
        (Bucket::Hour, "2026-11-21T08:00:00Z"),
        (Bucket::Day, "2026-11-21T00:00:00Z"),
    ] {
        assert_eq!(bucket.of(time), begins.parse().unwrap());
        assert_eq!(bucket.of(bucket.of(time)), bucket.of(time));
    }
    let before: Timestamp = "1969-12-31T23:59:59Z".parse().unwrap();
    assert_eq!(Bucket::Day.of(before), "1969-12-31T00:00:00Z".parse().unwrap());
}

proptest! {
    #[test]
    fn figures_do_not_depend_on_the_order(numbers in prop::collection::vec(any::<i32>(), 1..60), seed: u64) {
        // Sums of thousandths as integers are exact, so the nearest double of theirs is known.
        let doubles: Vec<f64> = numbers.iter().map(|number| f64::from(*number) / 1_024.0).collect();
        let mut turned = doubles.clone();
        let middle = usize::try_from(seed % numbers.len() as u64).unwrap();
        turned.rotate_left(middle);
        let told = figures(&doubles, "1,50,99");
        prop_assert_eq!(&told, &figures(&turned, "1,50,99"));
        #[expect(clippy::cast_precision_loss, reason = "60 numbers of 32 bits are below 2^53")]
        let sum = numbers.iter().map(|number| i64::from(*number)).sum::<i64>() as f64 / 1_024.0;
        prop_assert_eq!(told.sum, Number::new(sum));
        let below = |limit: f64| doubles.iter().filter(|double| **double <= limit).count();
        for (percentile, found) in [1, 50, 99].into_iter().zip(&told.percentiles) {
            prop_assert!(below(found.get()) * 100 >= percentile * doubles.len());
        }
    }
}
