//! What is no good as a backup is named: the member, what should be there, and what is.

use std::io::{Cursor, Read, Write};

use backup::format::{END, End, LAST_SEEN, MANIFEST, Sidecar};
use backup::place::Place;
use backup::{Contents, Error, Fault, read};
use evidence::json;
use sha2::{Digest, Sha256};

use crate::attacker::close;
use crate::opened::{Opened, folder, write_to};
use crate::support::{Bed, On, rich_log};

/// A backup of a rich log, and what lies beside it.
async fn backup() -> (Vec<u8>, Sidecar) {
    let bed = Bed::new(On::Sqlite);
    close(rich_log(&bed).await).await;
    let place = folder(bed.dir.path());
    let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
    let mut file = Vec::new();
    place.read(&sidecar.file).unwrap().read_to_end(&mut file).unwrap();
    (file, sidecar)
}

fn tried(file: Vec<u8>, sidecar: Option<&Sidecar>) -> Result<Contents, Fault> {
    read(Box::new(Cursor::new(file)), sidecar, None, &mut |_| Ok(())).map_err(|error| match error {
        Error::Fault(fault) => fault,
        other => panic!("{other:?}"),
    })
}

/// The members as a file again. With `true` the last one is made to fit the others.
fn packed(members: &[(String, String)], fitting: bool) -> Vec<u8> {
    let mut tar = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (name, text) in members {
        let mut text = text.clone();
        if fitting && name == END {
            let mut end: End = serde_json::from_str(&text).unwrap();
            for (name, text) in &members[..members.len() - 1] {
                if let Some(member) = end.members.get_mut(name) {
                    member.bytes = text.len() as u64;
                    member.sha256 = json::hex(&Sha256::digest(text));
                }
            }
            text = serde_json::to_string(&end).unwrap();
        }
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_the_last_member_are_few_zeros() {
    let (file, _) = backup().await;
    let followed_by = |byte: u8, count: usize| {
        let more = zstd::encode_all(&vec![byte; count][..], 1).unwrap();
        tried([file.clone(), more].concat(), None)
    };
    followed_by(0, (1 << 20) - 1_024).unwrap();
    for fault in [followed_by(0, (1 << 20) + 1), followed_by(1, 1)] {
        let fault = fault.unwrap_err();
        assert_eq!(
            (&*fault.member, &*fault.expected),
            ("the file", "nothing behind its last member")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_off_or_flipped_is_named() {
    let (file, sidecar) = backup().await;
    let contents = tried(file.clone(), Some(&sidecar)).unwrap();
    assert_eq!(
        (contents.end.entries, &contents.sha256),
        (sidecar.entries, &sidecar.sha256)
    );
    for part in 0..20 {
        let cut = file[..file.len() * part / 20].to_vec();
        for sidecar in [None, Some(&sidecar)] {
            let fault = tried(cut.clone(), sidecar).unwrap_err();
            assert!(
                !fault.member.is_empty() && !fault.found.is_empty(),
                "{part}: {fault}"
            );
        }
    }
    let mut seed: u64 = 0x5eed_0012;
    let mut random = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let anywhere: Vec<_> = (0..200).map(|_| (random(file.len()), random(8))).collect();
    // And all behind the last member.
    let behind = (file.len() - 300..file.len()).map(|byte| (byte, byte % 8));
    for (byte, bit) in anywhere.into_iter().chain(behind) {
        let mut flipped = file.clone();
        flipped[byte] ^= 1 << bit;
        let fault = tried(flipped.clone(), Some(&sidecar)).unwrap_err();
        assert!(!fault.member.is_empty(), "bit {bit} of byte {byte}: {fault}");
        if let Ok(same) = tried(flipped, None) {
            // A bit that its own format does not use.
            assert_eq!(same.end, contents.end, "bit {bit} of byte {byte}");
        }
    }
    // Behind the compression, where nothing but the form itself finds it.
    let mut unpacked = Vec::new();
    zstd::Decoder::new(&file[..])
        .unwrap()
        .read_to_end(&mut unpacked)
        .unwrap();
    for _ in 0..200 {
        let (byte, bit) = (random(unpacked.len()), random(8));
        let mut flipped = unpacked.clone();
        flipped[byte] ^= 1 << bit;
        let packed = zstd::encode_all(&flipped[..], 1).unwrap();
        if let Ok(same) = tried(packed, None) {
            assert_eq!(same.end, contents.end, "bit {bit} of byte {byte}");
        }
    }
    // Bytes that are nothing at all.
    for length in [0, 1, 4, 100, 5_000] {
        let bytes: Vec<u8> = (0..length).map(|_| u8::try_from(random(256)).unwrap()).collect();
        tried(bytes.clone(), None).unwrap_err();
        tried(zstd::encode_all(&bytes[..], 1).unwrap(), None).unwrap_err();
    }
}

const ENTRIES: &str = "entries/00000000.jsonl";

/// A change of a member's text.
type Change = fn(&str) -> String;

fn without_first(text: &str) -> String {
    text.split_once('\n').unwrap().1.to_owned()
}

/// The member, what is changed in it, whether digests are made to fit, and what is said to be expected and found.
const CASES: &[(&str, Change, bool, &str, &str)] = &[
    (
        MANIFEST,
        |text| text.replacen("\"format\":1", "\"format\":2", 1),
        true,
        "format 1",
        "format 2",
    ),
    (
        MANIFEST,
        |text| text.replacen("\"schema\":", "\"schema\":9", 1),
        true,
        "a schema up to",
        "schema 9",
    ),
    (
        MANIFEST,
        |text| text.replacen("\"origin\":\"", "\"origin\":\"x", 1),
        true,
        "the key of x",
        "localhost/probity-",
    ),
    (ENTRIES, without_first, true, "entry 0 in line 1", "entry 1"),
    (
        ENTRIES,
        |text| text.replacen("\\\"User\\\"", "\\\"Usar\\\"", 1),
        true,
        "a payload, one with commitment",
        "one with commitment",
    ),
    (
        ENTRIES,
        |text| text.replacen("\"leaf\":\"", "\"leaf\":\"x", 1),
        true,
        "what the form says in line 1",
        "entry 0",
    ),
    (
        ENTRIES,
        |text| text.trim_end().to_owned(),
        true,
        "at most",
        "bytes without an end",
    ),
    (ENTRIES, |_| String::new(), true, "entries", "none"),
    (
        "tables/users.jsonl",
        without_first,
        false,
        "bytes with SHA-256",
        "bytes with SHA-256",
    ),
    (
        "tables/users.jsonl",
        |text| text.replacen("\"username\"", "\"user_name\"", 1),
        true,
        "what the form says in line 1",
        "username",
    ),
    (
        "tables/users.jsonl",
        |text| text.split_inclusive('\n').rev().collect(),
        true,
        "rows by id in line 2",
        "-",
    ),
    (
        LAST_SEEN,
        |text| format!("{text}{{}}\n"),
        true,
        "what the form says in line",
        "missing field",
    ),
    (
        END,
        |text| text.replacen("\"entries\":", "\"entries\":1", 1),
        false,
        "entries",
        "",
    ),
    (
        END,
        |text| text.replacen("\\n\\n", "\\n\\nx", 1),
        false,
        "a checkpoint signed by the log's key",
        "",
    ),
    (
        END,
        |text| text[..text.len() / 2].to_owned(),
        false,
        "the end of a backup",
        "EOF",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn members_that_are_not_as_they_should_be_are_named() {
    let (file, _) = backup().await;
    let good = Opened::read(&file[..]).members;
    tried(packed(&good, true), None).unwrap();
    for (name, change, fitting, expected, found) in CASES {
        let mut members = good.clone();
        let member = members.iter_mut().find(|(other, _)| other == name).unwrap();
        let changed = change(&member.1);
        assert_ne!(changed, member.1, "{name}: {expected}");
        member.1 = changed;
        let fault = tried(packed(&members, *fitting), None).unwrap_err();
        assert_eq!(fault.member, *name, "{fault}");
        assert!(
            fault.expected.contains(expected) && fault.found.contains(found),
            "{fault}"
        );
    }
    // Rows fewer than said, with digests that fit.
    let mut members = good.clone();
    let users = members
        .iter_mut()
        .find(|(name, _)| name == "tables/users.jsonl")
        .unwrap();
    users.1 = without_first(&users.1);
    let fault = tried(packed(&members, true), None).unwrap_err();
    assert_eq!(
        (fault.member.as_str(), fault.expected.starts_with("rows: ")),
        ("users", true),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn members_in_another_order_missing_or_unknown_are_named() {
    let (file, _) = backup().await;
    let good = Opened::read(&file[..]).members;
    let position = |name: &str| good.iter().position(|(other, _)| other == name).unwrap();
    let users = position("tables/users.jsonl");
    let mut swapped = good.clone();
    swapped.swap(users, users + 1);
    let mut doubled = good.clone();
    doubled.insert(users, good[users].clone());
    let mut missing = good.clone();
    missing.remove(users);
    let mut unknown = good.clone();
    unknown.insert(users, ("../../etc/passwd2".replace("../", "up/"), String::new()));
    let mut ended = good.clone();
    ended.pop();
    let mut twice = good.clone();
    twice.push(good.last().unwrap().clone());
    let agents = "tables/agents.jsonl";
    for (members, member, expected) in [
        (swapped, agents, "tables/users.jsonl"),
        (doubled, "tables/users.jsonl", agents),
        (missing, agents, "tables/users.jsonl"),
        (unknown, "up/up/etc/passwd2", "tables/users.jsonl"),
        (ended, END, "the member"),
        (twice, END, "no further member"),
    ] {
        let fault = tried(packed(&members, false), None).unwrap_err();
        assert_eq!(
            (fault.member.as_str(), fault.expected.as_str()),
            (member, expected),
            "{fault}"
        );
    }
    // Something behind the end, and a line without end that would fill the memory.
    let mut unpacked = Vec::new();
    zstd::Decoder::new(&file[..])
        .unwrap()
        .read_to_end(&mut unpacked)
        .unwrap();
    unpacked.extend_from_slice(&[0; 512]);
    tried(zstd::encode_all(&unpacked[..], 1).unwrap(), None).unwrap();
    unpacked.extend_from_slice(&[7; 512]);
    let fault = tried(zstd::encode_all(&unpacked[..], 1).unwrap(), None).unwrap_err();
    assert_eq!(fault.expected, "nothing behind its last member");
    let mut long = good.clone();
    long[position("entries/00000000.jsonl")].1 = "x".repeat((32 << 20) + 1);
    let fault = tried(packed(&long, false), None).unwrap_err();
    assert!(fault.found.ends_with("bytes without an end"), "{fault}");
}

/// The seeds of the fuzz targets are golden files too: what earlier versions wrote must be read for ever.
#[test]
fn kept_backups_are_still_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/");
    let contents = tried(
        std::fs::read(format!("{folder}packed/whole.tar.zst")).unwrap(),
        None,
    )
    .unwrap();
    assert_eq!((contents.end.entries, contents.manifest.schema), (2, 23));
    let text = std::fs::read_to_string(format!("{folder}members/whole.txt")).unwrap();
    let members = text
        .split("== ")
        .skip(1)
        .map(|part| part.split_once('\n').unwrap());
    let members: Vec<_> = members
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    assert_eq!(tried(packed(&members, false), None).unwrap().end, contents.end);
}

/// A small file that unpacks to more than any backup does.
#[test]
fn what_unpacks_without_end_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path(MANIFEST).unwrap();
    header.set_size(1 << 32);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    encoder.write_all(header.as_bytes()).unwrap();
    for _ in 0..128 {
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let fault = tried(encoder.finish().unwrap(), None).unwrap_err();
    assert_eq!(fault.member, MANIFEST);
    assert!(fault.expected.contains("at most"), "{fault}");
}

/// Encrypted by `age`, as it is by anybody: opened with the identity, refused with another one or none.
#[tokio::test(flavor = "multi_thread")]
async fn what_age_encrypted_is_opened_by_its_identity() {
    let (file, _) = backup().await;
    let dir = testkit::temp_dir("age");
    let run = |program: &str, args: &[&std::ffi::OsStr]| {
        let done = std::process::Command::new(program).args(args).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stderr).unwrap() + &String::from_utf8(done.stdout).unwrap()
    };
    let [one, other, plain, sealed] = ["one", "other", "plain", "sealed"].map(|name| dir.path().join(name));
    let told = run("age-keygen", &["-o".as_ref(), one.as_ref()]);
    run("age-keygen", &["-o".as_ref(), other.as_ref()]);
    std::fs::write(&plain, &file).unwrap();
    let recipient = told.split_whitespace().last().unwrap();
    run(
        "age",
        &[
            "-r".as_ref(),
            recipient.as_ref(),
            "-o".as_ref(),
            sealed.as_ref(),
            plain.as_ref(),
        ],
    );
    let sealed = std::fs::read(sealed).unwrap();
    let opened = |file: &[u8], identity| {
        let file = Box::new(Cursor::new(file.to_vec()));
        read(file, None, Some(identity), &mut |_| Ok(())).map_err(|error| error.to_string())
    };
    let contents = opened(&sealed, &one).unwrap();
    assert_eq!(contents.sha256, json::hex(&Sha256::digest(&sealed)));
    let told = opened(&sealed, &other).unwrap_err();
    assert!(
        told.starts_with("the backup cannot be opened: age did not decrypt it"),
        "{told}"
    );
    opened(&sealed[..sealed.len() / 2], &one).unwrap_err();
}

type ToSidecar = fn(&mut Sidecar);

/// What lies beside a file is what lists go by: it says the same as the file.
#[tokio::test(flavor = "multi_thread")]
async fn what_lies_beside_a_file_says_what_the_file_says() {
    let (file, sidecar) = backup().await;
    let entries = sidecar.entries;
    let changes: [(&str, ToSidecar); 7] = [
        ("origin", |beside| beside.manifest.origin.push('x')),
        ("key", |beside| beside.manifest.key.push('x')),
        ("checkpoint", |beside| beside.checkpoint.push('x')),
        ("entries", |beside| beside.entries += 1),
        ("tables", |beside| *beside.tables.get_mut("users").unwrap() += 1),
        ("snapshot_at", |beside| {
            beside.snapshot_at = beside.snapshot_at.plus_seconds(1);
        }),
        ("manifest", |beside| beside.manifest.even_tampered = true),
    ];
    for (name, change) in changes {
        let mut beside = sidecar.clone();
        change(&mut beside);
        let fault = tried(file.clone(), Some(&beside)).unwrap_err();
        assert_eq!(fault.member, format!("{}.json", sidecar.file), "{fault}");
        for said in [&fault.expected, &fault.found] {
            assert!(said.starts_with(&format!("{name} ")), "{fault}");
        }
        if name == "entries" {
            let told = (format!("entries {entries}"), format!("entries {}", entries + 1));
            assert_eq!((fault.expected, fault.found), told);
        }
    }
}
