//! A server with the data of the demo, on either engine, and evidence from it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use testkit::{Postgres, TempDir, TestDatabase};

use crate::guarded::{self, Guarded};
use crate::page::Page;

/// The program: the one that `PROBITY_BIN` names, or else the debug build of today.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(path) = std::env::var_os("PROBITY_BIN").filter(|path| !path.is_empty()) {
        return PathBuf::from(path);
    }
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../.."));
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "probity"])
        .current_dir(&root)
        .env_remove("CARGO_TARGET_DIR")
        .status();
    assert!(built.unwrap().success(), "probity is not built");
    root.join("target/debug/probity").canonicalize().unwrap()
});

/// A running server.
pub struct Demo {
    folder: PathBuf,
    /// What the folder goes with, where the server goes before it.
    kept: Option<TempDir>,
    database: Option<TestDatabase>,
    server: Option<Guarded>,
    /// Where it listens: `http://127.0.0.1:…`.
    pub url: String,
    /// What it printed: the people of the demo with their passwords.
    said: Vec<String>,
}

static SQLITE: LazyLock<Demo> = LazyLock::new(|| Demo::start("sqlite", None));
static POSTGRES: LazyLock<Demo> = LazyLock::new(|| Demo::start("postgres", None));

/// One on SQLite and one on PostgreSQL, which all tests of a run share.
pub fn demos() -> [&'static Demo; 2] {
    [&SQLITE, &POSTGRES]
}

impl Demo {
    fn start(engine: &str, kept: Option<TempDir>) -> Demo {
        let shared = || std::env::temp_dir().join(format!("probity-browser-{engine}-{}", std::process::id()));
        let folder = kept.as_ref().map_or_else(shared, |kept| kept.path().to_owned());
        fs::create_dir_all(&folder).unwrap();
        let database = || Postgres::shared().and_then(Postgres::database);
        let database = (engine == "postgres").then(|| database().unwrap_or_else(|error| panic!("{error}")));
        let mut demo = Demo {
            folder,
            kept,
            database,
            server: None,
            url: String::new(),
            said: Vec::new(),
        };
        demo.serve(&["serve", "--listen", "127.0.0.1:0", "--demo"]);
        demo
    }

    /// One that no other test shares, and that can be stopped.
    pub fn alone(engine: &str) -> Demo {
        Demo::start(engine, Some(testkit::temp_dir("probity-browser")))
    }

    /// Ends the server at once.
    pub fn stop(&mut self) {
        self.server.take().unwrap().end();
    }

    /// Starts it once more, where it was.
    pub fn start_again(&mut self) {
        let address = self.url.strip_prefix("http://").unwrap().to_owned();
        self.serve(&["serve", "--listen", &address]);
    }

    fn serve(&mut self, arguments: &[&str]) {
        let command = self.command(arguments);
        // What is shared goes with its server.
        let goes = if self.kept.is_some() {
            self.folder.join("nothing")
        } else {
            self.folder.clone()
        };
        let (server, lines) = guarded::start(&command, &goes);
        let mut lines = lines.map_while(Result::ok);
        self.server = Some(server);
        self.url.clear();
        for line in lines.by_ref() {
            if let Some(url) = line.strip_prefix("Listening on ") {
                url.split(' ').next().unwrap().clone_into(&mut self.url);
                break;
            }
            self.said.push(line);
        }
        assert!(!self.url.is_empty(), "it ended: {:?}", self.said);
        // Nobody else reads what it says from now on.
        std::thread::spawn(move || lines.for_each(drop));
    }

    /// The program with the options that find this database, and nothing of our own environment that it reads.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&*PROGRAM);
        command
            .current_dir(&self.folder)
            .args(["--data-dir", "data"])
            .stdin(Stdio::null());
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PROBITY_"))
        {
            command.env_remove(name);
        }
        command.env_remove("DATABASE_URL");
        if let Some(database) = &self.database {
            command.args(["--database", database.url()]);
        }
        command.args(arguments);
        command
    }

    /// What a command prints, which must succeed.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Records an event of this action.
    #[track_caller]
    pub fn append(&self, action: &str, more: &[&str]) {
        let event = ["audit", "append", "--actor", "user:al", "--action", action];
        self.run(&[&event[..], more].concat());
    }

    /// The password of one of the people of the demo.
    pub fn password(&self, name: &str) -> &str {
        let line = self.said.iter().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("nobody is {name}: {:?}", self.said));
        line.split_whitespace().last().unwrap()
    }

    /// Signs in as one of the people of the demo, by the form.
    pub async fn sign_in(&self, page: &Page, name: &str) {
        page.open(&format!("{}/sign-in", self.url)).await;
        page.fill("[name=username]", name).await;
        page.fill("[name=password]", self.password(name)).await;
        page.click("form[action='/sign-in'] button[type=submit]").await;
        page.wait_for("header .menu", name).await;
    }

    /// Opens a page of ours.
    pub async fn open(&self, page: &Page, path: &str) {
        page.open(&format!("{}{path}", self.url)).await;
    }

    /// A path in the demo's folder.
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// Writes what a command prints into a file, and gives its path.
    #[track_caller]
    pub fn file(&self, name: &str, arguments: &[&str]) -> String {
        let path = self.path(name);
        fs::write(&path, self.run(arguments)).unwrap();
        path
    }
}
