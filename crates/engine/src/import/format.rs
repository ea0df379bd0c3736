//! The shapes of logs.

use domain::audit::Event;
use serde_json::{Map, Value};

use super::notes::Notes;
use super::scan::Lists;
use super::value::Fields;
use super::{Mapping, cloudtrail, github, jsonl, kubernetes, ocsf, okta};

/// The shape of a log. Whatever it is, its events may be JSON lines, documents one after another, indented or not,
/// or an array; packed with gzip; in UTF-8 or UTF-16 with a byte order mark.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// AWS CloudTrail; also documents `{"Records":[…]}` as CloudTrail delivers them.
    Cloudtrail,
    /// The audit log of Kubernetes; also an `EventList`.
    Kubernetes,
    /// The audit log of GitHub organisations and enterprises.
    Github,
    /// The System Log of Okta.
    Okta,
    /// Events of the Open Cybersecurity Schema Framework.
    Ocsf,
    /// Our own export, or any other shape with a mapping.
    Jsonl(Option<Mapping>),
}

impl Format {
    /// Those that need no mapping.
    pub const BUILT_IN: [Format; 6] = [
        Format::Cloudtrail,
        Format::Kubernetes,
        Format::Github,
        Format::Okta,
        Format::Ocsf,
        Format::Jsonl(None),
    ];

    /// The word that goes into the ids of lines, and names the format on the command line.
    pub fn as_str(&self) -> &'static str {
        match self {
            Format::Cloudtrail => "cloudtrail",
            Format::Kubernetes => "kubernetes",
            Format::Github => "github",
            Format::Okta => "okta",
            Format::Ocsf => "ocsf",
            Format::Jsonl(_) => "jsonl",
        }
    }

    /// Where each field of an entry comes from, in the words of the format.
    pub fn sources(&self) -> Vec<(&'static str, String)> {
        let fields: Fields = match self {
            Format::Cloudtrail => cloudtrail::FIELDS,
            Format::Kubernetes => kubernetes::FIELDS,
            Format::Github => github::FIELDS,
            Format::Okta => okta::FIELDS,
            Format::Ocsf => ocsf::FIELDS,
            Format::Jsonl(None) => jsonl::FIELDS,
            Format::Jsonl(Some(mapping)) => return mapping.sources(),
        };
        fields
            .iter()
            .map(|(field, from)| (*field, (*from).to_owned()))
            .collect()
    }

    /// Which member of a document holds events.
    pub(super) fn lists(&self) -> Lists {
        match self {
            Format::Cloudtrail => Lists::Member("Records".to_owned()),
            Format::Kubernetes => Lists::Member("items".to_owned()),
            Format::Github | Format::Okta | Format::Ocsf | Format::Jsonl(None) => Lists::None,
            Format::Jsonl(Some(mapping)) => mapping.lists(),
        }
    }

    /// The event that a line is.
    pub(super) fn event(
        &self,
        text: &str,
        members: Map<String, Value>,
        notes: &mut Notes,
    ) -> Result<Event, String> {
        match self {
            Format::Cloudtrail => cloudtrail::event(members, notes),
            Format::Kubernetes => kubernetes::event(members, notes),
            Format::Github => github::event(members, notes),
            Format::Okta => okta::event(members, notes),
            Format::Ocsf => ocsf::event(members, notes),
            Format::Jsonl(None) => jsonl::event(text, &members, notes),
            Format::Jsonl(Some(mapping)) => mapping.event(members, notes),
        }
    }
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
