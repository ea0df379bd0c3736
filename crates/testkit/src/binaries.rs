//! Finds PostgreSQL's server programs, which distributions keep out of `PATH`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// Where Debian and Ubuntu keep one folder per major version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Where to look.
pub(crate) struct Places {
    /// What the developer asked for: the only place, when set.
    explicit: Option<PathBuf>,
    /// What `pg_config --bindir` says; it may be a folder with client programs only.
    pg_config: Option<PathBuf>,
    /// A folder with a folder per major version, each with a `bin`.
    versions: PathBuf,
    /// `PATH`.
    path: OsString,
}

impl Places {
    /// The places of this machine and environment.
    pub(crate) fn of_this_machine() -> Places {
        let pg_config = Command::new("pg_config")
            .arg("--bindir")
            .output()
            .ok()
            .filter(|output| output.status.success())
            .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        Places {
            explicit: std::env::var_os("PROBITY_PG_BIN")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from),
            pg_config,
            versions: PathBuf::from(VERSIONS),
            path: std::env::var_os("PATH").unwrap_or_default(),
        }
    }

    /// The folder that holds `initdb`, `pg_ctl` and `postgres`.
    pub(crate) fn find(&self) -> Result<PathBuf, Error> {
        if let Some(explicit) = &self.explicit {
            return if complete(explicit) {
                Ok(explicit.clone())
            } else {
                Err(Error::WrongBin(explicit.clone()))
            };
        }
        let mut looked_in: Vec<PathBuf> = self.pg_config.iter().cloned().collect();
        looked_in.extend(newest_first(&self.versions));
        looked_in.extend(std::env::split_paths(&self.path));
        match looked_in.iter().find(|folder| complete(folder)) {
            Some(folder) => Ok(folder.clone()),
            None => Err(Error::NotInstalled { looked_in }),
        }
    }
}

fn complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

/// `versions/17/bin`, `versions/9.6/bin`…: by number, since as text 9 comes after 17.
fn newest_first(versions: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(Vec<u32>, PathBuf)> = fs::read_dir(versions)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number = name
                .split('.')
                .map(|part| part.parse().ok())
                .collect::<Option<Vec<u32>>>()?;
            Some((number, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, bin)| bin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TempDir, temp_dir};

    fn installed(root: &TempDir, folder: &str, programs: &[&str]) -> PathBuf {
        let bin = root.path().join(folder);
        fs::create_dir_all(&bin).unwrap();
        for program in programs {
            fs::write(bin.join(program), "").unwrap();
        }
        bin
    }

    const SERVER: &[&str] = &["initdb", "pg_ctl", "postgres"];

    fn places(root: &TempDir) -> Places {
        Places {
            explicit: None,
            pg_config: None,
            versions: root.path().join("versions"),
            path: OsString::from("/nonexistent-bin"),
        }
    }

    #[test]
    fn the_highest_version_wins_by_number() {
        let root = temp_dir("binaries");
        installed(&root, "versions/9.6/bin", SERVER);
        let newest = installed(&root, "versions/17/bin", SERVER);
        installed(&root, "versions/18/bin", &["psql"]);
        assert_eq!(places(&root).find().unwrap(), newest);
    }

    #[test]
    fn a_client_only_pg_config_is_passed_over() {
        let root = temp_dir("binaries");
        let client = installed(&root, "client", &["psql", "pg_config"]);
        let on_path = installed(&root, "path", SERVER);
        let found = Places {
            pg_config: Some(client),
            path: on_path.clone().into(),
            ..places(&root)
        }
        .find();
        assert_eq!(found.unwrap(), on_path);
    }

    #[test]
    fn an_explicit_folder_is_the_only_one() {
        let root = temp_dir("binaries");
        let other = installed(&root, "other", SERVER);
        let empty = installed(&root, "empty", &[]);
        let found = Places {
            explicit: Some(empty),
            path: other.into(),
            ..places(&root)
        }
        .find();
        assert!(matches!(found, Err(Error::WrongBin(_))), "{found:?}");
    }

    #[test]
    fn nothing_installed_says_what_to_install() {
        let message = places(&temp_dir("binaries")).find().unwrap_err().to_string();
        assert!(message.contains("apt-get install postgresql"), "{message}");
        assert!(message.contains("/nonexistent-bin"), "{message}");
    }
}
