//! Bundles, through the library.

use evidence::bundle::{
    BundleChecker, BundleError, BundleFault, BundleLine, BundleSummary, LINE_MAX, WriteError,
};
use evidence::json::StrictObject;
use proptest::prelude::*;
use proptest::sample::subsequence;
use tlog::{Error, SigningKey};

use crate::log::{LOG, ORIGIN, object, time};

/// Checks lines that may carry their line ends.
pub fn check(lines: &[String]) -> Result<BundleSummary, BundleError> {
    let mut checker = BundleChecker::new(LOG.verifier());
    for line in lines {
        checker.line(line.trim_end_matches('\n'))?;
    }
    checker.finish()
}

fn fault(lines: &[String]) -> (u64, BundleFault) {
    let error = check(lines).unwrap_err();
    (error.line, error.fault)
}

/// The lines with the trailer made anew, as someone who tampers would.
fn retrailed(lines: &[String]) -> Vec<String> {
    use sha2::{Digest, Sha256};
    let body = &lines[..lines.len() - 1];
    let digest = evidence::json::hex(&Sha256::digest(body.concat()));
    let trailer = format!("{{\"entries\":{},\"digest\":\"{digest}\"}}\n", body.len() - 1);
    body.iter().cloned().chain([trailer]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_selection_in_either_order_holds(
        mut indexes in subsequence((0..300).collect::<Vec<u64>>(), 0..40),
        descending in any::<bool>(),
    ) {
        if descending {
            indexes.reverse();
        }
        let summary = check(&LOG.bundle(indexes.iter().copied())).unwrap();
        prop_assert_eq!(summary.entries, indexes.len() as u64);
        prop_assert_eq!(summary.erased, indexes.iter().filter(|index| LOG.entry(**index).erased).count() as u64);
        prop_assert_eq!(summary.first_index, indexes.first().copied());
        prop_assert_eq!(summary.last_index, indexes.last().copied());
        prop_assert_eq!((summary.size, summary.root, summary.origin.as_str()), (300, LOG.root(300), ORIGIN));
    }

    #[test]
    fn any_byte_changed_is_noticed(at in any::<prop::sample::Index>(), byte in 0x20_u8..0x7f) {
        let lines = LOG.bundle([3, 4, 9]).concat();
        let at = at.index(lines.len() - 1);
        let mut bytes = lines.into_bytes();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        if let Ok(text) = String::from_utf8(bytes) {
            let tampered: Vec<String> = text.lines().map(str::to_owned).collect();
            prop_assert!(check(&tampered).is_err());
        }
    }
}

#[test]
fn the_lines_are_as_documented() {
    let lines = LOG.bundle([7]);
    let header: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(header["bundle"], "probity/bundle@v1");
    assert_eq!(header["checkpoint"], LOG.checkpoint(300));
    assert_eq!(header["filter"]["actor"], "user-3");
    assert_eq!(header["created_at"], time(9).to_string());
    assert!(lines[1].starts_with("{\"entry\":{") && lines[1].contains("},\"proof\":[\""));
    assert!(lines[2].starts_with("{\"entries\":1,\"digest\":\""));
    assert_eq!(
        retrailed(&lines),
        lines,
        "the digest is over all lines before, each with its line end"
    );
}

#[test]
fn lines_are_told_apart() {
    let lines = LOG.bundle([7]);
    let mut checker = BundleChecker::new(LOG.verifier());
    let header = checker.line(lines[0].trim_end()).unwrap();
    assert!(matches!(header, BundleLine::Header(header) if header.created_at == time(9)));
    let entry = checker.line(lines[1].trim_end()).unwrap();
    assert_eq!(entry, BundleLine::Entry(Box::new(LOG.entry(7).clone())));
    assert_eq!(checker.line(lines[2].trim_end()).unwrap(), BundleLine::Trailer);
}

#[test]
fn gaps_and_the_whole_log_are_told() {
    let whole = check(&LOG.bundle(0..300)).unwrap();
    assert!(whole.whole_log() && whole.without_gap());
    let range = check(&LOG.bundle((10..20).rev())).unwrap();
    assert!(!range.whole_log() && range.without_gap());
    let some = check(&LOG.bundle([1, 2, 4])).unwrap();
    assert!(!some.without_gap());
    assert!(check(&LOG.bundle([])).unwrap().without_gap());
}

#[test]
fn damage_is_noticed() {
    let lines = LOG.bundle([3, 4, 9]);
    assert_eq!(fault(&[]), (1, BundleFault::Empty));
    for cut in 1..lines.len() {
        assert_eq!(fault(&lines[..cut]), (cut as u64, BundleFault::Truncated));
    }
    let without = |skip: usize| [&lines[..skip], &lines[skip + 1..]].concat();
    assert!(matches!(fault(&without(0)), (1, BundleFault::Header(_))));
    assert_eq!(fault(&without(1)), (4, BundleFault::Count { said: 3, found: 2 }));
    assert_eq!(
        fault(&[&lines[..], &lines[4..]].concat()),
        (6, BundleFault::AfterTrailer)
    );
    assert_eq!(
        fault(&[&lines[..], &[String::new()]].concat()),
        (6, BundleFault::AfterTrailer)
    );
    assert_eq!(
        fault(&[&lines[..2], &lines[1..]].concat()),
        (3, BundleFault::Twice(3))
    );
    assert!(matches!(
        fault(&[&lines[..1], &lines[..]].concat()),
        (2, BundleFault::Body(_))
    ));
    let spaced = [
        lines[0].clone(),
        lines[1].replacen('{', "{ ", 1),
        lines[2].clone(),
        lines[3].clone(),
        lines[4].clone(),
    ];
    assert_eq!(fault(&spaced), (5, BundleFault::Digest));
}

#[test]
fn a_new_trailer_does_not_help_a_forger() {
    let lines = LOG.bundle([3, 4, 9]);
    let order = |order: [usize; 5]| retrailed(&order.map(|line| lines[line].clone()));
    assert_eq!(
        fault(&order([0, 1, 3, 2, 4])),
        (4, BundleFault::Order { index: 4, last: 9 })
    );
    assert_eq!(
        fault(&order([0, 1, 2, 1, 4])),
        (4, BundleFault::Order { index: 3, last: 4 })
    );
    assert_eq!(fault(&order([0, 1, 2, 2, 4])), (4, BundleFault::Twice(4)));
    // Leaving an entry out with a new trailer is allowed: what is left still holds.
    assert_eq!(
        check(&retrailed(&[&lines[..2], &lines[3..]].concat()))
            .unwrap()
            .entries,
        2
    );

    let with_entry = |from: &str, to: &str| {
        assert!(lines[2].contains(from), "{from} in {}", lines[2]);
        let mut changed = lines.clone();
        changed[2] = changed[2].replacen(from, to, 1);
        fault(&retrailed(&changed))
    };
    assert!(matches!(
        with_entry("changed an order", "nothing"),
        (3, BundleFault::Entry { index: 4, .. })
    ));
    assert_eq!(
        with_entry("\"index\":4", "\"index\":5").1,
        BundleFault::NotIncluded {
            index: 5,
            error: Error::RootMismatch
        }
    );
    assert!(matches!(
        with_entry("\"proof\":[", "\"prof\":[").1,
        BundleFault::Body(_)
    ));
    assert!(matches!(
        with_entry(",\"proof\":[", ",\"entries\":1,\"proof\":[").1,
        BundleFault::Body(_)
    ));
    let first = LOG.path(4, 300)[0].to_base64();
    assert_eq!(
        with_entry(&format!("\"{first}\","), "").1,
        BundleFault::NotIncluded {
            index: 4,
            error: Error::ProofLength
        }
    );
}

#[test]
fn the_header_is_checked() {
    let lines = LOG.bundle([3]);
    let with_header = |from: &str, to: &str| {
        let mut changed = lines.clone();
        changed[0] = changed[0].replacen(from, to, 1);
        assert_ne!(changed, lines);
        fault(&retrailed(&changed)).1
    };
    assert_eq!(
        with_header("bundle@v1", "bundle@v2"),
        BundleFault::Format("probity/bundle@v2".into())
    );
    assert!(matches!(
        with_header("\"filter\"", "\"filter!\""),
        BundleFault::Header(_)
    ));
    assert!(matches!(
        with_header("\\n300\\n", "\\n301\\n"),
        BundleFault::Checkpoint(_)
    ));
    let mut checker = BundleChecker::new(SigningKey::from_seed(ORIGIN, &[9; 32]).unwrap().verifier());
    let error = checker.line(lines[0].trim_end()).unwrap_err();
    assert_eq!(
        error,
        BundleError {
            line: 1,
            fault: BundleFault::Checkpoint(Error::NoKnownSignature)
        }
    );
    assert_eq!(
        checker.line(lines[1].trim_end()),
        Err(error.clone()),
        "it stays refused"
    );
    assert_eq!(checker.finish(), Err(error));
}

#[test]
fn long_lines_and_inner_line_ends_are_refused() {
    let lines = LOG.bundle([3]);
    let mut checker = BundleChecker::new(LOG.verifier());
    checker.line(lines[0].trim_end()).unwrap();
    assert_eq!(
        checker.line(&" ".repeat(LINE_MAX + 1)).unwrap_err().fault,
        BundleFault::TooLong
    );
    let mut checker = BundleChecker::new(LOG.verifier());
    assert_eq!(checker.line(&lines[0]).unwrap_err().fault, BundleFault::LineEnd);
}

#[test]
fn the_writer_refuses_what_the_checker_would() {
    let mut writer =
        evidence::bundle::BundleWriter::new(&LOG.checkpoint(300), StrictObject::default(), time(0)).unwrap();
    let mut put = |index: u64| writer.entry(LOG.entry(index), &LOG.path(index, 300));
    put(5).unwrap();
    put(7).unwrap();
    assert!(matches!(put(7), Err(WriteError::Order(7))));
    assert!(matches!(put(6), Err(WriteError::Order(6))));
    let mut huge = LOG.entry(8).clone();
    huge.details = Some(StrictObject(object(
        serde_json::json!({"x": "y".repeat(LINE_MAX)}),
    )));
    assert!(matches!(writer.entry(&huge, &[]), Err(WriteError::TooLong(_))));
    writer.entry(LOG.entry(8), &LOG.path(8, 300)).unwrap();
    assert!(writer.trailer().unwrap().starts_with("{\"entries\":3,"));
}
