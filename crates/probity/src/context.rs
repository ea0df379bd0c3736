//! What every command starts with: settings, how to print, and a way to the engine.

use domain::{Caller, Origin};
use engine::Engine;

use crate::config::{self, Loaded};
use crate::failure::Failure;
use crate::global::{Global, Output};
use crate::output;

/// What every command starts with.
#[derive(Debug)]
pub struct Context {
    /// Options of every command.
    pub global: Global,
    /// Settings in force.
    pub settings: Loaded,
}

impl Context {
    /// Loads the settings.
    pub fn new(global: Global) -> Result<Context, Failure> {
        let settings = config::load(&global, &[])?;
        Ok(Context { global, settings })
    }

    /// The settings with an option of the command on top.
    pub fn with_option(
        &self,
        key: &'static str,
        option: &'static str,
        value: &str,
    ) -> Result<Loaded, Failure> {
        config::load(&self.global, &[(key, option, value)])
    }

    /// Whether to print JSON.
    pub fn json(&self) -> bool {
        self.global.output == Output::Json
    }

    /// Prints a remark for people, unless they want none.
    pub fn remark(&self, text: &str) {
        if !self.global.quiet && !self.json() {
            output::remark(text);
        }
    }

    /// What the engine needs.
    pub fn options(&self) -> Result<engine::Options, Failure> {
        self.settings.config.engine_options()
    }

    /// Does some work with the open log, and closes it whatever came of the work: what was recorded is remembered then.
    pub async fn with_engine<T>(
        &self,
        work: impl AsyncFnOnce(&Engine) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let engine = self.open().await?;
        let done = work(&engine).await;
        engine.shutdown().await;
        done
    }

    /// Opens the log. One that is not to be continued can be looked at: that it is so is said first.
    pub async fn open(&self) -> Result<Engine, Failure> {
        let engine = Engine::open_to_look(self.options()?).await?;
        if let Some(halt) = engine.halt() {
            output::remark(&format!(
                "Nothing can be written: {}. What the database has can be read; probity audit verify names what was changed.",
                halt.reason
            ));
        }
        Ok(engine)
    }
}

/// Who runs this command: someone with access to the machine and the data folder.
pub fn caller() -> Caller {
    let name = whoami::username().ok().filter(|name| !name.is_empty());
    Caller::Operator {
        name: name.unwrap_or_else(|| "unknown".to_owned()),
    }
}

/// Where commands of this program come from.
pub fn origin() -> Origin {
    let user_agent = Some(concat!("probity/", env!("CARGO_PKG_VERSION")).to_owned());
    Origin {
        ip: None,
        user_agent,
        trace_id: None,
    }
}
