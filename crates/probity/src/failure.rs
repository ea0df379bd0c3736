//! Why a command did not do what it was asked, and what can be done about it.

use std::io::{self, Write as _};
use std::process::ExitCode;

use domain::RefusalKind;
use domain::refusal::BrokenRule;
use serde_json::json;

use crate::global::Output;
use crate::plain::plain;
use crate::table;

/// How a command ended, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or the answer is yes.
    Ok,
    /// The answer is no: tampered, refused, unhealthy, not found.
    No,
    /// It could not run.
    CouldNotRun,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Ok => 0,
            Exit::No => 1,
            Exit::CouldNotRun => 2,
        })
    }
}

/// A command that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// Stable code, in snake case; empty where there is nothing to say.
    pub code: &'static str,
    /// What happened, in one line.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The field that is wrong.
    pub field: Option<String>,
    /// Index of the entry that records the refusal.
    pub entry: Option<u64>,
    /// The rule that refused it.
    pub rule: Option<Box<BrokenRule>>,
}

impl Failure {
    /// The command could not run.
    pub fn could_not_run(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure {
            exit: Exit::CouldNotRun,
            code,
            message: message.into(),
            hint: hint.into(),
            field: None,
            entry: None,
            rule: None,
        }
    }

    /// The answer is no.
    pub fn no(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure {
            exit: Exit::No,
            ..Failure::could_not_run(code, message, hint)
        }
    }

    /// A file that could not be read or written.
    pub fn file(what: &str, path: &std::path::Path, error: &io::Error) -> Failure {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::PermissionDenied => "check the permissions of the file and its folder",
            io::ErrorKind::StorageFull => "free some space",
            _ => "check the file and its folder",
        };
        Failure::could_not_run("file", format!("cannot {what} {}: {error}", path.display()), hint)
    }

    /// Says it on standard error.
    pub fn print(&self, output: Output) {
        if self.code.is_empty() {
            return;
        }
        let text = match output {
            Output::Json => {
                let mut error = json!({ "code": self.code, "message": self.message });
                if !self.hint.is_empty() {
                    error["hint"] = self.hint.as_str().into();
                }
                if let Some(field) = &self.field {
                    error["field"] = field.as_str().into();
                }
                if let Some(entry) = self.entry {
                    error["entry"] = entry.into();
                }
                if let Some(rule) = &self.rule {
                    let parts = rule_parts(rule);
                    error["rule"] = parts.iter().map(|(name, text)| (*name, *text)).collect();
                }
                format!("{}\n", json!({ "error": error }))
            }
            Output::Table => {
                let hint = Some(&self.hint).filter(|hint| !hint.is_empty());
                let mut rule = String::new();
                for (name, text) in self.rule.iter().flat_map(|rule| rule_parts(rule)) {
                    rule.push_str(&name.replace('_', " "));
                    rule.push_str(": ");
                    rule.push_str(&plain(text));
                    rule.push('\n');
                }
                let lines = [
                    Some(format!("error: {}\n", plain(&self.message))),
                    Some(rule),
                    hint.map(|hint| format!("hint: {}\n", plain(hint))),
                    self.entry
                        .map(|entry| format!("The refusal is recorded as entry {entry}.\n")),
                ];
                let text = lines.into_iter().flatten().collect::<String>();
                // What goes to a program or a file stays in one line each.
                match console::Term::stderr().size_checked() {
                    Some((_, columns)) => table::broken(&text, usize::from(columns)) + "\n",
                    None => text,
                }
            }
        };
        // Where standard error is closed, the exit code still tells.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

/// The rule, what it allows, what remains of it, and who can lift it: those that are known.
fn rule_parts(rule: &BrokenRule) -> Vec<(&'static str, &str)> {
    let parts = [
        ("rule", Some(&rule.rule)),
        ("limit", rule.limit.as_ref()),
        ("remaining", rule.remaining.as_ref()),
        ("lifted_by", Some(&rule.lifted_by)),
    ];
    let known = parts
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?.as_str())));
    known.filter(|(_, text)| !text.is_empty()).collect()
}

/// Writing the result failed. A reader that went away (`| head`) has had what it wanted.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure {
                exit: Exit::Ok,
                ..Failure::could_not_run("", "", "")
            };
        }
        Failure::could_not_run(
            "output",
            format!("cannot write the result: {error}"),
            "check where the output goes",
        )
    }
}

impl From<engine::database::Error> for Failure {
    fn from(error: engine::database::Error) -> Failure {
        if error.kind == engine::database::ErrorKind::Full {
            let hint = "free some space on the database's disk (df shows how full it is), or lift the quota or limit in its way; \
                        nothing was recorded, so do the same again. Reading goes on, and a server goes on by itself";
            return Failure::could_not_run("storage_full", error.message, hint);
        }
        let hint = match error.kind {
            engine::database::ErrorKind::Connection => {
                "check that the database server runs and that the URL is right: probity config"
            }
            engine::database::ErrorKind::Retry => "the database is busy: try again",
            kind if kind.is_data() || kind == engine::database::ErrorKind::Head => {
                "check the whole log and every row: probity audit verify"
            }
            _ => "see what is in force: probity config",
        };
        Failure::could_not_run("database", error.message, hint)
    }
}

/// What to do about a refusal: what its code says, or else its sort.
fn hint(refusal: &domain::Refusal) -> String {
    if let Some(seconds) = refusal.retry_after_s {
        return format!("try again in {seconds} s");
    }
    let of_code = domain::code::find(refusal.code).map_or("", |code| code.hint);
    let hint = if of_code.is_empty() {
        general_hint(refusal)
    } else {
        of_code
    };
    hint.to_owned()
}

/// What to do about a refusal of this sort.
fn general_hint(refusal: &domain::Refusal) -> &'static str {
    match (refusal.kind, refusal.field.as_deref()) {
        (RefusalKind::Invalid, Some("role")) => "see what roles there are: probity role list",
        (RefusalKind::Invalid, _) => "change the value and try again",
        (RefusalKind::Conflict, _) => "see what is there: probity audit show, probity key list",
        (RefusalKind::Precondition, _) => "somebody was faster: look again, and repeat it if it still fits",
        (RefusalKind::TooMany, _) => "try again later",
        _ => "",
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Failure {
        match error {
            engine::Error::Refused { refusal, entry } => {
                let hint = hint(&refusal);
                Failure {
                    field: refusal.field,
                    entry,
                    rule: refusal.rule,
                    ..Failure::no(refusal.code, refusal.message, hint)
                }
            }
            engine::Error::Overloaded { retry_after_seconds } => Failure::could_not_run(
                "overloaded",
                "too much is waiting to be written",
                format!("try again in {retry_after_seconds} s"),
            ),
            engine::Error::Problem { message, hint } => Failure::could_not_run("problem", message, hint),
            engine::Error::Store(error) => error.into(),
            engine::Error::Tampered { .. } | engine::Error::EntryTampered { .. } => Failure::no(
                "tampered",
                error.to_string(),
                "see what else was changed: probity audit verify",
            ),
            engine::Error::Halted(ref halt) => {
                Failure::could_not_run(halt.fault.code(), error.to_string(), halt.fault.hint())
            }
            engine::Error::Unknown(message) => Failure::could_not_run(
                "unknown_outcome",
                format!("the connection broke at the commit: {message}"),
                "look whether it was written (probity audit list) before you try again",
            ),
        }
    }
}

impl From<domain::FieldError> for Failure {
    fn from(error: domain::FieldError) -> Failure {
        let message = error.to_string();
        Failure {
            field: Some(error.field),
            ..Failure::no("invalid_field", message, "change the value and try again")
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Refusal;

    use super::*;

    #[test]
    fn refusals_say_what_to_do() {
        let new = |kind, code| Refusal::new(kind, code, "x");
        let too_many = Refusal {
            retry_after_s: Some(7),
            ..new(RefusalKind::TooMany, "too_many_logins")
        };
        for (refusal, expected) in [
            (new(RefusalKind::Conflict, "username_taken"), "probity user list"),
            (new(RefusalKind::Conflict, "last_admin"), "--role admin"),
            (new(RefusalKind::Precondition, "version_mismatch"), "look again"),
            (too_many, "try again in 7 s"),
            (Refusal::invalid("role", "x"), "probity role list"),
            (Refusal::invalid("name", "x"), "change the value"),
        ] {
            let failure = Failure::from(engine::Error::from(refusal.clone()));
            assert!(failure.hint.contains(expected), "{failure:?}");
            assert_eq!((failure.exit, failure.code), (Exit::No, refusal.code));
        }
    }
}
