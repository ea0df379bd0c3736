//! A disk that is full, under a running server and at the command line.

use std::process::Command;

use serde_json::Value;

use crate::harness::{Place, by_way_of, on_both, run, with_files_up_to};
use crate::server::Server;

/// What takes the space away: on SQLite a limit on how long a file of the process may become, which the disk answers as a
/// full one; on PostgreSQL the server says of each entry what it says when it cannot extend a file.
pub struct Full<'a> {
    pub place: &'a Place,
    pub sqlite: bool,
}

/// Longest file in KiB: enough for the set-up and some large entries.
const KIB: u64 = 2_048;

impl Full<'_> {
    /// A command that has no more space than there is.
    pub fn command(&self, args: &[&str]) -> Command {
        let plain = self.place.command(args);
        if !self.sqlite {
            return plain;
        }
        by_way_of(with_files_up_to(KIB), &plain)
    }

    fn fill(&self) {
        if !self.sqlite {
            self.place.by_hand(
                "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$",
            );
            self.place.by_hand(
                "CREATE TRIGGER no_space BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION no_space()",
            );
        }
    }

    fn free(&self, server: &Server) {
        if self.sqlite {
            let process = server.child.id().to_string();
            let status = Command::new("prlimit")
                .args(["--pid", &process, "--fsize=unlimited"])
                .status();
            assert!(status.unwrap().success());
        } else {
            self.place.by_hand("DROP TRIGGER no_space ON entries");
        }
    }
}

/// An entry of 50 kB: where it does not fit, neither does what a trial writes, which is 128 KiB.
pub fn large() -> String {
    let text = "0123456789".repeat(5_000);
    format!(r#"{{"actor":{{"kind":"user","id":"a"}},"action":"x","details":{{"text":"{text}"}}}}"#)
}

fn json(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

fn metric(answer: &str, name: &str) -> u64 {
    let value = answer
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value
        .unwrap_or_else(|| panic!("no {name}: {answer}"))
        .parse()
        .unwrap()
}

#[test]
fn a_full_disk_is_said_everywhere_and_gone_when_there_is_space() {
    on_both(|place| {
        let full = Full {
            place,
            sqlite: matches!(place.location(), store::db::Location::Sqlite(_)),
        };
        let made = place.json(&["key", "create", "--name", "x", "--scopes", "read,write,admin"]);
        let key = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
        let server = Server::of(full.command(&["serve", "--listen", "127.0.0.1:0"]));
        let append = || server.post("/v1/audit/entries", &key, &large());
        assert_eq!(status(&append()), "201");
        full.fill();

        let refused = (0..100)
            .map(|_| append())
            .find(|answer| status(answer) != "201")
            .unwrap();
        assert_eq!(
            (status(&refused), &json(&refused)["code"]),
            ("503", &"storage_full".into()),
            "{refused}"
        );
        assert!(
            refused.to_lowercase().contains("\r\nretry-after: 5\r\n"),
            "{refused}"
        );
        let ready = server.get("/health/ready", "");
        let storage = serde_json::json!({"name": "storage", "ok": false, "code": "storage_full"});
        assert_eq!(status(&ready), "503", "{ready}");
        assert!(
            json(&ready)["checks"].as_array().unwrap().contains(&storage),
            "{ready}"
        );
        assert!(server.get("/health/live", "").starts_with("HTTP/1.1 200"));
        let metrics = server.get("/metrics", &key);
        assert_eq!(metric(&metrics, "probity_storage_full"), 1);
        assert!(metric(&metrics, "probity_batches_failed_total{cause=\"storage_full\"}") > 0);
        // Reading goes on.
        let read = server.get("/v1/audit/entries/1", &key);
        assert_eq!(status(&read), "200", "{read}");
        at_the_command_line(&full);

        full.free(&server);
        let ready = server.get("/health/ready", "");
        assert_eq!(
            (status(&ready), &json(&ready)["ready"]),
            ("200", &true.into()),
            "{ready}"
        );
        assert_eq!(metric(&server.get("/metrics", &key), "probity_storage_full"), 0);
        let appended = append();
        assert_eq!(status(&appended), "201", "{appended}");
        assert_eq!(server.stop("-TERM").0, Some(0));
        place.run(&["status"]).expect(0);
        place.run(&["audit", "verify"]).expect(0);
    });
}

/// A process of its own, which no server has told anything.
fn at_the_command_line(full: &Full<'_>) {
    let told = run(full.command(&["--output", "json", "status"]), "")
        .expect(1)
        .json();
    assert_eq!(told["healthy"], false, "{told}");
    let checks = told["checks"].as_array().unwrap();
    let storage = checks.iter().find(|check| check["name"] == "storage").unwrap();
    assert_eq!(storage["code"], "storage_full", "{told}");
    let told = run(full.command(&["status"]), "").expect(1).out;
    assert!(
        told.contains("Check storage") && told.contains("something is wrong"),
        "{told}"
    );

    // What is less than a trial writes may still fit.
    let append = || run(full.command(&["audit", "append", "--json", "-"]), &large());
    let failed = (0..100).map(|_| append()).find(|ran| ran.code != 0).unwrap();
    let failed = failed.expect(2).err;
    assert!(
        failed.contains("hint: free some space") && failed.contains("Reading goes on"),
        "{failed}"
    );
    run(full.command(&["audit", "list"]), "").expect(0);
}
