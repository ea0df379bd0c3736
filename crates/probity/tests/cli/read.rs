use evidence::bundle::BundleChecker;
use evidence::receipt::{self, ConsistencyProof};
use tlog::{Checkpoint, VerifierKey};

use crate::harness::{Place, fixture, on_both};

fn key(place: &Place) -> VerifierKey {
    place.run(&["audit", "key"]).expect(0).out.trim().parse().unwrap()
}

fn indexes(place: &Place, args: &[&str]) -> Vec<u64> {
    let mut words = vec!["audit", "list"];
    words.extend(args);
    let page = place.json(&words);
    page["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["index"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_log_that_is_not_continued_can_be_looked_at() {
    on_both(|place| {
        let made = place.append(&["--actor", "user:al", "--action", "order.ship"]);
        let index = made["index"].as_u64().unwrap();
        place.by_hand("UPDATE log_head SET checkpoint = replace(checkpoint, 'l', 'x')");
        let shown = place.run(&["audit", "list", "--action", "order.ship"]).expect(0);
        assert!(shown.out.contains(&index.to_string()), "{}", shown.out);
        assert!(
            shown.err.starts_with("Nothing can be written: ") && shown.err.contains("probity audit verify"),
            "{}",
            shown.err
        );
        let refused = place.run(&["audit", "append", "--actor", "user:al", "--action", "order.ship"]);
        let refused = refused.expect(2);
        assert!(refused.err.contains("nothing is written: "), "{}", refused.err);
        let serve = place.run(&["serve", "--listen", "127.0.0.1:0"]).expect(2);
        assert!(serve.err.contains("nothing is written: "), "{}", serve.err);
    });
}

#[test]
fn filters() {
    on_both(|place| {
        place.append(&[
            "--actor",
            "user:alice",
            "--action",
            "user.login",
            "--target",
            "order:1",
            "--ip",
            "203.0.113.7",
        ]);
        place.append(&[
            "--actor",
            "user:bob",
            "--action",
            "user.logout",
            "--outcome",
            "refused",
            "--target",
            "AWS::S3::Bucket:a:b",
        ]);
        place.append(&[
            "--actor",
            "user:alice",
            "--action",
            "usercount",
            "--description",
            "Fünf % of _",
        ]);
        // Where the page begins that comes after the one of these arguments.
        let next = |args: &[&str]| {
            let list = place.json(&[&["audit", "list"], args].concat());
            list["next"].as_str().unwrap().to_owned()
        };
        let below_2 = next(&["--limit", "2"]);
        let above_1 = next(&["--order", "oldest", "--limit", "2"]);
        for (args, expected) in [
            (&[][..], vec![3, 2, 1, 0]),
            (&["--order", "oldest"], vec![0, 1, 2, 3]),
            (&["--actor", "alice"], vec![3, 1]),
            (&["--action", "user.*"], vec![2, 1, 0]),
            (&["--action", "user.login"], vec![1]),
            (&["--outcome", "refused"], vec![2]),
            (&["--target", "1"], vec![1]),
            (&["--target", "order:1"], vec![1]),
            (&["--target", "a:b"], vec![2]),
            (&["--target", "AWS::S3::Bucket:a:b"], vec![2]),
            (&["--target-kind", "order"], vec![1]),
            (&["--actor-kind", "agent"], vec![]),
            (&["--ip", "::ffff:203.0.113.7"], vec![1]),
            (&["--text", "fünf % of _"], vec![3]),
            (&["--from", "1h", "--to", "2099-01-01"], vec![3, 2, 1, 0]),
            (&["--to", "1h"], vec![]),
            (&["--limit", "2"], vec![3, 2]),
            (&["--limit", "2", "--cursor", &below_2], vec![1, 0]),
            (
                &["--order", "oldest", "--limit", "1", "--cursor", &above_1],
                vec![2],
            ),
        ] {
            assert_eq!(indexes(place, args), expected, "{args:?}");
        }
        let ran = place.run(&["audit", "list", "--actor", "user:alice"]).expect(1);
        assert!(ran.err.contains("--actor alice"), "{}", ran.err);
        let ran = place.run(&["audit", "list", "--limit", "2"]).expect(0);
        assert!(
            ran.err.contains(&format!("more with\n--cursor {below_2}")),
            "{}",
            ran.err
        );
    });
}

#[test]
fn users_are_named_as_actors_and_targets() {
    on_both(|place| {
        let user = ["user", "create", "ann", "--role", "viewer"];
        let id = place.json(&user)["user"]["id"].as_str().unwrap().to_owned();
        let made = indexes(place, &[]);
        place.append(&["--actor", &format!("user:{id}"), "--action", "order.ship"]);
        let shipped = indexes(place, &[])[0];
        assert_eq!(indexes(place, &["--actor", "Ann"]), [shipped]);
        assert_eq!(indexes(place, &["--target", "user:ann"]), made[..1]);
        assert_eq!(
            indexes(place, &["--target-kind", "user", "--target", "ann"]),
            made[..1]
        );
        assert!(indexes(place, &["--actor", "bob"]).is_empty());
        // Whom an entry calls so comes first: an application has names of its own.
        place.append(&["--actor", "user:ann", "--action", "order.ship"]);
        assert_eq!(indexes(place, &["--actor", "ann"]), [shipped + 1]);
        let ran = place.run(&["audit", "list", "--actor", "ann"]).expect(0);
        assert!(ran.err.contains("ann is a user too"), "{ran:?}");
        assert!(ran.err.contains(&format!("--actor {id}")), "{ran:?}");
        let error = place.refused(2, &["audit", "list", "--text", ""]);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("must be 1 to 1000 characters"), "{error}");
    });
}

#[test]
fn a_list_fits_80_columns_and_steers_no_terminal() {
    on_both(|place| {
        let file = fixture("cloudtrail.jsonl");
        place
            .run(&["audit", "import", &file, "--format", "cloudtrail"])
            .expect(0);
        place.append(&["--actor", "user:\u{1b}[31mred", "--action", "x"]);
        let text = place.run(&["audit", "list", "--limit", "100"]).expect(0).out;
        assert_eq!(text.lines().count(), 53);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    });
}

#[test]
fn an_unknown_entry_exits_1() {
    on_both(|place| {
        for args in [
            &["show", "99"][..],
            &["receipt", "99"],
            &["show", "0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"],
        ] {
            let mut words = vec!["--output", "json", "audit"];
            words.extend(args);
            assert_eq!(place.run(&words).expect(1).error()["code"], "unknown_entry");
        }
    });
}

#[test]
fn receipts_and_consistency_hold() {
    on_both(|place| {
        let file = fixture("cloudtrail.jsonl");
        place
            .run(&["audit", "import", &file, "--format", "cloudtrail"])
            .expect(0);
        let key = key(place);
        for index in ["0", "7", "50"] {
            let text = place.run(&["audit", "receipt", index]).expect(0).out;
            let entry = place
                .run(&["--output", "json", "audit", "show", index])
                .expect(0)
                .out;
            let checked = receipt::check(&text, &evidence::entry::parse(&entry).unwrap(), &key).unwrap();
            assert_eq!((checked.index.to_string().as_str(), checked.size), (index, 51));
            assert_eq!(
                place.json(&["audit", "receipt", index])["receipt"]
                    .as_str()
                    .unwrap()
                    .trim_end(),
                text.trim_end()
            );
        }
        let note = place.run(&["audit", "checkpoint"]).expect(0).out;
        let checkpoint = Checkpoint::open(&note, &key).unwrap();
        let proof = place.run(&["audit", "consistency", "20", "51"]).expect(0).out;
        let proof: ConsistencyProof = serde_json::from_str(&proof).unwrap();
        assert_eq!((proof.to_root, proof.to), (checkpoint.root, checkpoint.size));
        tlog::verify_consistency(
            proof.from,
            proof.to,
            &proof.from_root,
            &proof.to_root,
            &proof.proof,
        )
        .unwrap();
        place.run(&["audit", "consistency", "20", "52"]).expect(1);
    });
}

#[test]
fn exports() {
    on_both(|place| {
        let file = fixture("cloudtrail.jsonl");
        place
            .run(&["audit", "import", &file, "--format", "cloudtrail"])
            .expect(0);
        place.append(&[
            "--actor",
            "user:=1+1",
            "--action",
            "x",
            "--description",
            "a \"quoted\", line",
        ]);

        let jsonl = place.run(&["audit", "export"]).expect(0).out;
        let entries: Vec<_> = jsonl
            .lines()
            .map(|line| evidence::entry::parse(line).unwrap())
            .collect();
        assert!(
            entries
                .iter()
                .zip(0..)
                .all(|(entry, index)| entry.index == index && entry.check().is_ok())
        );
        assert_eq!(entries.len(), 52);

        let csv = place
            .run(&["audit", "export", "--format", "csv", "--action", "x"])
            .expect(0)
            .out;
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines.len() == 2 && lines[0].starts_with("index,id,at,"), "{csv}");
        assert!(
            lines[1].contains(",'=1+1,") && lines[1].contains(r#","a ""quoted"", line","#),
            "{csv}"
        );

        let done = place.json(&[
            "audit",
            "export",
            "--format",
            "bundle",
            "--from",
            "1h",
            "--to-file",
            "bundle.jsonl",
        ]);
        assert_eq!(done["entries"], 52);
        assert!(!place.path("bundle.jsonl.partial").exists());
        let mut checker = BundleChecker::new(key(place));
        for line in std::fs::read_to_string(place.path("bundle.jsonl"))
            .unwrap()
            .lines()
        {
            checker.line(line).unwrap();
        }
        let summary = checker.finish().unwrap();
        assert!(summary.whole_log() && summary.size == 52, "{summary:?}");

        place
            .run(&["audit", "export", "--to-file", "no/such/folder"])
            .expect(2);
    });
}

#[test]
fn tail_follows() {
    on_both(|place| {
        for index in 1..=3 {
            place.append(&["--actor", "user:alice", "--action", &format!("before.{index}")]);
        }
        let text = place.run(&["audit", "tail", "-n", "2"]).expect(0).out;
        assert!(
            !text.contains("before.1") && text.contains("before.2") && text.contains("before.3"),
            "{text}"
        );

        let mut command = place.command(&[
            "--output", "json", "audit", "tail", "-f", "-n", "1", "--actor", "alice",
        ]);
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let mut next = || {
            let line = lines.next().unwrap().unwrap();
            serde_json::from_str::<serde_json::Value>(&line).unwrap()["action"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(next(), "before.3");
        place.append(&["--actor", "user:bob", "--action", "not.his"]);
        place.append(&["--actor", "user:alice", "--action", "after.1"]);
        place.append(&["--actor", "user:alice", "--action", "after.2"]);
        assert_eq!((next(), next()), ("after.1".to_owned(), "after.2".to_owned()));
        child.kill().unwrap();
        child.wait().unwrap();
    });
}
