//! Runs the binary in a folder of its own, against a database of its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use testkit::{Postgres, TempDir, TestDatabase, temp_dir};

/// A place to run the binary in.
pub struct Place {
    folder: TempDir,
    database: Option<TestDatabase>,
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// The same, which must have ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Standard output, which must be one JSON value.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Standard error, which must be one error as JSON.
    #[track_caller]
    pub fn error(&self) -> Value {
        let value: Value =
            serde_json::from_str(&self.err).unwrap_or_else(|error| panic!("{error}: {self:#?}"));
        value["error"].clone()
    }
}

/// A place without a database.
pub fn sqlite() -> Place {
    Place {
        folder: temp_dir("probity-cli"),
        database: None,
    }
}

/// Runs a test on SQLite and on PostgreSQL, each set up.
pub fn on_both(test: impl Fn(&Place)) {
    for place in both() {
        place.run(&["init"]).expect(0);
        test(&place);
    }
}

/// A place for each engine, not set up.
pub fn both() -> [Place; 2] {
    let database = Postgres::shared()
        .and_then(Postgres::database)
        .unwrap_or_else(|error| panic!("{error}"));
    [
        sqlite(),
        Place {
            folder: temp_dir("probity-cli"),
            database: Some(database),
        },
    ]
}

impl Place {
    /// The folder where the binary runs; the data folder is `data` in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the database is, in the words of the store.
    pub fn location(&self) -> store::db::Location {
        match &self.database {
            Some(database) => store::db::Location::Postgres(database.url().to_owned()),
            None => store::db::Location::Sqlite(self.path("data/probity.db")),
        }
    }

    /// The binary with the options that find this place's database.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(self.folder.path());
        command.args(["--data-dir", "data"]);
        if let Some(database) = &self.database {
            command.args(["--database", database.url()]);
        }
        command.args(args);
        command
    }

    /// Runs it.
    pub fn run(&self, args: &[&str]) -> Ran {
        run(self.command(args), "")
    }

    /// Runs it with something on standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Ran {
        run(self.command(args), input)
    }

    /// Runs it, which must succeed, and reads its JSON.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let mut words = vec!["--output", "json"];
        words.extend(args);
        self.run(&words).expect(0).json()
    }

    /// Runs it, which must end with this code, and gives the error that it prints as JSON.
    #[track_caller]
    pub fn refused(&self, code: i32, args: &[&str]) -> Value {
        let mut words = vec!["--output", "json"];
        words.extend(args);
        self.run(&words).expect(code).error()
    }

    /// Runs it, which must succeed, and checks that nothing it prints is wider than 80 columns but a command to copy.
    #[track_caller]
    pub fn narrow(&self, args: &[&str]) -> String {
        let ran = self.run(args).expect(0);
        for line in ran.out.lines().chain(ran.err.lines()) {
            let command = line.split("  ").any(|part| part.starts_with("probity "));
            assert!(command || line.chars().count() <= 80, "{args:?}: {line}");
        }
        ran.out
    }

    /// Logs in as the server would: the session's token, or the code of the refusal.
    pub fn log_in(&self, name: &str, password: &str) -> Result<String, String> {
        self.log_in_with(name, password, None)
    }

    /// The same with the code of a second factor.
    pub fn log_in_with(&self, name: &str, password: &str, totp: Option<String>) -> Result<String, String> {
        let options = engine::Options::new(self.path("data"), self.location());
        let request = engine::identity::LogInRequest {
            name: name.to_owned(),
            password: password.to_owned(),
            totp,
            ..engine::identity::LogInRequest::default()
        };
        let origin = domain::Origin {
            ip: Some("192.0.2.7".to_owned()),
            ..domain::Origin::default()
        };
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let engine = engine::Engine::open(options).await.unwrap();
            let answer = engine.log_in(request, origin).await;
            engine.shutdown().await;
            match answer {
                Ok(done) => Ok(done.token.secret().to_owned()),
                Err(engine::Error::Refused { refusal, .. }) => Err(refusal.code.to_owned()),
                Err(error) => panic!("{error}"),
            }
        })
    }

    /// Sets up a user's second factor: its secret in base32, and a recovery code.
    pub fn enrol(&self, name: &str, password: &str) -> (String, String) {
        let options = engine::Options::new(self.path("data"), self.location());
        let request = engine::identity::LogInRequest {
            name: name.to_owned(),
            password: password.to_owned(),
            ..engine::identity::LogInRequest::default()
        };
        let origin = domain::Origin::default();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let engine = engine::Engine::open(options).await.unwrap();
            let session = engine.log_in(request, origin.clone()).await.unwrap().session;
            let caller = domain::Caller::Session(session.id);
            let enrolled = engine
                .enrol_second_factor(&caller, origin.clone(), password.to_owned())
                .await
                .unwrap();
            let code = code(&enrolled.secret, 0);
            let codes = engine
                .confirm_second_factor(&caller, origin, &code)
                .await
                .unwrap();
            engine.shutdown().await;
            (enrolled.secret, codes[0].clone())
        })
    }

    /// Changes the database behind the program's back.
    pub fn by_hand(&self, sql: &str) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let db = store::Db::new(store::Settings::new(self.location())).unwrap();
            db.writer().await.unwrap().batch(sql).await.unwrap();
        });
    }

    /// Appends an entry and returns it.
    #[track_caller]
    pub fn append(&self, args: &[&str]) -> Value {
        let mut words = vec!["audit", "append"];
        words.extend(args);
        self.json(&words)
    }
}

/// The binary: the one that `PROBITY_BIN` names (an absolute path), or else the one built with the tests.
pub fn program() -> PathBuf {
    let given = std::env::var_os("PROBITY_BIN").filter(|path| !path.is_empty());
    given.map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_probity")), PathBuf::from)
}

/// The binary without options, in this folder, with nothing of our own environment that it reads.
pub fn bare(folder: &Path) -> Command {
    let mut command = Command::new(program());
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_remove("DATABASE_URL")
        .env_remove("COLUMNS");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PROBITY_") {
            command.env_remove(name);
        }
    }
    command
}

/// A command by way of another one, whose last words it is.
pub fn by_way_of(mut outer: Command, inner: &Command) -> Command {
    outer
        .arg(inner.get_program())
        .args(inner.get_args())
        .current_dir(inner.get_current_dir().unwrap())
        .stdin(Stdio::null());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

/// Runs the binary at a terminal that is its own, where programs that it starts can ask, too. What is typed waits there; what
/// is to be seen is the output.
pub fn at_terminal(place: &Place, args: &[&str], typed: &str) -> Ran {
    let mut shell = Command::new("bash");
    let script = r#"exec script --quiet --return --command "$(printf '%q ' "$0" "$@")" /dev/null"#;
    shell.args(["-c", script]);
    run(by_way_of(shell, &place.command(args)), typed)
}

/// A shell that runs the command after it, none of whose files may become longer than this. It is met as a full disk is.
pub fn with_files_up_to(kib: u64) -> Command {
    let mut shell = Command::new("bash");
    let limited = format!("ulimit -S -f {kib}; trap '' XFSZ; exec \"$0\" \"$@\"");
    shell.args(["-c", &limited]);
    // A build that counts lines writes what it counted at its end, also here.
    shell.env("LLVM_PROFILE_FILE", "/dev/null");
    shell
}

/// Runs a command to its end.
pub fn run(mut command: Command, input: &str) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child: Child = command.spawn().unwrap();
    // A program that does not read its input may have closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The code of a second factor, so many steps of 30 seconds from now.
pub fn code(secret: &str, steps: u64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new()
        .with_secret(secret)
        .with_skew(0)
        .build()
        .unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    totp.generate(now.as_secs() + 30 * steps).to_string()
}

/// The path of a fixture.
pub fn fixture(name: &str) -> String {
    format!("{}/tests/cli/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// `probity-verify`: the one that `PROBITY_VERIFY_BIN` names, or else the one built beside these tests.
pub fn verifier() -> PathBuf {
    if let Some(path) = std::env::var_os("PROBITY_VERIFY_BIN").filter(|path| !path.is_empty()) {
        return PathBuf::from(path);
    }
    let profile = Path::new(env!("CARGO_BIN_EXE_probity")).parent().unwrap();
    // Tests of one package do not build the program of another.
    let mut build = Command::new(env!("CARGO"));
    build
        .args([
            "build",
            "--quiet",
            "-p",
            "evidence",
            "--bin",
            "probity-verify",
            "--target-dir",
        ])
        .arg(profile.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    run(build, "").expect(0);
    profile.join("probity-verify")
}
