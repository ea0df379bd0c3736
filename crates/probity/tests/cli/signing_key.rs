//! The log's signing key on its way to another machine.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::backups::age_key;
use crate::harness::{Place, at_terminal, both, by_way_of, code, on_both, run, sqlite, verifier};

const PASSWORD: &str = "correct-horse-88-battery";

/// Words of the key that nobody may see.
fn secret(place: &Place) -> String {
    let text = fs::read_to_string(place.path("data/signing.key")).unwrap();
    text.trim().rsplit('+').next().unwrap().to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Files below a folder that hold a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if fs::read(&path)
            .unwrap()
            .windows(text.len())
            .any(|part| part == text.as_bytes())
        {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
    found
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Exported, restored on an empty machine, imported there: the log goes on, receipts from before hold, and so do second factors.
#[test]
fn with_its_key_a_restored_log_goes_on() {
    on_both(|place| {
        let create = ["user", "create", "ann", "--role", "auditor", "--password-stdin"];
        place.run_with(&create, &format!("{PASSWORD}\n")).expect(0);
        let (factor, _) = place.enrol("ann", PASSWORD);
        let entry = place.append(&["--actor", "user:al", "--action", "x"]);
        let index = entry["index"].to_string();
        let (identity, public) = age_key(place);

        let told = place.run(&["status"]).expect(0).out;
        assert!(
            told.contains("! never exported") && told.contains("all is well"),
            "{told}"
        );
        assert_eq!(
            place.json(&["status"])["signing_key"]["exported_at"],
            serde_json::Value::Null
        );
        let sealed = place.path("sealed.age");
        let exported = place
            .run(&["key", "export", "--recipient", &public, "--to", text(&sealed)])
            .expect(0);
        assert_eq!(mode(&sealed), 0o600);
        assert!(
            fs::read_to_string(&sealed)
                .unwrap()
                .starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n")
        );
        // By the program age itself it is the file.
        let opened = Command::new("age")
            .args(["-d", "-i", &identity])
            .arg(&sealed)
            .output()
            .unwrap();
        assert_eq!(opened.stdout, fs::read(place.path("data/signing.key")).unwrap());
        let recorded = place.json(&["audit", "list", "--action", "log.export_key"]);
        assert_eq!(
            recorded["entries"][0]["details"]["sealed_to"][0],
            public.as_str(),
            "{recorded}"
        );
        assert!(place.json(&["status"])["signing_key"]["exported_at"].is_string());
        assert!(!place.run(&["status"]).expect(0).out.contains("never exported"));
        let secret = secret(place);
        assert!(
            !exported.out.contains(&secret) && !exported.err.contains(&secret),
            "{exported:?}"
        );
        assert_eq!(
            holding(&place.path(""), &secret),
            [text(&place.path("data/signing.key"))]
        );

        let receipts = [receipt_of(place, &index)];
        let backup = place.json(&["db", "backup", "--to", text(&place.path("backups"))]);
        let file = place.path("backups").join(backup["file"].as_str().unwrap());
        for other in both() {
            let imported = other
                .run(&["key", "import", text(&sealed), "--identity", &identity])
                .expect(0);
            assert!(
                !imported.out.contains(&secret) && !imported.err.contains(&secret),
                "{imported:?}"
            );
            let key = other.path("data/signing.key");
            assert_eq!((mode(&key), mode(&other.path("data"))), (0o600, 0o700));
            assert_eq!(holding(&other.path(""), &secret), [text(&key)]);
            let again = other.json(&["key", "import", text(&sealed), "--identity", &identity]);
            assert_eq!(again["changed"], false);
            other
                .run(&["db", "restore", text(&file), "--reason", "a new machine"])
                .expect(0);
            other.append(&["--actor", "user:al", "--action", "y"]);
            assert_eq!(other.json(&["audit", "verify"])["intact"], true);
            assert_eq!(other.json(&["audit", "key"]), place.json(&["audit", "key"]));
            assert!(other.json(&["status"])["signing_key"]["exported_at"].is_string());
            let key = other.json(&["audit", "key"])["verifier_key"]
                .as_str()
                .unwrap()
                .to_owned();
            let entry = place.path("entry.json");
            fs::write(&entry, place.json(&["audit", "show", &index]).to_string()).unwrap();
            for receipt in receipts.iter().chain([&receipt_of(&other, &index)]) {
                let mut verify = Command::new(verifier());
                verify.args(["receipt", receipt, "--entry", text(&entry), "--key", &key]);
                run(verify, "").expect(0);
            }
            other
                .log_in_with("ann", PASSWORD, Some(code(&factor, 1)))
                .unwrap();
        }
    });
}

fn receipt_of(place: &Place, index: &str) -> String {
    let path = place.path("receipt.txt");
    fs::write(&path, place.run(&["audit", "receipt", index]).expect(0).out).unwrap();
    text(&path).to_owned()
}

#[test]
fn what_must_not_be_imported_is_not() {
    on_both(|place| {
        let (identity, public) = age_key(place);
        let sealed = place.path("sealed.age");
        let sealed = text(&sealed);
        place
            .run(&["key", "export", "--recipient", &public, "--to", sealed])
            .expect(0);
        let words = ["key", "import", sealed, "--identity", &identity];
        let refused = |place: &Place, words: &[&str], code: &str| {
            let refused = place.refused(1, words);
            assert_eq!(refused["code"], code, "{refused}");
        };
        // The same file is never written over.
        let failed = place.refused(2, &["key", "export", "--recipient", &public, "--to", sealed]);
        assert!(
            failed["message"].as_str().unwrap().contains("File exists"),
            "{failed}"
        );
        let exports = place.json(&["audit", "list", "--action", "log.export_key"]);
        assert_eq!(
            exports["entries"].as_array().unwrap().len(),
            1,
            "what was not handed out is not recorded"
        );

        // Where another log is: with its key, without it, and with what remembers it alone.
        let other = sqlite();
        other.run(&["init"]).expect(0);
        refused(&other, &words, "another_key");
        fs::remove_file(other.path("data/signing.key")).unwrap();
        fs::rename(other.path("data/log.guard"), other.path("guard")).unwrap();
        refused(&other, &words, "other_log");
        fs::remove_file(other.path("data/probity.db")).unwrap();
        fs::rename(other.path("guard"), other.path("data/log.guard")).unwrap();
        refused(&other, &words, "other_log");
        assert!(!other.path("data/signing.key").exists());
        // Where its own log is, it is put back.
        let key = place.path("data/signing.key");
        let whole = fs::read(&key).unwrap();
        fs::remove_file(&key).unwrap();
        assert_eq!(place.json(&words)["changed"], true);
        assert_eq!(fs::read(&key).unwrap(), whole);
        place.append(&["--actor", "user:al", "--action", "x"]);

        // Files that others may use.
        let private = [
            (key.clone(), 0o640),
            (place.path("data"), 0o770),
            (identity.clone().into(), 0o604),
        ];
        for (path, open) in private {
            let before = mode(&path);
            set_mode(&path, open);
            refused(place, &words, "open_to_others");
            set_mode(&path, before);
        }
        // What is not sealed, is no key, or is sealed to somebody else.
        refused(
            place,
            &["key", "import", text(&key), "--identity", &identity],
            "not_sealed",
        );
        let age = |input: &str, to: &str| {
            let mut age = Command::new("age");
            age.args(["--armor", "-r", to]);
            run(age, input).expect(0).out
        };
        let words = ["--output", "json", "key", "import", "-", "--identity", &identity];
        let half = String::from_utf8(whole).unwrap()[..60].to_owned();
        let failed = place.run_with(&words, &age(&half, &public)).expect(1);
        assert_eq!(failed.error()["code"], "not_a_key");
        assert!(!failed.err.contains("PRIVATE"), "{failed:?}");
        let (_, stranger) = age_key(&other);
        let failed = place.run_with(&words, &age(&half, &stranger)).expect(2).err;
        assert!(failed.contains("age did not decrypt it"), "{failed}");
    });
}

#[test]
fn a_passphrase_is_asked_for_at_the_terminal() {
    let place = sqlite();
    place.run(&["init"]).expect(0);
    let mut setsid = Command::new("setsid");
    setsid.arg("--wait");
    let without = by_way_of(setsid, &place.command(&["key", "export", "--passphrase"]));
    let without = run(without, "").expect(2).err;
    assert!(without.contains("at a terminal only"), "{without}");

    let sealed = place.path("sealed.age");
    let exported = at_terminal(
        &place,
        &["key", "export", "--passphrase", "--to", text(&sealed)],
        "one two\none two\n",
    )
    .expect(0);
    assert!(!exported.out.contains(&secret(&place)), "{exported:?}");
    let recorded = place.json(&["audit", "list", "--action", "log.export_key"]);
    assert_eq!(
        recorded["entries"][0]["details"]["sealed_to"], "passphrase",
        "{recorded}"
    );
    let key = place.path("data/signing.key");
    let whole = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let wrong = at_terminal(&place, &["key", "import", text(&sealed)], "three\n").expect(2);
    assert!(wrong.out.contains("incorrect passphrase"), "{wrong:?}");
    assert!(!key.exists());
    at_terminal(&place, &["key", "import", text(&sealed)], "one two\n").expect(0);
    assert_eq!(fs::read(&key).unwrap(), whole);
}
