//! The JSON of the browser's verifier: what it reads as it must be hashed, and what it refuses.

use evidence::json;
use serde_json::json;

use crate::verifier::browser;

/// Texts, and what they are in canonical form.
const CANONICAL: [(&str, &str); 8] = [
    // RFC 8785, sections 3.2.2 to 3.2.4, but for the number that is not exact.
    (
        "{\"numbers\": [333333333.3333333, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\", \"literals\": [null, true, false]}",
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}",
    ),
    (
        "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\",\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
    ),
    (
        "{\"__proto__\":1,\"constructor\":{\"toString\":2}}",
        "{\"__proto__\":1,\"constructor\":{\"toString\":2}}",
    ),
    (" [ 1 ,\t2\r\n, { } , [ ] ] ", "[1,2,{},[]]"),
    (
        "\"\\u2028\\u007f\\u0000\\b\\f\"",
        "\"\u{2028}\u{7f}\\u0000\\b\\f\"",
    ),
    ("100000000000000000", "100000000000000000"),
    ("1e17", "100000000000000000"),
    ("-0", "0"),
];

/// RFC 8785, appendix B: doubles by their bits, and their canonical form.
const NUMBERS: [(u64, &str); 23] = [
    (0x0000_0000_0000_0000, "0"),
    (0x0000_0000_0000_0001, "5e-324"),
    (0x8000_0000_0000_0001, "-5e-324"),
    (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
    (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
    (0x4340_0000_0000_0000, "9007199254740992"),
    (0xc340_0000_0000_0000, "-9007199254740992"),
    (0x4430_0000_0000_0000, "295147905179352830000"),
    (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
    (0x44b5_2d02_c7e1_4af6, "1e+23"),
    (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
    (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
    (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
    (0x444b_1ae4_d6e2_ef50, "1e+21"),
    (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
    (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
    (0x41b3_de43_5555_5553, "333333333.3333332"),
    (0x41b3_de43_5555_5554, "333333333.33333325"),
    (0x41b3_de43_5555_5555, "333333333.3333333"),
    (0x41b3_de43_5555_5556, "333333333.3333334"),
    (0x41b3_de43_5555_5557, "333333333.33333343"),
    (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
    (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
];

#[test]
fn json_is_read_and_written_as_rfc_8785_says() {
    let numbers = NUMBERS.map(|(bits, canonical)| {
        assert_eq!(canonical.parse::<f64>().unwrap().to_bits(), bits, "{canonical}");
        (canonical.to_owned(), canonical)
    });
    let texts = CANONICAL.map(|(text, canonical)| (text.to_owned(), canonical));
    let good: Vec<_> = texts.into_iter().chain(numbers).collect();
    let said = browser(
        &good
            .iter()
            .map(|(text, _)| json!({"kind": "json", "text": text}))
            .collect::<Vec<_>>(),
    );
    for ((text, canonical), said) in good.iter().zip(said) {
        assert_eq!(said["canonical"], *canonical, "{text}: {said}");
        let strict: json::Strict = serde_json::from_str(text).unwrap();
        assert_eq!(json::canonical(&strict.0), *canonical, "{text}");
    }
}

#[test]
fn json_of_two_meanings_is_refused() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let mut texts: Vec<String> = [
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "[{\"b\":{\"c\":1,\"c\":1}}]",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "{\"\\ud800\":1}",
        "9007199254740993",
        "333333333.33333329",
        "18446744073709551615",
        "[0,1e400]",
        "1e-400",
        "0.1000000000000000055511151231257827",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "1e",
        "NaN",
        "nul",
        "nullx",
        "tru",
        "'a'",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\t\"",
        "[1,]",
        "[1 2]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "[}",
        "{]",
        "[",
        "{",
        "",
        " ",
        "1 1",
        "/**/1",
        "\u{feff}1",
        "\u{a0}1",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend([deep(33), deep(5_000), format!("1{}1", "0".repeat(100_000))]);
    let said = browser(
        &texts
            .iter()
            .map(|text| json!({"kind": "json", "text": text}))
            .collect::<Vec<_>>(),
    );
    for (text, said) in texts.iter().zip(said) {
        let shown = &text[..text.len().min(50)];
        assert_eq!(said["wrong"], "Wrong", "{shown}: {said}");
        assert!(serde_json::from_str::<json::Strict>(text).is_err(), "{shown}");
    }
    assert_eq!(
        browser(&[json!({"kind": "json", "text": deep(32)})])[0]["canonical"],
        deep(32)
    );
}
