use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{both, on_both, run};
use crate::server::Server;

#[test]
fn it_sets_up_serves_and_stops() {
    for place in both() {
        let server = Server::start(&place, &[]);
        let said = server.said.join("\n");
        assert!(
            said.contains("✓ log") && said.contains("one-time password"),
            "{said}"
        );
        // What to do with it, and if it is lost.
        for expected in ["/v1/auth/login", "/v1/me/password", "user recover admin"] {
            assert!(said.contains(expected), "{expected}: {said}");
        }
        assert!(server.get("/health/live", "").starts_with("HTTP/1.1 200"));
        // Other processes work while it runs.
        place.append(&["--actor", "user:alice", "--action", "user.login"]);
        assert_eq!(server.stop("-TERM").0, Some(0));
        place.run(&["audit", "verify"]).expect(0);

        let begun = Instant::now();
        let server = Server::start(&place, &[]);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(server.said.is_empty(), "{:?}", server.said);
        let (code, took) = server.stop("-INT");
        assert_eq!(code, Some(0));
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

#[test]
fn the_commands_of_the_demo_work_as_pasted() {
    for place in both() {
        let server = Server::start(&place, &["--demo"]);
        let said = server.said.join("\n");
        assert!(said.contains("200 AWS CloudTrail events"), "{said}");
        let commands: Vec<&String> = server
            .said
            .iter()
            .zip(server.said.iter().skip(1))
            .filter(|(comment, _)| comment.starts_with('#'))
            .map(|(_, command)| command)
            .collect();
        assert_eq!(commands.len(), 3, "{said}");
        for (command, expected) in commands
            .iter()
            .zip(["refused", "✓ intact", "c2sp.org/tlog-proof@v1"])
        {
            if let Some(rest) = command.strip_prefix("curl -s -H 'Authorization: ") {
                let (token, url) = rest.split_once("' http://").unwrap();
                let path = &url[url.find('/').unwrap()..];
                let answer = server.get(path, &format!("Authorization: {token}\r\n"));
                assert!(answer.contains(expected), "{answer}");
                continue;
            }
            let mut shell = Command::new("sh");
            shell.args(["-c", command]).current_dir("/");
            let ran = run(shell, "").expect(0);
            assert!(ran.out.contains(expected), "{ran:?}");
        }
        let size = place.json(&["status"])["log"]["size"].clone();
        assert_eq!(size, 202);
        assert_eq!(server.stop("-TERM").0, Some(0));

        let again = Server::start(&place, &["--demo"]);
        assert!(
            again.said.join("\n").contains("has a log already"),
            "{:?}",
            again.said
        );
        assert_eq!(place.json(&["status"])["log"]["size"], size);
    }
}

#[test]
fn a_taken_port_is_said_before_anything_is_made() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for place in both() {
        let ran = place
            .run(&["--output", "json", "serve", "--listen", &address])
            .expect(2);
        assert_eq!(ran.error()["code"], "listen");
        assert!(!place.path("data").exists());
        place.run(&["serve", "--listen", "nowhere"]).expect(2);
    }
}

#[test]
fn the_command_line_writes_while_a_server_runs() {
    on_both(|place| {
        let server = Server::start(place, &[]);
        let made = place.json(&["key", "create", "--name", "x", "--scopes", "read"]);
        let header = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
        let answer = server.get("/v1/audit/entries/1", &header);
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("api_key.create"),
            "{answer}"
        );
        place
            .run(&["key", "revoke", made["api_key"]["id"].as_str().unwrap()])
            .expect(0);
        let revoked = (0..30).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            server
                .get("/v1/audit/entries/1", &header)
                .starts_with("HTTP/1.1 401")
        });
        assert!(revoked, "a revoked key still works after three seconds");
    });
}

#[test]
fn where_it_does_not_migrate_it_says_who_does() {
    for place in both() {
        let serve = |code: i32| {
            let mut command = place.command(&["--output", "json", "serve", "--listen", "127.0.0.1:0"]);
            command.env("PROBITY_DATABASE_AUTO_MIGRATE", "false");
            let error = run(command, "").expect(code).error();
            assert_eq!(error["code"], "schema_behind", "{error}");
            assert!(
                error["hint"].as_str().unwrap().contains("probity init"),
                "{error}"
            );
            error["message"].as_str().unwrap().to_owned()
        };
        serve(2);
        assert!(!place.path("data/signing.key").exists());
        place.run(&["init"]).expect(0);
        let newest =
            "DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)";
        place.by_hand(newest);
        let message = serve(2);
        assert!(message.contains("this program needs"), "{message}");
    }
}

#[test]
fn a_schema_that_is_up_to_date_is_served_everywhere() {
    on_both(|place| {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("PROBITY_DATABASE_AUTO_MIGRATE", "false");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(line.starts_with("Listening on http://"), "{line}");
    });
}
