//! Folders, ports and names that no other test uses.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A folder that is removed, with all that is in it, when this value is dropped.
#[derive(Debug)]
pub struct TempDir {
    path: PathBuf,
}

impl TempDir {
    /// Where it is: an absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // A test that already removed or moved it is no concern of ours.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Makes an empty folder in the system's temporary folder, for our user alone (mode 0700).
///
/// # Panics
/// When it cannot be made: a test has nothing better to do either.
#[expect(clippy::panic, reason = "for tests, which would only unwrap")]
pub fn temp_dir(prefix: &str) -> TempDir {
    let path = std::env::temp_dir().join(format!("{prefix}-{}", unique()));
    match fs::DirBuilder::new().mode(0o700).create(&path) {
        Ok(()) => TempDir { path },
        Err(error) => panic!("cannot make the folder {}: {error}", path.display()),
    }
}

/// A TCP port on 127.0.0.1 that nobody listens on, and that this process was not given before.
///
/// Another process may take it before its user does: who can, listens on port 0 instead.
///
/// # Panics
/// When the machine has no free port left.
#[expect(clippy::panic, reason = "for tests, which would only unwrap")]
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    // The system hands out ports at random, so that a thousand tries find one if there is any.
    for _ in 0..1_000 {
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        match port {
            Ok(address) if given.insert(address.port()) => return address.port(),
            Ok(_) => {}
            Err(error) => panic!("no free port on 127.0.0.1: {error}"),
        }
    }
    panic!("no free port on 127.0.0.1 that was not given out before")
}

/// 16 hexadecimal digits, different for every call in every process.
pub(crate) fn unique() -> String {
    // Its keys are random per thread, and count up from one call to the next.
    let random = RandomState::new().build_hasher().finish();
    format!("{random:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_value() {
        let folder = temp_dir("testkit");
        let path = folder.path().to_path_buf();
        fs::create_dir(path.join("inner")).unwrap();
        fs::write(path.join("inner/file"), "text").unwrap();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn folders_names_and_ports_differ() {
        assert_ne!(temp_dir("testkit").path(), temp_dir("testkit").path());
        let names: BTreeSet<String> = (0..1_000).map(|_| unique()).collect();
        assert_eq!(names.len(), 1_000);
        let ports: BTreeSet<u16> = (0..100).map(|_| free_port()).collect();
        assert_eq!(ports.len(), 100);
    }

    #[test]
    fn a_free_port_can_be_listened_on() {
        let port = free_port();
        assert_eq!(
            TcpListener::bind(("127.0.0.1", port))
                .unwrap()
                .local_addr()
                .unwrap()
                .port(),
            port
        );
    }
}
