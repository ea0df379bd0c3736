//! A server with the data of the demo, on either engine, and evidence from it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use testkit::{Postgres, TestDatabase};

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
    database: Option<TestDatabase>,
    server: Option<Guarded>,
    /// Where it listens: `http://127.0.0.1:…`.
    pub url: String,
    /// What it printed: the people of the demo with their passwords.
    said: Vec<String>,
}

static SQLITE: LazyLock<Demo> = LazyLock::new(|| Demo::start("sqlite", None));
static POSTGRES: LazyLock<Demo> = LazyLock::new(|| {
    let database = Postgres::shared().and_then(Postgres::database);
    Demo::start(
        "postgres",
        Some(database.unwrap_or_else(|error| panic!("{error}"))),
    )
});

/// One on SQLite and one on PostgreSQL, which all tests of a run share.
pub fn demos() -> [&'static Demo; 2] {
    [&SQLITE, &POSTGRES]
}

impl Demo {
    fn start(engine: &str, database: Option<TestDatabase>) -> Demo {
        let folder = std::env::temp_dir().join(format!("probity-browser-{engine}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut demo = Demo {
            folder,
            database,
            server: None,
            url: String::new(),
            said: Vec::new(),
        };
        let command = demo.command(&["serve", "--listen", "127.0.0.1:0", "--demo"]);
        let (server, lines) = guarded::start(&command, &demo.folder);
        let mut lines = lines.map_while(Result::ok);
        demo.server = Some(server);
        for line in lines.by_ref() {
            if let Some(url) = line.strip_prefix("Listening on ") {
                url.split(' ').next().unwrap().clone_into(&mut demo.url);
                break;
            }
            demo.said.push(line);
        }
        assert!(!demo.url.is_empty(), "it ended: {:?}", demo.said);
        // Nobody else reads what it says from now on.
        std::thread::spawn(move || lines.for_each(drop));
        demo
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

    /// Signs in as one of the people of the demo, by the form.
    pub async fn sign_in(&self, page: &Page, name: &str) {
        let line = self.said.iter().find(|line| line.starts_with(name));
        let password = line
            .unwrap_or_else(|| panic!("nobody is {name}: {:?}", self.said))
            .split_whitespace()
            .last();
        page.open(&format!("{}/sign-in", self.url)).await;
        page.fill("[name=username]", name).await;
        page.fill("[name=password]", password.unwrap()).await;
        page.click("form[action='/sign-in'] button[type=submit]").await;
        page.wait_for("header .menu", name).await;
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
