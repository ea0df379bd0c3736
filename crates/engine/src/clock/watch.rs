//! A process that serves looks at its clock while nothing is written, too, and leaves word in the data folder: whoever asks
//! on the command line is another process, which has not seen the clock jump.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Alarm;
use crate::engine::{Engine, Shared};

/// Name of the file in the data folder; it is there while the alarm is on.
const FILE_NAME: &str = "clock.alarm";

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_millis(500);

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE_NAME)
}

/// What a process that serves from this folder has left word of.
pub(crate) fn told(data_dir: &Path) -> Option<String> {
    fs::read_to_string(path(data_dir)).ok()
}

fn leave_word(data_dir: &Path, alarm: Option<&str>) {
    let path = path(data_dir);
    let done = match alarm {
        Some(text) => fs::write(&path, text),
        None => fs::remove_file(&path).or_else(|error| match error.kind() {
            ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        }),
    };
    if let Err(error) = done {
        tracing::warn!(%error, path = %path.display(), "the alarm about the clock cannot be left word of");
    }
}

/// Looks from now on, until the engine is gone.
pub(crate) fn start(engine: &Engine) {
    let (shared, _) = engine.parts();
    tokio::spawn(run(Arc::downgrade(&shared)));
}

async fn run(shared: Weak<Shared>) {
    let Some(data_dir) = shared.upgrade().map(|shared| shared.options.data_dir.clone()) else {
        return;
    };
    // What a process that crashed has left is not so any more.
    leave(&data_dir, None).await;
    let mut said = None;
    while let Some(shared) = shared.upgrade() {
        let alarm = shared.options.clock.alarm();
        drop(shared);
        let news = alarm.map(Alarm::began);
        if news != said {
            leave(&data_dir, alarm).await;
            said = news;
        }
        tokio::time::sleep(EVERY).await;
    }
    if said.is_some() {
        leave(&data_dir, None).await;
    }
}

/// Writes or removes the file, away from the threads that serve.
async fn leave(data_dir: &Path, alarm: Option<Alarm>) {
    let text = alarm.map(|alarm| format!("process {}: {alarm}", std::process::id()));
    let data_dir = data_dir.to_owned();
    drop(tokio::task::spawn_blocking(move || leave_word(&data_dir, text.as_deref())).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_is_left_while_the_alarm_is_on() {
        let folder = testkit::temp_dir("clock");
        assert_eq!(told(folder.path()), None);
        leave_word(folder.path(), None);
        leave_word(folder.path(), Some("the clock jumped"));
        assert_eq!(told(folder.path()).as_deref(), Some("the clock jumped"));
        leave_word(folder.path(), None);
        assert_eq!(told(folder.path()), None);
    }
}
