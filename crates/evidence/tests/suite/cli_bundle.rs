//! The binary `probity-verify`: bundles.

use std::io::Write;

use evidence::bundle::LINE_MAX;
use tlog::SigningKey;

use crate::cli::{Folder, Run, run, run_with_input, start, unwrapped, vkey};
use crate::log::{LOG, ORIGIN};

fn check(folder: &Folder, content: impl AsRef<[u8]>) -> Run {
    run(&["bundle", &folder.file("b.jsonl", content), "--key", &vkey()])
}

#[test]
fn a_selection_holds() {
    let folder = Folder::new("bundle-holds");
    let run = check(&folder, LOG.bundle([250, 129, 9, 4]).concat());
    let text = unwrapped(run.holds());
    assert!(
        text.contains(&format!(
            "4 entries are in the log {ORIGIN} of size 300, signed by {ORIGIN}+"
        )),
        "{text}"
    );
    assert!(text.contains("index 250 to 4, with gaps"), "{text}");
    assert!(
        text.contains("not proved: that nothing else matches the bundle's filter"),
        "{text}"
    );
    assert!(
        text.contains("the payload of 2 of them, which is erased"),
        "{text}"
    );
}

#[test]
fn the_whole_log_a_range_and_nothing() {
    let folder = Folder::new("bundle-ranges");
    let whole = check(&folder, LOG.bundle(0..300).concat());
    let text = unwrapped(whole.holds());
    assert!(
        text.contains("these are all entries of the log") && !text.contains("filter"),
        "{text}"
    );
    let range = check(&folder, LOG.bundle(10..13).concat());
    assert!(
        range.holds().contains("index 10 to 12, without a gap"),
        "{range:?}"
    );
    let nothing = check(&folder, LOG.bundle([]).concat());
    assert!(
        nothing.holds().contains("0 entries are in the log"),
        "{nothing:?}"
    );
}

#[test]
fn from_standard_input_as_json() {
    let input = LOG.bundle([1, 2]).concat();
    // The last line end may be missing: the trailer is whole without it.
    let run = run_with_input(
        &["bundle", "-", "--key", &vkey(), "--output", "json"],
        input.trim_end().as_bytes(),
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let facts = &run.json()["facts"];
    assert_eq!(
        (&facts["entries"], &facts["erased"], &facts["size"]),
        (&2.into(), &0.into(), &300.into())
    );
    assert_eq!(
        (&facts["first_index"], &facts["without_gap"]),
        (&1.into(), &true.into())
    );
}

/// The six questions of a review, of entries that are about no approval: what a file can answer follows from what it leaves out.
#[test]
fn a_review_says_what_entries_are_worth() {
    let folder = Folder::new("bundle-review");
    let (shows, nothing) = ("independently re-checkable", "no information");
    let whole = "yes: nothing between the entries here was left out";
    for (name, indexes, worth, omission) in [
        ("all", (0..300).collect::<Vec<_>>(), shows, whole),
        ("range", vec![10, 11, 12], shows, whole),
        (
            "gaps",
            vec![250, 129, 9],
            nothing,
            "entries between those here are not in the file",
        ),
    ] {
        let file = folder.file(name, LOG.bundle(indexes).concat());
        let key = vkey();
        let given = ["bundle", &file, "--key", &key, "--review"];
        let said = unwrapped(run(&given).holds());
        for expected in [
            &*format!("would an omission show? {worth}: {omission}"),
            "can delivery fail open? no information: what was never sent leaves no trace",
            "could the observed component alter the record? assertion: ",
            "the whole, which is its weakest answer: no information",
        ] {
            assert!(said.contains(expected), "{name}: {expected} in {said}");
        }
        let facts = run(&[&given[..], &["--output", "json"]].concat()).json()["facts"].clone();
        let review = &facts["review"];
        assert_eq!(review["worth"], nothing, "{name}");
        assert_eq!(review["answers"].as_array().unwrap().len(), 6);
        assert_eq!(review["answers"][4]["answer"], omission);
    }
}

#[test]
fn damaged_bundles_do_not_hold() {
    let folder = Folder::new("bundle-damaged");
    let lines = LOG.bundle([3, 4, 9]);
    let whole = lines.concat();
    let refused = |lines: &[&str], reason: &str| check(&folder, lines.concat()).does_not_hold(reason);
    let [header, third, fourth, ninth, trailer] = &*lines else {
        unreachable!()
    };

    refused(&[], "the bundle is empty");
    refused(
        &[header, third, fourth, ninth],
        "line 4: the bundle ends without its trailer",
    );
    refused(
        &[header, third, ninth, trailer],
        "the trailer says 3 entries, there are 2",
    );
    refused(
        &[header, fourth, third, ninth, trailer],
        "line 4: entry 9 after entry 3 is out of order",
    );
    refused(
        &[header, third, third, fourth, ninth, trailer],
        "line 3: entry 3 comes twice",
    );
    refused(&[&whole, trailer], "line 6: a line after the trailer");
    refused(&[&whole, "\n"], "line 6: a line after the trailer");
    refused(&[&whole, &whole], "line 6: a line after the trailer");
    refused(&[third, fourth, trailer], "line 1: not the header of a bundle");
    refused(
        &[&whole[..whole.len() / 2]],
        "neither an entry with its proof nor a trailer",
    );
    refused(&[&whole.replacen("\"0", "\"1", 1)], "line ");
    refused(&[&whole.replace('\n', "\r\n")], "digest in the trailer");
    refused(
        &[
            header,
            third,
            fourth,
            ninth,
            &trailer.replace("\"entries\":3", "\"entries\":4"),
        ],
        "trailer says 4",
    );
    refused(
        &[&header.replace("user-3", "user-4"), third, fourth, ninth, trailer],
        "digest in the trailer",
    );
    let salt = LOG.entry(4).evidence.salt.clone().unwrap();
    refused(
        &[&whole.replacen(&salt, &"ab".repeat(16), 1)],
        "line 3: entry 4 does not hold: the payload",
    );
    let hash = LOG.path(9, 300)[5].to_base64();
    refused(
        &[
            header,
            third,
            fourth,
            &ninth.replace(&hash, &LOG.root(1).to_base64()),
        ],
        "line 4: entry 9 is not proved",
    );
}

#[test]
fn another_key_does_not_hold() {
    let folder = Folder::new("bundle-key");
    let file = folder.file("b.jsonl", LOG.bundle([3]).concat());
    let other = SigningKey::from_seed(ORIGIN, &[8; 32])
        .unwrap()
        .verifier()
        .to_string();
    run(&["bundle", &file, "--key", &other]).does_not_hold("line 1: the checkpoint does not hold");
    run(&["bundle", "/no/such/file", "--key", &other]).could_not_check("/no/such/file");
    run(&["bundle", folder.path(), "--key", &other]).could_not_check("cannot read");
}

#[test]
fn a_huge_line_is_refused() {
    let folder = Folder::new("bundle-huge");
    let lines = LOG.bundle([3, 4]);
    let spaces = " ".repeat(LINE_MAX + 1);
    check(&folder, format!("{}{spaces}", lines[0])).does_not_hold("line 2: longer than 16777216 bytes");
    // Characters of several bytes, so that the reader stops inside one.
    let umlauts = format!("{}{}", lines[0], "ä".repeat(LINE_MAX));
    check(&folder, umlauts).does_not_hold("line 2: longer than 16777216 bytes");
    // The longest line that is allowed is read whole.
    let padded = format!("{}{}", " ".repeat(LINE_MAX - lines[1].len() + 1), lines[1]);
    check(&folder, format!("{}{padded}{}{}", lines[0], lines[2], lines[3]))
        .does_not_hold("line 4: the digest");
}

#[test]
fn an_endless_line_is_not_read_to_its_end() {
    let mut child = start(&["bundle", "-", "--key", &vkey()]);
    let mut input = child.stdin.take().unwrap();
    let chunk = vec![b' '; 1 << 20];
    // The pipe breaks once the program has seen enough.
    let taken = (0..256).take_while(|_| input.write_all(&chunk).is_ok()).count();
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!((16..32).contains(&taken), "{taken} MiB");
}

#[test]
fn bytes_that_are_no_text_do_not_hold() {
    let folder = Folder::new("bundle-bytes");
    let mut bytes = LOG.bundle([3]).concat().into_bytes();
    bytes[20] = 0xff;
    check(&folder, &bytes).does_not_hold("line 1: not UTF-8 text");
    check(&folder, [0; 1000]).does_not_hold("line 1: ");
}
