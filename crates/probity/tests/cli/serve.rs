use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Place, both, on_both, run};
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
        // Who one can be, each with a password of their own that lets them in.
        for name in ["admin", "alice", "bob", "charlie", "diana"] {
            let line = server.said.iter().find(|line| line.starts_with(name)).unwrap();
            let password = line.split_whitespace().last().unwrap();
            let body = format!(r#"{{"username": "{name}", "password": "{password}"}}"#);
            let answer = server.post("/v1/auth/login", "", &body);
            assert!(answer.starts_with("HTTP/1.1 200"), "{name}: {answer}");
        }
        let commands: Vec<&String> = server
            .said
            .iter()
            .zip(server.said.iter().skip(1))
            .filter(|(comment, _)| comment.starts_with('#'))
            .map(|(_, command)| command)
            .collect();
        let expected = [
            "refused",
            "✓ intact",
            "c2sp.org/tlog-proof@v1",
            "house:external",
            "completed",
        ];
        assert_eq!(commands.len(), expected.len(), "{said}");
        for (command, expected) in commands.iter().zip(expected) {
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
        assert!(
            size.as_u64().unwrap() > 202,
            "the events, the admin, the key, and what was seeded"
        );
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

/// The pair of files as settings.
fn pair(place: &Place, signed: &testkit::Signed) -> [(&'static str, String); 2] {
    [
        ("PROBITY_HTTP_TLS_CERT", "server.crt", &signed.certificate),
        ("PROBITY_HTTP_TLS_KEY", "server.key", &signed.key),
    ]
    .map(|(variable, name, content)| {
        let path = place.path(name);
        std::fs::write(&path, content).unwrap();
        (variable, path.to_str().unwrap().to_owned())
    })
}

#[test]
fn a_certificate_is_renewed_when_told() {
    let authority = testkit::Authority::new();
    let place = &both()[0];
    let files = pair(place, &authority.signs(&["localhost"]));
    let envs: Vec<_> = files.iter().map(|(name, path)| (*name, path.as_str())).collect();
    let mut server = Server::start_with(place, &[], &[&envs[..], &[("PROBITY_LOG", "info")]].concat());
    assert!(
        server.said.last().unwrap().starts_with("https://127.0.0.1:"),
        "{:?}",
        server.said
    );
    let answer = server.get("/health/live", "");
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("use https://"),
        "{answer}"
    );

    let mut log = BufReader::new(server.child.stderr.take().unwrap()).lines();
    let mut told = |signed: &testkit::Signed, expected: &str| {
        pair(place, signed);
        let pid = server.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-HUP", &pid])
                .status()
                .unwrap()
                .success()
        );
        log.find(|line| line.as_ref().unwrap().contains(expected))
            .expect(expected)
            .unwrap();
    };
    told(&authority.signs(&["localhost"]), "the certificate was renewed");
    let (one, other) = (authority.signs(&["localhost"]), authority.signs(&["localhost"]));
    let mismatched = testkit::Signed {
        key: other.key,
        ..one
    };
    told(&mismatched, "the certificate is not renewed");
    assert_eq!(server.stop("-TERM").0, Some(0));
}

#[test]
fn a_bad_certificate_is_said_before_anything_is_made() {
    let authority = testkit::Authority::new();
    let place = &both()[0];
    let (one, other) = (authority.signs(&["localhost"]), authority.signs(&["localhost"]));
    let good = pair(place, &one);
    let refused = |files: &[(&str, String)], expected: &str| {
        let mut command = place.command(&["--output", "json", "serve", "--listen", "127.0.0.1:0"]);
        command.envs(files.iter().map(|(name, path)| (*name, path.as_str())));
        let error = run(command, "").expect(2).error();
        assert_eq!(error["code"], "certificate", "{error}");
        assert!(error["message"].as_str().unwrap().contains(expected), "{error}");
        assert!(!place.path("data").exists());
    };
    refused(&good[..1], "must be set together");
    refused(&good[1..], "must be set together");
    std::fs::write(place.path("server.key"), &other.key).unwrap();
    refused(&good, "server.key is not the key of ");
    std::fs::remove_file(place.path("server.crt")).unwrap();
    refused(&good, "server.crt: ");
}

/// Clients refuse it: whoever looks is told, before they ask.
#[test]
fn a_certificate_that_has_expired_is_said() {
    let place = &both()[0];
    place.run(&["init"]).expect(0);
    let authority = testkit::Authority::new();
    let status = |signed: &testkit::Signed| {
        let mut command = place.command(&["--output", "json", "status"]);
        command.envs(pair(place, signed));
        let ran = run(command, "");
        let checks = ran.json()["checks"].as_array().unwrap().clone();
        let check = checks
            .iter()
            .find(|check| check["name"] == "certificate")
            .unwrap();
        (ran.code, check["detail"].as_str().unwrap().to_owned())
    };
    let good = status(&authority.signs(&["localhost"]));
    assert!(good.0 == 0 && good.1.starts_with("valid until 4096-"), "{good:?}");
    let expired = authority.signed_once(&["localhost"]);
    let told = status(&expired);
    assert!(
        told.0 == 1 && told.1.contains("has expired: it was valid until 2020-01-01"),
        "{told:?}"
    );
    let files = pair(place, &expired);
    let files: Vec<_> = files.iter().map(|(name, path)| (*name, path.as_str())).collect();
    let mut server = Server::start_with(place, &[], &files);
    let mut log = BufReader::new(server.child.stderr.take().unwrap()).lines();
    let told = log.find(|line| line.as_ref().unwrap().contains("has expired"));
    assert!(told.unwrap().unwrap().contains("put another one in its place"));
    assert_eq!(server.stop("-TERM").0, Some(0));
}

/// Whoever asks for a row that was changed by hand again and again does not fill the log.
#[test]
fn a_changed_row_is_named_once_a_minute() {
    on_both(|place| {
        let made = place.json(&["key", "create", "--name", "x", "--scopes", "read,write,admin"]);
        let key = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
        place.by_hand("UPDATE users SET active = NOT active");
        let mut server = Server::start(place, &[]);
        let stderr = server.child.stderr.take().unwrap();
        let body = r#"{"actor":{"kind":"user","id":"a"},"action":"x"}"#;
        for _ in 0..10 {
            assert!(server.get("/v1/me", &key).contains("tampered"));
            assert!(server.post("/v1/audit/entries", &key, body).contains("tampered"));
        }
        assert_eq!(server.stop("-TERM").0, Some(0));
        let log: Vec<_> = BufReader::new(stderr).lines().map(Result::unwrap).collect();
        let named = log.iter().filter(|line| line.contains("ERROR"));
        let named: Vec<_> = named.filter(|line| line.contains("users ")).collect();
        assert_eq!(named.len(), 1, "{log:#?}");
    });
}

#[test]
fn in_production_other_machines_are_not_served_without_tls() {
    let place = &both()[0];
    let serve = |listen: &str, envs: &[(&str, &str)]| {
        let mut command = place.command(&["--output", "json", "serve", "--listen", listen]);
        command
            .env("PROBITY_ENV", "production")
            .envs(envs.iter().copied());
        // Nothing was set up: what may be listened on is refused for that.
        run(command, "").expect(2).error()["code"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for (listen, envs, expected) in [
        ("127.0.0.1:0", &[][..], "schema_behind"),
        ("localhost:0", &[], "schema_behind"),
        ("0.0.0.0:0", &[], "listen"),
        ("[::]:0", &[], "listen"),
        (
            "0.0.0.0:0",
            &[("PROBITY_HTTP_PLAINTEXT", "true")],
            "schema_behind",
        ),
        (
            "0.0.0.0:0",
            &[("PROBITY_HTTP_TRUSTED_PROXIES", "192.0.2.1")],
            "schema_behind",
        ),
    ] {
        assert_eq!(serve(listen, envs), expected, "{listen} {envs:?}");
    }
    let files = pair(place, &testkit::Authority::new().signs(&["localhost"]));
    let envs: Vec<_> = files.iter().map(|(name, path)| (*name, path.as_str())).collect();
    assert_eq!(serve("0.0.0.0:0", &envs), "schema_behind");
}

#[test]
fn commands_to_copy_have_the_public_url() {
    let place = &both()[0];
    let server = Server::start_with(
        place,
        &[],
        &[("PROBITY_HTTP_PUBLIC_URL", "https://log.example.org/")],
    );
    let said = server.said.join("\n");
    assert!(
        said.contains("curl https://log.example.org/v1/auth/login"),
        "{said}"
    );
    let document = server.get("/openapi.json", "");
    assert!(document.contains(r#""servers":[{"url":"https://log.example.org"}]"#));
}

#[test]
fn a_service_manager_is_told_how_the_server_is() {
    for place in both() {
        let path = place.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let hear = || {
            let mut bytes = [0; 1_024];
            let length = socket.recv(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        };
        let envs = [
            ("NOTIFY_SOCKET", path.to_str().unwrap()),
            ("WATCHDOG_USEC", "1500000"),
        ];
        let server = Server::start_with(&place, &[], &envs);
        let ready = hear();
        assert!(ready.starts_with("READY=1\nSTATUS=serving "), "{ready}");
        // To read files again ends nothing, also where there are none.
        let id = server.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-HUP", &id])
                .status()
                .unwrap()
                .success()
        );
        for _ in 0..2 {
            assert_eq!(hear().trim_end(), "WATCHDOG=1");
        }
        assert!(server.get("/health/live", "").starts_with("HTTP/1.1 200"));
        assert_eq!(server.stop("-TERM").0, Some(0));
        let stopping = std::iter::repeat_with(hear).find(|said| said.trim_end() != "WATCHDOG=1");
        assert!(stopping.unwrap().starts_with("STOPPING=1\n"));
    }
}
