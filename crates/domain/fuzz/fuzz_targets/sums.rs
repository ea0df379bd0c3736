//! Sums and differences are exact, or are refused: never wrapped, never beyond 38 digits.
#![no_main]

use domain::custody::{AMOUNT_MAX, Amount};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(data) = <[u8; 32]>::try_from(data) else {
        return;
    };
    let number = |from: usize| {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&data[from..from + 16]);
        i128::from_le_bytes(bytes)
    };
    let (a, b) = (number(0), number(16));
    let within = |sum: Option<i128>| sum.filter(|sum| (-AMOUNT_MAX..=AMOUNT_MAX).contains(sum));
    assert_eq!(Amount::new(a).map(Amount::units), within(Some(a)));
    if let (Some(x), Some(y)) = (Amount::new(a), Amount::new(b)) {
        assert_eq!(x.plus(y).map(Amount::units), within(a.checked_add(b)));
        assert_eq!(x.minus(y).map(Amount::units), within(a.checked_sub(b)));
        assert_eq!(x.plus(y), y.plus(x));
        if let Some(sum) = x.plus(y) {
            assert_eq!(sum.minus(y), Some(x));
        }
    }
});
