//! What pages show of the installation, which whoever runs the server says: its settings, and what looks for what is wrong.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// Its name.
    pub name: String,
    /// Its value in words; a secret is hidden.
    pub value: String,
    /// Where it came from.
    pub source: String,
}

impl Configured {
    /// A setting of this name and value, from there.
    pub fn new(name: String, value: String, source: String) -> Configured {
        Configured { name, value, source }
    }
}

/// What a check of the installation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// `good`, `minor`, `major` or `not_checked`.
    pub state: &'static str,
    /// What was found.
    pub detail: String,
    /// What to do; empty where nothing is to be done.
    pub remedy: String,
}

impl Finding {
    /// What a check of this name found.
    pub fn new(name: &'static str, state: &'static str, detail: String, remedy: String) -> Finding {
        Finding {
            name,
            state,
            detail,
            remedy,
        }
    }
}

type Look = dyn Fn() -> BoxFuture<'static, Vec<Finding>> + Send + Sync;

/// What looks for what is wrong with the installation.
#[derive(Clone)]
pub struct Doctor(Arc<Look>);

impl Doctor {
    /// One that looks so.
    pub fn new(look: impl Fn() -> BoxFuture<'static, Vec<Finding>> + Send + Sync + 'static) -> Doctor {
        Doctor(Arc::new(look))
    }

    /// Looks.
    pub(crate) async fn look(&self) -> Vec<Finding> {
        (self.0)().await
    }
}

impl fmt::Debug for Doctor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doctor")
    }
}
