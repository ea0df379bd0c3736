//! A decimal that is taken says the same when it is printed, and nothing is rounded; the first byte is the scale.
#![no_main]

use domain::custody::{Amount, SCALE_MAX};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((scale, text)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let scale = scale % (SCALE_MAX + 1);
    if let Ok(amount) = Amount::parse(text, scale) {
        assert!(amount >= Amount::ZERO);
        let printed = amount.to_decimal(scale);
        assert_eq!(Amount::parse(&printed, scale), Ok(amount));
        // What is printed is what was read, but for zeros at its end.
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let (printed_whole, printed_fraction) = printed.split_once('.').unwrap_or((&printed, ""));
        assert_eq!(whole, printed_whole);
        assert_eq!(fraction.trim_end_matches('0'), printed_fraction.trim_end_matches('0'));
    }
    if let Some(amount) = Amount::from_units_text(text) {
        assert_eq!(amount.to_string(), text);
    }
});
