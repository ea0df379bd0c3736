//! Backups, as somebody who keeps them asks for them.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;
use sha2::Digest as _;

use crate::harness::{Place, at_terminal, by_way_of, on_both, sqlite, with_files_up_to};

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn set_up() -> Place {
    let place = sqlite();
    place.run(&["init"]).expect(0);
    place
}

/// The newest entry of an action.
fn newest(place: &Place, action: &str) -> Value {
    place.json(&["audit", "list", "--action", action, "--limit", "1"])["entries"][0].clone()
}

/// The sidecar of a backup into this folder.
fn back_up(place: &Place, folder: &str) -> Value {
    place.json(&["db", "backup", "--to", folder])
}

#[test]
fn a_backup_is_written_listed_and_kept() {
    on_both(|place| {
        place.append(&["--actor", "user:al", "--action", "x"]);
        let folder = place.path("backups");
        let to = folder.to_str().unwrap();
        let size = place.json(&["status"])["log"]["size"].clone();
        let made = back_up(place, to);
        let file = made["file"].as_str().unwrap();
        assert_eq!(names(&folder), [file.to_owned(), format!("{file}.json")]);
        assert_eq!(made["bytes"], fs::metadata(folder.join(file)).unwrap().len());
        assert_eq!((&made["entries"], &made["encrypted"]), (&size, &Value::Null));
        let recorded = newest(place, "backup.create");
        assert_eq!(
            (
                &recorded["index"],
                &recorded["details"]["file"],
                &recorded["recorded_by"]["kind"]
            ),
            (&size, &made["file"], &"operator".into()),
            "{recorded}"
        );
        let listed = place.json(&["db", "list-backups", "--path", to]);
        assert_eq!(listed["backups"], Value::from(vec![made.clone()]));
        let shown = place.run(&["db", "list-backups", "--path", to]).expect(0);
        assert!(
            shown.out.contains(file) && shown.err.contains("1 backup"),
            "{}",
            shown.out
        );

        // What is not whole is told, and is none.
        fs::write(folder.join("probity-x-20260101T000000Z-1.tar.zst.json"), "{").unwrap();
        fs::write(folder.join("probity-y-20260101T000000Z-1.tar.zst"), "whole").unwrap();
        copies(&folder, &made, &["2026-01-02"]);
        fs::write(folder.join("probity-copy-2026-01-02.tar.zst"), "").unwrap();
        fs::create_dir(folder.join("probity-z-20260101T000000Z-1.tar.zst.json")).unwrap();
        let listed = place.json(&["db", "list-backups", "--path", to]);
        assert_eq!(listed["backups"].as_array().unwrap().len(), 1);
        assert_eq!(listed["strange"].as_array().unwrap().len(), 3, "{listed}");

        let pruned = place.json(&["db", "prune", "--path", to]);
        assert_eq!(
            (&pruned["gone"], &pruned["kept"]),
            (&Value::from(Vec::<Value>::new()), &1.into())
        );
        assert_eq!(newest(place, "backup.prune")["details"]["kept"], 1);
        // The same into a pipe: zstd's magic number (RFC 8878 section 3.1.1).
        let piped = place.command(&["db", "backup", "--to", "-"]).output().unwrap();
        assert!(
            piped.status.success() && piped.stdout.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]),
            "{piped:?}"
        );
    });
}

/// Copies of one backup, each of another day, as far as lists can tell.
fn copies(folder: &std::path::Path, made: &Value, days: &[&str]) {
    let file = made["file"].as_str().unwrap();
    for day in days {
        let name = format!("probity-copy-{day}.tar.zst");
        let mut copy = made.clone();
        copy["file"] = name.clone().into();
        copy["snapshot_at"] = format!("{day}T02:00:00.000000Z").into();
        fs::copy(folder.join(file), folder.join(&name)).unwrap();
        fs::write(folder.join(format!("{name}.json")), copy.to_string()).unwrap();
    }
}

#[test]
fn what_nobody_wants_any_more_is_removed() {
    let place = set_up();
    place.append(&["--actor", "user:al", "--action", "x"]);
    let folder = place.path("backups");
    let to = folder.to_str().unwrap();
    let made = back_up(&place, to);
    copies(
        &folder,
        &made,
        &["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"],
    );
    let before = names(&folder);
    let dry = place.json(&["db", "prune", "--path", to, "--dry-run"]);
    let gone: Vec<_> = dry["gone"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["file"].as_str().unwrap())
        .collect();
    assert_eq!(
        gone,
        [
            "probity-copy-2026-01-02.tar.zst",
            "probity-copy-2026-01-01.tar.zst"
        ]
    );
    assert_eq!(names(&folder), before);
    let pruned = place.json(&["db", "prune", "--path", to]);
    assert_eq!((&pruned["gone"], &pruned["kept"]), (&dry["gone"], &3.into()));
    assert_eq!(names(&folder).len(), before.len() - 4);
    // Those of another log are not ours to remove.
    let other = set_up();
    other.append(&["--actor", "user:al", "--action", "x"]);
    let pruned = other.json(&["db", "prune", "--path", to]);
    assert_eq!(pruned["kept"], 0, "{pruned}");
    assert_eq!(names(&folder).len(), before.len() - 4);
    // Nor are those of a log that had the same name, and another key: they count for nothing.
    let alike = "probity-copy-2026-01-03.tar.zst";
    let beside = folder.join(format!("{alike}.json"));
    let mut copy: Value = serde_json::from_slice(&fs::read(&beside).unwrap()).unwrap();
    copy["manifest"]["key"] = other.json(&["status"])["log"]["verifier_key"].clone();
    copies(&folder, &made, &["2026-01-05", "2026-01-06"]);
    fs::write(&beside, copy.to_string()).unwrap();
    let pruned = place.json(&["db", "prune", "--path", to]);
    let gone = pruned["gone"].as_array().unwrap();
    assert_eq!((gone.len(), &pruned["kept"]), (1, &3.into()), "{pruned}");
    assert_eq!(gone[0]["file"], "probity-copy-2026-01-04.tar.zst");
    assert!(beside.exists());
    // The clock is far from the newest one.
    fs::remove_file(folder.join(format!("{}.json", made["file"].as_str().unwrap()))).unwrap();
    let stopped = place.refused(1, &["db", "prune", "--path", to]);
    assert_eq!(stopped["code"], "prune_stopped", "{stopped}");
}

#[test]
fn what_stands_in_the_way_is_said() {
    on_both(|place| {
        place.append(&["--actor", "user:al", "--action", "x"]);
        let missing = place.refused(2, &["db", "backup"]);
        assert_eq!(missing["code"], "no_place", "{missing}");
        fs::write(place.path("file"), "").unwrap();
        let blocked = place.path("file").join("below");
        let failed = place.refused(2, &["db", "backup", "--to", blocked.to_str().unwrap()]);
        assert!(
            failed["message"]
                .as_str()
                .unwrap()
                .contains("cannot make the folder"),
            "{failed}"
        );
        place.by_hand("UPDATE users SET active = NOT active");
        let folder = place.path("backups");
        let tampered = place.refused(1, &["db", "backup", "--to", folder.to_str().unwrap()]);
        assert_eq!(tampered["code"], "tampered", "{tampered}");
        assert!(
            tampered["message"].as_str().unwrap().contains("users "),
            "{tampered}"
        );
        assert_eq!(names(&folder), Vec::<String>::new());
        let made = place.json(&[
            "db",
            "backup",
            "--even-tampered",
            "--to",
            folder.to_str().unwrap(),
        ]);
        assert_eq!(made["manifest"]["even_tampered"], true, "{made}");
        // Whoever reads it is told, and so is whoever looks for one.
        let to = folder.to_str().unwrap();
        let file = folder.join(made["file"].as_str().unwrap());
        let (file, said) = (file.to_str().unwrap(), "it was written with --even-tampered");
        let listed = place.run(&["db", "list-backups", "--path", to]).expect(0).out;
        assert!(listed.contains(said), "{listed}");
        let checked = place.run(&["db", "verify-backup", file]).expect(0).out;
        assert!(checked.contains(said), "{checked}");
        assert_eq!(place.json(&["db", "verify-backup", file])["even_tampered"], true);
        let restore = ["db", "restore", file, "--reason", "x", "--replace", "--shorter"];
        let refused = place.refused(1, &restore);
        let message = refused["message"].as_str().unwrap();
        assert!(
            message.contains("the backup was written with --even-tampered"),
            "{refused}"
        );
    });
}

/// Of a place that cannot be written to a backup is checked all the same, and what is no file in it holds nobody up.
#[test]
fn a_place_is_read_as_it_is() {
    let place = set_up();
    place.append(&["--actor", "user:al", "--action", "x"]);
    let folder = place.path("backups");
    let to = folder.to_str().unwrap();
    let missing = place.refused(2, &["db", "list-backups", "--path", to]);
    assert_eq!(
        missing["message"],
        format!("cannot list {to}: No such file or directory (os error 2)")
    );
    place.refused(2, &["db", "prune", "--path", to]);
    assert!(!folder.exists(), "whoever only looks makes nothing");
    let made = back_up(&place, to);
    let file = folder.join(made["file"].as_str().unwrap());
    for name in [
        "probity-x-20260101T000000Z-1.tar.zst.json",
        "probity-y-20260101T000000Z-1.tar.zst",
    ] {
        let fifo = Command::new("mkfifo").arg(folder.join(name)).status().unwrap();
        assert!(fifo.success());
    }
    let listed = place.json(&["db", "list-backups", "--path", to]);
    assert_eq!(
        (listed["backups"].as_array().unwrap().len(), &listed["strange"]),
        (1, &Value::from(Vec::<Value>::new()))
    );
    let check = ["--output", "json", "db", "verify-backup", file.to_str().unwrap()];
    let checked = crate::harness::run(by_way_of(with_files_up_to(0), &place.command(&check)), "")
        .expect(0)
        .json();
    let not_noted = checked["not_noted"].as_str().unwrap();
    assert!(
        not_noted.starts_with(&format!("cannot write {}.json", file.display())),
        "{checked}"
    );
    let checked = place.json(&check[2..]);
    assert_eq!(checked["not_noted"], Value::Null);
}

/// A disk that is full where members are held aside, or only once they are put together, and one that nobody may write.
#[test]
fn a_disk_that_takes_no_more_is_said() {
    on_both(|place| {
        let events: Vec<_> = (0..1_000)
            .map(|number: u32| {
                let text = evidence::json::hex(&sha2::Sha256::digest(number.to_be_bytes()));
                serde_json::json!({ "actor": { "kind": "user", "id": "al" }, "action": "x", "details": { "text": text } })
            })
            .collect();
        let events = Value::from(events).to_string();
        place
            .run_with(&["audit", "append", "--json", "-"], &events)
            .expect(0);
        let folder = place.path("backups");
        let to = folder.to_str().unwrap();
        let whole = back_up(place, to)["bytes"].as_u64().unwrap();
        let before = names(&folder);
        let limited = |kib: u64| {
            let plain = place.command(&["--output", "json", "db", "backup", "--to", to]);
            let command = by_way_of(with_files_up_to(kib), &plain);
            let failed = crate::harness::run(command, "").expect(2).error();
            assert!(
                failed["hint"]
                    .as_str()
                    .unwrap()
                    .starts_with("free some space there"),
                "{failed}"
            );
            failed["message"].as_str().unwrap().to_owned()
        };
        let aside = limited(64);
        assert!(aside.starts_with(&format!("cannot write into {to}: ")), "{aside}");
        // What is put together is longer than what it is put together from, by the headers of its members.
        let written = limited((whole - 512) / 1_024);
        assert!(
            written.starts_with(&format!("cannot write {to}/probity-")),
            "{written}"
        );
        assert_eq!(names(&folder), before, "nothing is left");
        // Nobody may make anything there, whoever runs this.
        let failed = place.refused(2, &["db", "backup", "--to", "/sys/backups"]);
        let message = failed["message"].as_str().unwrap();
        assert!(
            message.starts_with("cannot make the folder /sys/backups: "),
            "{failed}"
        );
        assert_eq!(
            failed["hint"],
            "name a place that this account may read and write"
        );
    });
}

/// A new key of age: the file, and its public key.
pub fn age_key(place: &Place) -> (String, String) {
    let path = place.path("age.key").to_str().unwrap().to_owned();
    assert!(
        Command::new("age-keygen")
            .args(["-o", &path])
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    );
    let public = Command::new("age-keygen").args(["-y", &path]).output().unwrap();
    (path, String::from_utf8(public.stdout).unwrap().trim().to_owned())
}

#[test]
fn a_backup_is_encrypted_to_recipients() {
    let place = set_up();
    place.append(&["--actor", "user:al", "--action", "x"]);
    let (key, public) = age_key(&place);
    let folder = place.path("backups");
    let to = folder.to_str().unwrap();
    let mut command = place.command(&["--output", "json", "db", "backup", "--to", to]);
    let made = command
        .env("PROBITY_BACKUP_RECIPIENTS", &public)
        .output()
        .unwrap();
    let made: Value = serde_json::from_slice(&made.stdout).unwrap_or_else(|_| panic!("{made:?}"));
    assert_eq!(made["encrypted"], "recipients", "{made}");
    let file = folder.join(made["file"].as_str().unwrap());
    assert!(file.to_str().unwrap().ends_with(".tar.zst.age"));
    assert_eq!(made["bytes"], fs::metadata(&file).unwrap().len());
    let opened = Command::new("age")
        .args(["-d", "-i", &key])
        .arg(&file)
        .output()
        .unwrap();
    assert!(opened.stdout.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
    // Whether it is good is known to whoever can open it alone.
    let other = sqlite();
    fs::create_dir_all(other.path("")).unwrap();
    let (wrong, _) = age_key(&other);
    let check = ["db", "verify-backup", file.to_str().unwrap(), "--identity"];
    for (identity, code) in [(key.as_str(), 0), (wrong.as_str(), 2), ("nowhere", 2)] {
        let checked = place.run(&[&check[..], &[identity]].concat()).expect(code);
        assert_eq!(
            checked.err.contains("the backup cannot be opened: age"),
            code == 2,
            "{}",
            checked.err
        );
    }
    for (recipients, named) in [
        ("AGE-SECRET-KEY-1X", "a secret key"),
        ("me@example.com", "no public key"),
    ] {
        let mut command = place.command(&["db", "backup", "--to", to]);
        let refused = command
            .env("PROBITY_BACKUP_RECIPIENTS", recipients)
            .output()
            .unwrap();
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(2) && told.contains(named), "{told}");
    }
    // A key that looks like one and is none: what age says is said, and nothing is left.
    let before = names(&folder);
    let mut command = place.command(&["db", "backup", "--to", to]);
    let refused = command
        .env("PROBITY_BACKUP_RECIPIENTS", "age1qqqq")
        .output()
        .unwrap();
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && told.contains("age"), "{told}");
    assert_eq!(names(&folder), before);
}

/// Encrypted with a passphrase by age at the end of a pipe, and checked with it, with another one, and where nobody can be asked.
#[test]
fn a_backup_is_encrypted_with_a_passphrase_at_a_terminal() {
    let place = set_up();
    place.append(&["--actor", "user:al", "--action", "x"]);
    let piped = place.command(&["db", "backup", "--to", "-"]).output().unwrap();
    fs::write(place.path("plain"), piped.stdout).unwrap();
    let mut script = Command::new("script");
    script
        .args(["-qec", "age -p -o probity.tar.zst.age plain", "/dev/null"])
        .current_dir(place.path(""));
    crate::harness::run(script, "one two\none two\n").expect(0);
    let file = place.path("probity.tar.zst.age");
    let check = ["db", "verify-backup", file.to_str().unwrap()];
    let told = at_terminal(&place, &check, "one two\n").expect(0).out;
    assert!(
        told.contains("digests, root, signature and counts are right"),
        "{told}"
    );
    let told = at_terminal(&place, &check, "three\n").expect(2).out;
    assert!(
        told.contains("age did not decrypt it") && told.contains("incorrect passphrase"),
        "{told}"
    );
    let mut setsid = Command::new("setsid");
    setsid.arg("--wait");
    let told = crate::harness::run(by_way_of(setsid, &place.command(&check)), "")
        .expect(2)
        .err;
    assert!(told.contains("/dev/tty is not available"), "{told}");
    // Of what age is given more to do than is good, it does nothing: decision 0036 leaves bounds to it.
    let header = fs::read(&file).unwrap();
    let header = String::from_utf8_lossy(&header[..120]).into_owned();
    let work = header
        .lines()
        .nth(1)
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(work, "18", "{header}");
    let heavier = fs::read(&file).unwrap();
    let at = header.find(" 18\n").unwrap() + 1;
    fs::write(&file, [&heavier[..at], b"23", &heavier[at + 2..]].concat()).unwrap();
    let told = at_terminal(&place, &check, "one two\n").expect(1).out;
    assert!(told.contains("work factor too large"), "{told}");
}

/// A bucket as the place of backups: written there, listed, checked, brought back on the other side, pruned.
#[test]
fn backups_are_kept_in_a_bucket() {
    let moto = testkit::Moto::start().unwrap();
    let storage = [
        ("PROBITY_S3_ENDPOINT", moto.endpoint()),
        ("PROBITY_BACKUP_PATH", "s3://kept/log".to_owned()),
        ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "anything".to_owned()),
    ];
    let place = set_up();
    place.append(&["--actor", "user:al", "--action", "x"]);
    let run = |args: &[&str]| {
        let mut command = place.command(args);
        command.envs(storage.iter().map(|(name, value)| (name, value)));
        crate::harness::run(command, "")
    };
    let written = run(&["db", "backup"]).expect(0);
    assert!(
        written.out.starts_with("s3://kept/log/probity-"),
        "{}",
        written.out
    );
    assert_eq!(
        run(&["db", "list-backups", "--output", "json"]).json()["backups"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    run(&["db", "verify-backup", "latest", "--full"]).expect(0);
    let verified = run(&["db", "list-backups", "--output", "json"]).json();
    assert!(verified["backups"][0]["verified_at"].is_string(), "{verified}");
    place.append(&["--actor", "user:al", "--action", "later"]);
    run(&[
        "db",
        "restore",
        "latest",
        "--reason",
        "a drill",
        "--replace",
        "--shorter",
    ])
    .expect(0);
    place.run(&["audit", "verify"]).expect(0);
    run(&["db", "prune"]).expect(0);

    let missing = run(&["db", "backup", "--to", "s3://not-there"]).expect(2);
    assert!(missing.err.contains("not-there"), "{}", missing.err);
    let unknown = run(&["db", "backup", "--to", "ftp://there"]).expect(2);
    assert!(unknown.err.contains("ftp://there is no place"), "{}", unknown.err);
}
