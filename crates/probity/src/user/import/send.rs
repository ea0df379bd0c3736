//! Makes the users of a file, many at once.

use std::collections::HashMap;
use std::io::{BufRead, Write as _};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::FieldError;
use domain::identity::Rules;
use engine::{Engine, Error};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use serde_json::json;

use super::read::{Item, Items};
use super::record::Record;
use crate::context::{caller, origin};
use crate::failure::Failure;
use crate::rejected::Rejected;

/// Users on their way at once: they share the transactions of the Writer.
const IN_FLIGHT_MAX: usize = 64;
/// How long to wait where the queue before the Writer is full.
const FULL_QUEUE_WAIT: Duration = Duration::from_millis(50);
/// Faults that are kept for the summary.
const FIRST_MAX: usize = 20;

/// A line that was not imported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Number of the line, from 1.
    pub line: u64,
    /// The field that is wrong, where it is one.
    pub field: Option<String>,
    /// What is wrong.
    pub reason: String,
}

impl Fault {
    /// What is wrong, for people.
    pub fn text(&self) -> String {
        match &self.field {
            Some(field) if field != "line" => format!("{field}: {}", self.reason),
            _ => self.reason.clone(),
        }
    }
}

/// A user who is called something else here than in the file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Renamed {
    /// Number of the line, from 1.
    pub line: u64,
    /// The name in the file.
    pub name: String,
    /// The name here.
    pub username: String,
}

/// What came of a line.
enum Outcome {
    Added,
    Unchanged,
    /// The user is there with another content, as this says.
    Differing(String),
    Rejected(FieldError),
}

/// What is counted and kept.
#[derive(Serialize)]
pub struct Tally {
    /// Users made.
    pub added: u64,
    /// Users that are there as the file has them.
    pub unchanged: u64,
    /// Users that are there, and differ.
    pub differing: u64,
    /// Lines that cannot be imported.
    pub rejected: u64,
    /// The first lines that were not imported.
    pub first_rejections: Vec<Fault>,
    /// Whoever is called something else here, in the order of the file once it is read.
    pub renamed: Vec<Renamed>,
    /// Where lines that are not imported go.
    #[serde(skip)]
    pub file: Rejected,
}

impl Tally {
    /// Nothing yet; lines that are not imported go to `file`.
    pub fn new(file: Rejected) -> Tally {
        Tally {
            added: 0,
            unchanged: 0,
            differing: 0,
            rejected: 0,
            first_rejections: Vec::new(),
            renamed: Vec::new(),
            file,
        }
    }

    /// Lines that were not imported.
    pub fn faults(&self) -> u64 {
        self.rejected + self.differing
    }

    /// Lines that are done.
    pub fn lines(&self) -> u64 {
        self.added + self.unchanged + self.faults()
    }

    /// Keeps how a user who is there now is called.
    fn name(&mut self, line: u64, record: Record) {
        if let Some(name) = record.called {
            let username = record.user.username;
            self.renamed.push(Renamed { line, name, username });
        }
    }

    fn count(&mut self, line: u64, bytes: &[u8], outcome: Outcome) -> Result<(), Failure> {
        let (field, reason) = match outcome {
            Outcome::Added => {
                self.added += 1;
                return Ok(());
            }
            Outcome::Unchanged => {
                self.unchanged += 1;
                return Ok(());
            }
            Outcome::Differing(reason) => {
                self.differing += 1;
                (None, reason)
            }
            Outcome::Rejected(error) => {
                self.rejected += 1;
                (Some(error.field), error.message)
            }
        };
        let fault = Fault { line, field, reason };
        self.keep(&fault, bytes)
            .map_err(|error| Failure::file("write", self.file.path(), &error))?;
        self.first_rejections.push(fault);
        self.first_rejections.sort();
        self.first_rejections.truncate(FIRST_MAX);
        Ok(())
    }

    fn keep(&mut self, fault: &Fault, bytes: &[u8]) -> std::io::Result<()> {
        let text = String::from_utf8_lossy(bytes);
        let mut line = json!(fault);
        line["text"] = text.into();
        if std::str::from_utf8(bytes).is_err() {
            line["base64"] = BASE64.encode(bytes).into();
        }
        writeln!(self.file, "{line}")
    }
}

/// Which names and addresses the file had already, and on which line; of a name also what the file called it.
#[derive(Default)]
struct Had {
    usernames: HashMap<String, (u64, Option<String>)>,
    emails: HashMap<String, u64>,
}

impl Had {
    /// Refuses a name or address for the second time: which of both lines holds, nobody can tell.
    fn check(&mut self, record: &Record, line: u64) -> Result<(), FieldError> {
        let again = |field, first: &dyn std::fmt::Display| {
            let message = record.fault(format!("is that of line {first} too"));
            Err(FieldError::new(field, message))
        };
        let email = record.user.email.as_ref().map(|email| email.to_ascii_lowercase());
        match self.usernames.get(&record.user.username) {
            Some((first, Some(called))) => return again("username", &format!("{first} ({called:?})")),
            Some((first, None)) => return again("username", first),
            None => {}
        }
        if let Some(first) = email.as_ref().and_then(|email| self.emails.get(email)) {
            return again("email", first);
        }
        let called = record.called.clone();
        self.usernames
            .insert(record.user.username.clone(), (line, called));
        self.emails.extend(email.map(|email| (email, line)));
        Ok(())
    }
}

/// Sends what a file holds; `show` is told how far it is, in bytes.
pub async fn all<R: BufRead>(
    engine: &Engine,
    items: &mut Items<R>,
    dry_run: bool,
    tally: &mut Tally,
    show: &mut dyn FnMut(u64, &Tally),
) -> Result<(), Failure> {
    let mut had = Had::default();
    let mut in_flight = FuturesUnordered::new();
    let mut ended = false;
    loop {
        while !ended && in_flight.len() < IN_FLIGHT_MAX {
            let Some(Item { line, bytes, record }) = items.next()? else {
                ended = true;
                break;
            };
            let checked = record.and_then(|record| {
                known_role(engine.rules(), &record)?;
                had.check(&record, line)?;
                Ok(record)
            });
            match checked {
                Ok(record) => {
                    in_flight.push(async move {
                        let outcome = one(engine, &record, dry_run).await;
                        (line, bytes, record, outcome)
                    });
                }
                Err(error) => tally.count(line, &bytes, Outcome::Rejected(error))?,
            }
        }
        let Some((line, bytes, record, outcome)) = in_flight.next().await else {
            tally.renamed.sort();
            return Ok(());
        };
        let outcome = outcome?;
        if matches!(outcome, Outcome::Added | Outcome::Unchanged) {
            tally.name(line, record);
        }
        tally.count(line, &bytes, outcome)?;
        show(items.bytes(), tally);
    }
}

fn known_role(rules: &Rules, record: &Record) -> Result<(), FieldError> {
    if rules.role(&record.user.role).is_some() {
        return Ok(());
    }
    let known: Vec<_> = rules.roles().iter().map(|rule| rule.name.as_str()).collect();
    Err(FieldError::new(
        "role",
        format!("must be one of {}", known.join(", ")),
    ))
}

/// Makes a user, unless it is there. Looking first keeps refusals out of the log.
async fn one(engine: &Engine, record: &Record, dry_run: bool) -> Result<Outcome, Failure> {
    if let Some(outcome) = there(engine, record).await? {
        return Ok(outcome);
    }
    if dry_run {
        return Ok(Outcome::Added);
    }
    let import = async || engine.import_user(&caller(), origin(), record.user.clone()).await;
    let mut made = import().await;
    while let Err(Error::Overloaded { .. }) = made {
        tokio::time::sleep(FULL_QUEUE_WAIT).await;
        made = import().await;
    }
    match made {
        Ok(_) => Ok(Outcome::Added),
        Err(Error::Refused { refusal, .. }) => {
            // Somebody else may have made the user meanwhile.
            if let Some(outcome) = there(engine, record).await? {
                return Ok(outcome);
            }
            let field = refusal.field.unwrap_or_else(|| "line".to_owned());
            let prefix = format!("{field}: ");
            let message = refusal.message.strip_prefix(&prefix).unwrap_or(&refusal.message);
            Ok(Outcome::Rejected(FieldError::new(field, record.fault(message))))
        }
        Err(error) => Err(error.into()),
    }
}

/// What there is to say if the user, or another of the same address, is there.
async fn there(engine: &Engine, record: &Record) -> Result<Option<Outcome>, Failure> {
    if let Some(user) = engine.user_named(&record.user.username).await? {
        let fields = record.differs(&user.row);
        return Ok(Some(if fields.is_empty() {
            Outcome::Unchanged
        } else {
            let text = format!("the user is there, and differs in {}", fields.join(", "));
            Outcome::Differing(record.fault(text))
        }));
    }
    let Some(email) = &record.user.email else {
        return Ok(None);
    };
    let other = engine.user_by_login(email).await?;
    Ok(other.map(|other| {
        let message = record.fault(format!("is the address of user {}", other.row.username));
        Outcome::Rejected(FieldError::new("email", message))
    }))
}
