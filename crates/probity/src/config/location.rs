//! Where the database is, as people write it.

use std::path::PathBuf;

use engine::database::Location;

use crate::failure::Failure;

/// Reads `sqlite:PATH`, `postgres://…`, `postgresql://…` or a path.
pub fn parse(text: &str) -> Result<Location, Failure> {
    let wrong = |message: &str| {
        let hint = "use sqlite:PATH, a path, or postgres://USER@HOST:PORT/DATABASE";
        Err(Failure::could_not_run("config", message.to_owned(), hint))
    };
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(Location::Postgres(text.to_owned()));
    }
    let path = text
        .strip_prefix("sqlite://")
        .or_else(|| text.strip_prefix("sqlite:"))
        .unwrap_or(text);
    if path.is_empty() {
        return wrong("the database's path is empty");
    }
    if path == ":memory:" {
        return wrong(
            "a database in memory would be gone with the process, and each connection would have its own",
        );
    }
    if let Some((scheme, _)) = path.split_once("://") {
        return wrong(&format!("there is no database engine {scheme:?} here"));
    }
    Ok(Location::Sqlite(PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let sqlite = |path: &str| Some(Location::Sqlite(PathBuf::from(path)));
        let postgres = |url: &str| Some(Location::Postgres(url.into()));
        for (text, expected) in [
            ("a.db", sqlite("a.db")),
            ("sqlite:a.db", sqlite("a.db")),
            ("sqlite:/var/a.db", sqlite("/var/a.db")),
            ("sqlite:///var/a.db", sqlite("/var/a.db")),
            ("postgres://h/d", postgres("postgres://h/d")),
            ("postgresql://h/d", postgres("postgresql://h/d")),
            ("", None),
            ("sqlite:", None),
            ("sqlite::memory:", None),
            ("mysql://h/d", None),
        ] {
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
    }
}
