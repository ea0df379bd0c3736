use crate::harness::{bare, on_both, run, sqlite};

#[test]
fn a_wrong_command_line_exits_2() {
    let place = sqlite();
    for args in [
        &["audit", "lst"][..],
        &["audit", "list", "--limit", "0"],
        &["audit", "show", "x"],
        &["key", "create"],
    ] {
        let ran = place.run(args).expect(2);
        assert!(ran.out.is_empty() && ran.err.starts_with("error: "), "{ran:?}");
        let mut words = vec!["--output", "json"];
        words.extend(args);
        assert_eq!(place.run(&words).expect(2).error()["code"], "usage");
    }
}

/// What a person is told on several lines is one message, with nothing left out.
#[test]
fn usage_errors_in_json_are_whole() {
    let place = sqlite();
    for (args, message, hint) in [
        (
            &["key", "create"][..],
            &["required arguments", "--name <NAME>", "--scopes <SCOPE,…>"][..],
            "usage: probity key create",
        ),
        (
            &["operation", "list", "--kind", "gift"],
            &["'gift'", "--kind", "deposit", "withdrawal"],
            "--help",
        ),
        (
            &["audit", "lst"],
            &["unrecognized subcommand 'lst'"],
            "similar subcommand exists: 'list'",
        ),
        (
            &["audit"],
            &["subcommand", "append, import, list"],
            "usage: probity audit",
        ),
        (
            &["audit", "list", "--limit", "0"],
            &["'0'", "--limit", "must be a whole number from 1 to 10000"],
            "--help",
        ),
    ] {
        let mut words = args.to_vec();
        words.push("--output=json");
        let ran = place.run(&words).expect(2);
        assert!(ran.out.is_empty() && ran.err.lines().count() == 1, "{ran:?}");
        let error = ran.error();
        assert_eq!(error["code"], "usage");
        let said = error["message"].as_str().unwrap();
        assert!(
            message.iter().all(|part| said.contains(part)) && !said.contains('\n'),
            "{said}"
        );
        assert!(error["hint"].as_str().unwrap().contains(hint), "{error}");
    }
}

#[test]
fn help_and_version_exit_0() {
    let place = sqlite();
    assert!(place.run(&["--version"]).expect(0).out.starts_with("probity 0."));
    let help = place.run(&["audit", "import", "--help"]).expect(0).out;
    assert!(help.contains("Example:\n  probity audit import"), "{help}");
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = run(
            {
                let mut command = bare(&std::env::temp_dir());
                command.args(["completions", shell]);
                command
            },
            "",
        );
        assert!(ran.expect(0).out.contains("acknowledge-restore"), "{shell}");
    }
}

#[test]
fn each_command_has_its_manual_page() {
    let place = sqlite();
    place.run(&["man-pages", "pages"]).expect(0);
    let page = |name: &str| std::fs::read_to_string(place.path("pages").join(name)).unwrap();
    assert!(
        page("probity.1").contains("probity\\-serve(1)"),
        "{}",
        page("probity.1")
    );
    for name in [
        "probity-serve.1",
        "probity-db-backup.1",
        "probity-audit-hold-create.1",
    ] {
        assert!(page(name).contains("Example:"), "{}", page(name));
    }
    let taken = place.path("pages/probity.1").to_string_lossy().into_owned();
    place.run(&["man-pages", &taken]).expect(2);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    on_both(|place| {
        let events = vec![r#"{"actor":{"kind":"user","id":"a"},"action":"x"}"#; 1_000].join(",");
        place
            .run_with(&["audit", "append", "--json", "-"], &format!("[{events}]"))
            .expect(0);
        let mut child = place.command(&["audit", "export"]);
        child
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = child.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.len()),
            (Some(0), 0),
            "{output:?}"
        );
    });
}

#[test]
fn status_is_well() {
    on_both(|place| {
        let status = place.json(&["status"]);
        assert_eq!(
            (&status["healthy"], &status["log"]["size"]),
            (&true.into(), &1.into()),
            "{status}"
        );
        assert_eq!(status["migrations"]["applied"], status["migrations"]["known"]);
        let text = place.run(&["status"]).expect(0).out;
        assert!(
            text.contains("✓ all is well") && text.contains("Check database"),
            "{text}"
        );
    });
}
