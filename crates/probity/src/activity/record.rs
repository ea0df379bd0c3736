//! `probity activity record`.

use clap::Args;
use domain::audit::activity::{NewActivity, activity_field};
use domain::decision::Recorded;
use evidence::Timestamp;
use evidence::json::StrictObject;
use uuid::Uuid;

use crate::audit::recorded;
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity activity record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// What kind of activity, such as order.ship
    #[arg(value_name = "TYPE")]
    kind: String,
    /// What happened, in words
    description: String,
    /// Who did it: whatever you call them
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// The entity it concerns
    #[arg(long, value_name = "ID")]
    entity: Option<String>,
    /// What kind of entity; entity unless given
    #[arg(long, value_name = "KIND")]
    entity_kind: Option<String>,
    /// When it happened: 2026-11-21T08:30:00Z, 2026-11-21, or 2h ago; now unless given
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    timestamp: Option<Timestamp>,
    /// Anything else: a JSON object
    #[arg(long, value_name = "JSON", value_parser = parse::object)]
    details: Option<StrictObject>,
    /// The entry's id, so that a repetition records nothing twice
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
}

impl Verb for Box<RecordArgs> {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let activity = NewActivity {
            id: self.id,
            timestamp: self.timestamp,
            kind: self.kind,
            description: self.description,
            user: self.user,
            entity_kind: self.entity_kind,
            entity: self.entity,
            details: self.details,
        };
        let prepared = activity
            .into_event()
            .and_then(|event| work.engine.prepare(vec![event], false));
        let command = prepared.map_err(|mut error| {
            error.field = activity_field(&error.field).to_owned();
            error
        })?;
        let answer = work.submit::<Vec<Recorded>>(command).await?.reply;
        Ok(recorded(&answer, false))
    }
}
