//! Whom the server runs as, and in which folder: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Error;

/// A unix socket's path has at most 107 bytes; ours adds `/probity-pg.XXXXXXXX/.s.PGSQL.65535` to the folder's.
const BASE_BYTES_MAX: usize = 70;

/// Whom the server runs as.
pub(crate) enum Account {
    /// Whoever we are.
    Ours,
    /// We are root: someone else.
    Other {
        /// User id.
        uid: u32,
        /// Group id.
        gid: u32,
    },
}

impl Account {
    /// Us, unless we are root: then `postgres`, or else `nobody`.
    pub(crate) fn choose() -> Result<Account, Error> {
        let id = Command::new("id")
            .arg("-u")
            .output()
            .map_err(Error::io("run `id -u`"))?;
        if id.stdout.trim_ascii() != b"0" {
            return Ok(Account::Ours);
        }
        let passwd = fs::read_to_string("/etc/passwd").map_err(Error::io("read /etc/passwd"))?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| lookup(&passwd, name))
            .ok_or(Error::NoUser)
    }

    /// The command, run as this account. (As root, the standard library also drops all other groups.)
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        if let Account::Other { uid, gid } = self {
            command.uid(*uid).gid(*gid);
        }
        command
    }

    /// A folder for the server's own: short, and one that the account can write to.
    pub(crate) fn base(&self) -> Result<PathBuf, Error> {
        let candidates = vec![
            std::env::temp_dir(),
            PathBuf::from("/tmp"),
            PathBuf::from("/var/tmp"),
        ];
        let fits = |folder: &&PathBuf| {
            folder.is_absolute()
                && folder.as_os_str().as_bytes().len() <= BASE_BYTES_MAX
                && self
                    .command("sh")
                    .args(["-c", r#"cd "$1" && test -w ."#, "sh"])
                    .arg(folder)
                    .current_dir("/")
                    .stderr(Stdio::null())
                    .status()
                    .is_ok_and(|status| status.success())
        };
        candidates
            .iter()
            .find(fits)
            .cloned()
            .ok_or_else(|| Error::NoFolder(candidates.clone()))
    }
}

/// Format: passwd(5).
fn lookup(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.as_slice() {
            [user, _, uid, gid, ..] if *user == name => Some(Account::Other {
                uid: uid.parse().ok()?,
                gid: gid.parse().ok()?,
            }),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_user_by_the_whole_name() {
        let passwd =
            "root:x:0:0::/root:/bin/sh\npostgresql:x:7:8::/:/bin/sh\npostgres:x:101:104:,,,:/:/bin/sh\n";
        let found = lookup(passwd, "postgres");
        assert!(matches!(found, Some(Account::Other { uid: 101, gid: 104 })));
        assert!(lookup(passwd, "nobody").is_none());
    }

    #[test]
    fn the_socket_path_fits() {
        let longest = format!(
            "{}/probity-pg.XXXXXXXX/.s.PGSQL.65535",
            "x".repeat(BASE_BYTES_MAX)
        );
        assert!(longest.len() <= 107, "{}", longest.len());
        let base = Account::choose().unwrap().base().unwrap();
        assert!(base.is_absolute());
    }
}
