//! What `probity serve --demo` starts with, and commands to try on it: a sample of real events, and what `probity db seed` makes.

use domain::identity::permission::Scope;
use engine::Engine;
use engine::identity::NewApiKey;
use engine::import::{Format, Input, Reports, import};
use engine::seed::Seeded;

use crate::config::variable;
use crate::context::{Context, caller, origin};
use crate::db::seed;
use crate::failure::Failure;
use crate::output::count;

/// 200 AWS CloudTrail events; `demo/README.md` says whence.
const SAMPLE: &[u8] = include_bytes!("../demo/cloudtrail-sample.jsonl");

/// What the demo made.
pub struct Demo {
    /// The API key's secret.
    key: String,
    /// How many events were imported.
    events: u64,
    /// Index of the first imported event.
    first: u64,
    /// The five people.
    seeded: Seeded,
}

/// Imports the sample, makes an API key, and seeds.
pub async fn fill(engine: &Engine) -> Result<Demo, Failure> {
    let first = *engine.size().borrow();
    let reports = Reports {
        rejected: &mut std::io::sink(),
        shortened: &mut std::io::sink(),
    };
    let report = import(
        engine,
        &caller(),
        Input::stream(SAMPLE),
        Format::Cloudtrail,
        reports,
        &mut |_| {},
    )
    .await?;
    let new = NewApiKey {
        agent: None,
        owner: "admin".to_owned(),
        name: "demo".to_owned(),
        scopes: vec![Scope::Read, Scope::Write],
        expires_at: None,
        requests_per_minute: None,
    };
    let (_, token) = engine.create_api_key(&caller(), origin(), new).await?;
    Ok(Demo {
        key: token.secret().to_owned(),
        events: report.added,
        first,
        seeded: engine.seed(&caller(), false).await?,
    })
}

impl Demo {
    /// What was made, for programs.
    pub fn as_json(&self) -> serde_json::Value {
        let mut shown = seed::as_json(&self.seeded);
        shown["key"] = self.key.as_str().into();
        shown["events"] = self.events.into();
        shown
    }

    /// What was made and what to try, for people.
    pub fn text(&self, context: &Context, base: &str) -> String {
        let prefix = command_prefix(context, true);
        let (key, index) = (&self.key, self.first);
        let people = seed::text(&self.seeded);
        format!(
            "\n{people}\n\nThe log now holds {} AWS CloudTrail events of a simulated attack (2023-07-10).\n\n\
             API key \"demo\" (scopes read, write), shown only now:\n\n  {key}\n\n\
             Try in another terminal:\n\n\
             # What was the attacker refused?\n{prefix} audit list --outcome refused\n\n\
             # Was anything changed by hand? Every entry and row is checked again.\n{prefix} audit verify\n\n\
             # Proof that entry {index} is in the log, checkable offline (probity-verify).\n\
             curl -s -H 'Authorization: Bearer {key}' {base}/v1/audit/entries/{index}/receipt\n\n\
             # What does Alice own, and how did it come to that?\n{prefix} balance statement user:alice --asset BTC\n\n\
             # What did her agent do?\n{prefix} workflow list --user alice\n\n\
             In a browser: {base}/, signed in as one of the people above. Every endpoint: {base}/docs\n",
            count(self.events)
        )
    }
}

/// The command line up to the noun, so that it finds the same database: `elsewhere`, from any folder and terminal, or
/// just here.
pub fn command_prefix(context: &Context, elsewhere: bool) -> String {
    let program = if elsewhere {
        std::env::current_exe().ok()
    } else {
        None
    };
    let on_path = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path)
            .map(|folder| folder.join("probity"))
            .find(|file| file.is_file())
            .is_some_and(|file| file.canonicalize().ok() == program)
    });
    let mut words = vec![match &program {
        Some(program) if !on_path => quoted(&program.display().to_string()),
        Some(_) => "probity".to_owned(),
        None => std::env::args()
            .next()
            .map_or_else(|| "probity".to_owned(), |name| quoted(&name)),
    }];
    let config = &context.settings.config;
    let source = |key| {
        context
            .settings
            .sources
            .get(key)
            .map_or("default", String::as_str)
    };
    let inherited = |key| !elsewhere && !source(key).starts_with("--");
    if !inherited("data_dir") {
        let data_dir = config.data_dir.canonicalize().ok().filter(|_| elsewhere);
        let data_dir = data_dir.as_ref().unwrap_or(&config.data_dir);
        words.push(format!("--data-dir {}", quoted(&data_dir.display().to_string())));
    }
    match &config.database.url {
        None => {}
        Some(_) if inherited("database.url") => {}
        // The secret stays where it is.
        Some(_) if source("database.url").ends_with("DATABASE_URL") => {
            words.push(format!("--database \"${}\"", source("database.url")));
        }
        Some(_) if source("database.url").ends_with("DATABASE_URL_FILE") => {
            words.push(format!("--database \"$(cat \"${}\")\"", source("database.url")));
        }
        Some(_) => {
            let text = config
                .location()
                .map_or_else(|_| String::new(), |location| database_argument(&location));
            words.push(format!("--database {}", quoted(&text)));
        }
    }
    if let Some(environment) = variable("PROBITY_ENV").filter(|_| elsewhere) {
        words.insert(0, format!("PROBITY_ENV={environment}"));
    }
    words.join(" ")
}

/// The database as an argument that holds in any folder.
fn database_argument(location: &engine::database::Location) -> String {
    match location {
        engine::database::Location::Sqlite(path) => {
            format!(
                "sqlite:{}",
                path.canonicalize().unwrap_or_else(|_| path.clone()).display()
            )
        }
        postgres @ engine::database::Location::Postgres(_) => postgres.shown(),
    }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "/._-:@=+,".contains(c);
    if !text.is_empty() && text.chars().all(harmless) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell() {
        for (text, expected) in [
            ("/a/b", "/a/b"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$x", "'$x'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
