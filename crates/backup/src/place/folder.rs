//! A folder as a place: files are written aside, flushed, and then given their name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Place, Upload};
use crate::error::{Error, Tried};

/// How files end that are not whole yet.
const PARTIAL: &str = ".partial";

/// When a file that is not whole is one that nobody writes any more.
pub(crate) const BROKEN_OFF_AFTER: Duration = Duration::from_hours(24);

/// A folder of this machine, or one that is mounted.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A folder, which is made where it is missing.
    pub fn new(path: &Path) -> Result<Folder, Error> {
        fs::create_dir_all(path).tried("make the folder", path.display())?;
        Ok(Folder::at(path))
    }

    /// A folder that is read: one that is missing is an error as soon as it is.
    pub fn at(path: &Path) -> Folder {
        Folder {
            path: path.to_owned(),
        }
    }

    fn aside(&self, name: &str) -> Result<Aside, Error> {
        let path = self.path.join(name);
        let partial = self.path.join(format!("{name}.{}{PARTIAL}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&partial).tried("write", partial.display())?;
        Ok(Aside { path, partial, file })
    }

    /// Names of all regular files, also of those that are not whole.
    fn listed(&self) -> Result<Vec<String>, Error> {
        let listed = fs::read_dir(&self.path).and_then(|entries| {
            let names = entries.map(|entry| {
                let entry = entry?;
                // A pipe or a device would be waited for without end.
                let is_file = fs::metadata(entry.path()).is_ok_and(|about| about.is_file());
                Ok(entry.file_name().into_string().ok().filter(|_| is_file))
            });
            names
                .filter_map(Result::transpose)
                .collect::<io::Result<Vec<_>>>()
        });
        listed.tried("list", self.path.display())
    }

    fn write_aside(&self, name: &str, contents: &[u8]) -> Result<Aside, Error> {
        let mut aside = self.aside(name)?;
        aside.write_all(contents).tried("write", aside.path.display())?;
        aside.file.sync_all().tried("flush", aside.path.display())?;
        Ok(aside)
    }
}

impl Place for Folder {
    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        let mut names = self.listed()?;
        names.retain(|name| !name.ends_with(PARTIAL));
        Ok(names)
    }

    fn length(&self, name: &str) -> Result<Option<u64>, Error> {
        let path = self.path.join(name);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            found => found.map(|found| Some(found.len())).tried("read", path.display()),
        }
    }

    fn read(&self, name: &str) -> Result<Box<dyn Read + Send>, Error> {
        let path = self.path.join(name);
        let file = File::open(&path).tried("read", path.display())?;
        Ok(Box::new(file))
    }

    fn create(&self, name: &str) -> Result<Box<dyn Upload>, Error> {
        Ok(Box::new(self.aside(name)?))
    }

    fn add(&self, name: &str, contents: &[u8]) -> Result<bool, Error> {
        match self.write_aside(name, contents)?.link() {
            Err(Error::Exists(_)) => Ok(false),
            done => done.map(|()| true),
        }
    }

    fn replace(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
        let aside = self.write_aside(name, contents)?;
        fs::rename(&aside.partial, &aside.path).tried("write", aside.path.display())?;
        sync(&self.path)
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done.tried("remove", path.display()),
        }
    }

    fn tidy(&self, prefix: &str) -> Result<(), Error> {
        let of_ours = |name: &String| name.starts_with(prefix) && name.ends_with(PARTIAL);
        for name in self.listed()?.into_iter().filter(of_ours) {
            let modified = fs::metadata(self.path.join(&name)).and_then(|about| about.modified());
            let age = modified
                .ok()
                .and_then(|at| SystemTime::now().duration_since(at).ok());
            if age.is_some_and(|age| age > BROKEN_OFF_AFTER) {
                self.remove(&name)?;
            }
        }
        Ok(())
    }
}

/// A file under another name until it is whole.
struct Aside {
    path: PathBuf,
    partial: PathBuf,
    file: File,
}

impl Aside {
    /// Gives the file its name, unless another one has it.
    fn link(&self) -> Result<(), Error> {
        let linked = match fs::hard_link(&self.partial, &self.path) {
            // File systems of other systems know no second name.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => match self.path.try_exists() {
                Ok(false) => fs::rename(&self.partial, &self.path),
                _ => Err(error),
            },
            linked => linked,
        };
        match linked {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::Exists(self.path.display().to_string()))
            }
            linked => linked.tried("write", self.path.display()),
        }?;
        self.path.parent().map_or(Ok(()), sync)
    }
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Upload for Aside {
    fn finish(self: Box<Self>) -> Result<(), Error> {
        self.file.sync_all().tried("flush", self.path.display())?;
        self.link()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Where it was renamed there is none.
        let _ = fs::remove_file(&self.partial);
    }
}

/// A name is on disk only once its folder is.
fn sync(folder: &Path) -> Result<(), Error> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .tried("flush", folder.display())
}
