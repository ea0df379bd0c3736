use proptest::prelude::*;

use super::*;

fn amount(units: i128) -> Amount {
    Amount::new(units).unwrap()
}

#[test]
fn spellings() {
    let nines = "9".repeat(38);
    let cases = [
        ("0", 8, Ok(0)),
        ("0.0", 8, Ok(0)),
        ("1", 0, Ok(1)),
        ("1", 8, Ok(100_000_000)),
        ("1.5", 8, Ok(150_000_000)),
        ("1.50000000", 8, Ok(150_000_000)),
        ("0.00000001", 8, Ok(1)),
        ("0.000000001", 8, Err(AmountError::Scale(8))),
        ("0.000000000", 8, Err(AmountError::Scale(8))),
        ("1.0", 0, Err(AmountError::Scale(0))),
        (nines.as_str(), 0, Ok(AMOUNT_MAX)),
        (nines.as_str(), 1, Err(AmountError::TooLarge)),
        (
            "100000000000000000000000000000000000000",
            0,
            Err(AmountError::TooLarge),
        ),
        ("99999999999999999999.999999999999999999", 18, Ok(AMOUNT_MAX)),
        ("100000000000000000000.0", 18, Err(AmountError::TooLarge)),
    ];
    for (text, scale, expected) in cases {
        let units = Amount::parse(text, scale).map(Amount::units);
        assert_eq!(units, expected, "{text} {scale}");
    }
    let malformed = [
        "", ".", "1.", ".5", "-1", "+1", "01", "00", "00.5", "1e3", "1E3", "1,5", "1_000", " 1", "1 ",
        "1.5.", "1..5", "0x1", "NaN", "inf", "١", "１", "1.٥", "1\0", "--", "½",
    ];
    for text in malformed {
        assert_eq!(Amount::parse(text, 8), Err(AmountError::Malformed), "{text:?}");
    }
}

#[test]
fn decimals() {
    let cases = [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (1, 8, "0.00000001"),
        (-1, 8, "-0.00000001"),
        (150_000_000, 8, "1.50000000"),
        (-150_000_000, 8, "-1.50000000"),
        (AMOUNT_MAX, 18, "99999999999999999999.999999999999999999"),
    ];
    for (units, scale, expected) in cases {
        assert_eq!(amount(units).to_decimal(scale), expected);
    }
}

#[test]
fn sums_end_at_38_digits() {
    let (most, least, one) = (amount(AMOUNT_MAX), amount(-AMOUNT_MAX), amount(1));
    assert_eq!(Amount::new(AMOUNT_MAX + 1), None);
    assert_eq!(Amount::new(i128::MIN), None);
    assert_eq!(most.plus(one), None);
    assert_eq!(most.plus(most), None);
    assert_eq!(least.minus(one), None);
    assert_eq!(least.minus(most), None);
    assert_eq!(most.minus(least), None);
    assert_eq!(least.plus(least), None);
    assert_eq!(most.plus(least), Some(Amount::ZERO));
    assert_eq!(most.minus(one).and_then(|amount| amount.plus(one)), Some(most));
}

proptest! {
    #[test]
    fn every_amount_has_its_text(units in 0..=AMOUNT_MAX, scale in 0..=SCALE_MAX) {
        let amount = amount(units);
        prop_assert_eq!(Amount::parse(&amount.to_decimal(scale), scale), Ok(amount));
    }

    #[test]
    fn nothing_is_rounded(whole in 0_u64.., fraction in "[0-9]{1,20}", scale in 0..=SCALE_MAX) {
        let text = format!("{whole}.{fraction}");
        match Amount::parse(&text, scale) {
            Ok(amount) => {
                let padded = format!("{text}{}", "0".repeat(usize::from(scale) - fraction.len()));
                prop_assert_eq!(amount.to_decimal(scale), padded);
            }
            Err(error) => {
                prop_assert_eq!(error, AmountError::Scale(scale));
                prop_assert!(fraction.len() > usize::from(scale));
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}", scale in 0..=SCALE_MAX) {
        if let Ok(amount) = Amount::parse(&text, scale) {
            prop_assert!(amount >= Amount::ZERO);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
        }
    }

    #[test]
    fn any_digits_are_read_or_refused(text in "[0-9.]{0,60}", scale in 0..=SCALE_MAX) {
        if let Ok(amount) = Amount::parse(&text, scale) {
            let decimal = amount.to_decimal(scale);
            prop_assert!(decimal.starts_with(text.trim_end_matches('0').trim_end_matches('.')));
        }
    }

    #[test]
    fn sums_are_exact_or_none(a in -AMOUNT_MAX..=AMOUNT_MAX, b in -AMOUNT_MAX..=AMOUNT_MAX) {
        let (a, b) = (amount(a), amount(b));
        if let Some(sum) = a.plus(b) {
            prop_assert_eq!(sum.minus(b), Some(a));
        }
        prop_assert_eq!(a.plus(b), b.plus(a));
    }
}
