//! Databases for development: seeding, clearing, and trying one in seven steps.

use crate::harness::{Place, Ran, both, on_both, run, sqlite};
use crate::server::Server;

fn in_production(place: &Place, args: &[&str]) -> Ran {
    let mut command = place.command(args);
    command.env("PROBITY_ENV", "production");
    run(command, "")
}

#[test]
fn seeding_prints_passwords_once() {
    for place in both() {
        let out = place.narrow(&["db", "seed"]);
        let mut people = 0;
        for line in out.lines().skip(1).take_while(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            place.log_in(words[0], words.last().unwrap()).unwrap();
            people += 1;
        }
        assert_eq!(people, 5, "{out}");
        let size = place.json(&["status"])["log"]["size"].clone();
        let again = place.narrow(&["db", "seed"]);
        assert!(
            again.contains("Nothing was missing.") && again.contains("as it was"),
            "{again}"
        );
        let again = place.json(&["db", "seed"]);
        assert_eq!(
            (&again["entries"], &again["users"][1]["password"]),
            (&0.into(), &serde_json::Value::Null)
        );
        assert_eq!(again["users"][1]["username"], "alice");
        assert_eq!(place.json(&["status"])["log"]["size"], size);
        let shown = place.json(&["balance", "show", "user:alice", "--asset", "iSTSi"]);
        assert_eq!(shown["available"], "1000.0000000");
        place.run(&["audit", "verify"]).expect(0);
    }
}

#[test]
fn a_year_says_how_fast_it_was_made() {
    for place in both() {
        let out = place.narrow(&["db", "seed", "--scale", "600"]);
        let last = out.lines().last().unwrap();
        assert!(
            out.contains("A year of 600 entries") && last.contains("a second."),
            "{out}"
        );
        let more = place.json(&["db", "seed", "--scale", "300", "--force"]);
        assert_eq!(
            (&more["scale"]["entries"], &more["entries"]),
            (&300.into(), &301.into())
        );
        assert!(more["scale"]["seconds"].as_f64().unwrap() > 0.0);
        place.run(&["audit", "verify"]).expect(0);
    }
}

#[test]
fn nothing_of_it_is_done_in_production() {
    let place = sqlite();
    for args in [
        &["db", "seed", "--force"][..],
        &["db", "clear", "--yes"],
        &["serve", "--demo", "--listen", "127.0.0.1:0"],
    ] {
        let ran = in_production(&place, args).expect(1);
        assert!(ran.err.contains("PROBITY_ENV=development"), "{ran:?}");
        assert!(!place.path("data").exists());
    }
}

#[test]
fn a_server_seeds_where_it_is_told_to() {
    for place in both() {
        let told = [("PROBITY_DATABASE_AUTO_SEED", "true")];
        let server = Server::start_with(&place, &[], &told);
        let said = server.said.join("\n");
        assert!(said.contains("diana") && said.contains("rejected"), "{said}");
        assert_eq!(server.stop("-TERM").0, Some(0));
        let server = Server::start_with(&place, &[], &told);
        assert_eq!(server.said, Vec::<String>::new());
    }
}

#[test]
fn clearing_is_asked_for_and_needs_the_database_for_itself() {
    on_both(|place| {
        let refused = place.refused(2, &["db", "clear"]);
        assert_eq!(refused["code"], "not_confirmed");
        let server = Server::start(place, &[]);
        let refused = place.refused(2, &["db", "clear", "--yes"]);
        assert!(
            refused["hint"].as_str().unwrap().contains("stop the server"),
            "{refused}"
        );
        assert_eq!(server.stop("-TERM").0, Some(0));
        let cleared = place.json(&["db", "clear", "--yes"]);
        assert!(cleared["entries"].as_u64().unwrap() > 0, "{cleared}");
        place.run(&["status"]).expect(1);
        let again = place.narrow(&["db", "clear", "--yes"]);
        assert!(again.contains("There was no log"), "{again}");
        assert!(place.run(&["init"]).expect(0).out.contains("one-time password"));
    });
}

#[test]
fn seven_steps_beside_a_server() {
    on_both(|place| {
        let server = Server::start(place, &[]);
        let out = place.narrow(&["db", "check"]);
        for step in [
            "✓ 1 connect",
            "✓ 4 relate",
            "✓ 7 clean up",
            "✓ the database works: 7 of 7 steps",
        ] {
            assert!(out.contains(step), "{step}: {out}");
        }
        let shown = place.json(&["db", "check"]);
        assert_eq!(shown["ok"], true);
        let steps = shown["steps"].as_array().unwrap();
        assert!(
            steps
                .iter()
                .all(|step| step["ok"] == true && step["us"].as_u64().unwrap() > 0)
        );
        assert_eq!((steps.len(), &steps[5]["name"]), (7, &"cascade".into()));
        assert_eq!(server.stop("-TERM").0, Some(0));
        // A table that is not what it was stops the step that needs it.
        place.by_hand("ALTER TABLE conversations RENAME COLUMN title TO titel");
        let ran = place.run(&["db", "check"]).expect(1);
        assert!(
            ran.out.contains("✗ 4 relate") && ran.out.contains("✗ the database does not work"),
            "{ran:?}"
        );
    });
}
