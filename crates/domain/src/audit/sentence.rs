//! Entries as sentences.

use evidence::entry::Entry;
use evidence::leaf::Outcome;
use evidence::payload::ActorKind;
use serde_json::Value;

use crate::action;

/// Verbs whose past does not end in `ed` alone.
const PAST: [(&str, &str); 11] = [
    ("begin", "began"),
    ("cancel", "cancelled"),
    ("find", "found"),
    ("make", "made"),
    ("put", "put"),
    ("reset", "reset"),
    ("say", "said"),
    ("set", "set"),
    ("submit", "submitted"),
    ("verify", "verified"),
    ("withdraw", "withdrew"),
];

/// What an action is done to, as its words and as entries name it, with its article.
const NOUNS: [(&str, &str, &str); 14] = [
    ("API key", "api_key", "an API key"),
    ("KYC record", "kyc_record", "a KYC record"),
    ("agent", "agent", "an agent"),
    ("approval", "approval", "an approval"),
    ("asset", "asset", "an asset"),
    ("balance", "balance", "a balance"),
    ("conversation", "conversation", "a conversation"),
    ("destination", "destination", "a destination"),
    ("execution", "execution", "an execution"),
    ("job", "job", "a job"),
    ("legal hold", "legal_hold", "a legal hold"),
    ("operation", "operation", "an operation"),
    ("session", "session", "a session"),
    ("user", "user", "a user"),
];

/// Words that begin with a verb, in the past.
fn past(words: &str) -> String {
    let (verb, rest) = words
        .split_once(' ')
        .map_or((words, None), |(verb, rest)| (verb, Some(rest)));
    let known = PAST.iter().find(|(now, _)| *now == verb);
    let verb = match known {
        Some((_, past)) => (*past).to_owned(),
        None if verb.ends_with('e') => format!("{verb}d"),
        None => format!("{verb}ed"),
    };
    rest.map_or(verb.clone(), |rest| format!("{verb} {rest}"))
}

/// What an entry has that is not in its leaf.
struct Told<'a>(&'a Entry);

impl Told<'_> {
    fn after(&self, name: &str) -> Option<&Value> {
        let mut rows = self.0.changes.iter().filter_map(|change| change.after.as_ref());
        rows.find_map(|row| row.get(name))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.after(name)?.as_str()
    }

    fn detail(&self, name: &str) -> Option<&str> {
        self.0.details.as_ref()?.0.get(name)?.as_str()
    }

    fn counted(&self, table: &str, one: &str) -> String {
        let rows = self.0.changes.iter().filter(|change| change.table == table);
        let count = rows.count();
        let plural = if count == 1 { "" } else { "s" };
        format!("record {count} {one}{plural}")
    }

    /// Kind and id of what it is about.
    fn target(&self) -> Option<(&str, &str)> {
        let target = self.0.target.as_ref()?;
        Some((&target.kind, target.id.as_deref()?))
    }

    /// What is done, of what there are words for that say more than the action's own.
    fn special(&self) -> Option<String> {
        let id = self.target().map(|(_, id)| id);
        Some(match self.0.action.as_str() {
            "session_expired" if self.detail("reason")? == "logout" => "sign out".to_owned(),
            "privilege_permissions_changed" => {
                let details = self.0.details.as_ref()?;
                let names: Vec<&str> = details.0.keys().map(String::as_str).collect();
                format!("put other rules in force: {}", names.join(", "))
            }
            "authn_login_fail" => {
                let (kind, id) = self.target()?;
                format!("sign in as {kind} {id}")
            }
            "authz_fail" => match (self.detail("method"), self.detail("path")) {
                (Some("GET"), Some(path)) => format!("read {path}"),
                (Some(method), Some(path)) => format!("send {method} {path}"),
                _ => "do what was asked".to_owned(),
            },
            "log.verify" => "verify the log".to_owned(),
            "backup.create" => "make a backup".to_owned(),
            "backup.verify" => "verify a backup".to_owned(),
            "backup.prune" => "remove old backups".to_owned(),
            "job.run" => format!("ask for a run of job {}", self.detail("job")?),
            "execution.start" => format!("start an execution of {}", self.text("workflow")?),
            "execution.record" => format!("{} of execution {}", self.counted("execution_steps", "step"), id?),
            "execution.observe" => {
                let spans = self.counted("execution_steps", "span");
                format!("{spans} of the trace of execution {}", id?)
            }
            "metric.record" => self.counted("metrics", "metric"),
            "approval.request" => format!("ask for the approval of {}", self.text("action")?),
            "approval.vote" if self.after("approve")?.as_bool()? => format!("vote for approval {}", id?),
            "approval.vote" => format!("vote against approval {}", id?),
            _ => return None,
        })
    }

    /// The action's own words, with what it is done to.
    fn usual(&self) -> Option<String> {
        let entry = self.0;
        let mut known = action::ALL.iter();
        let known = known.find(|known| known.name == entry.action || known.refused == entry.action)?;
        let noun = NOUNS
            .iter()
            .find(|(noun, ..)| known.words.contains(&format!("{noun} #")));
        Some(match (noun, self.target()) {
            (Some((_, kind, _)), Some((found, id))) if found == *kind => known.words.replace('#', id),
            (noun, target) => {
                let words = match noun {
                    Some((noun, _, one)) => known.words.replace(&format!("{noun} #"), one),
                    None => known.words.to_owned(),
                };
                // It was done by the target itself, or came to nothing on the way to it.
                let whose = target.filter(|_| entry.outcome != Outcome::Success);
                whose.map_or(words.clone(), |(kind, id)| {
                    format!("{words} for {} {id}", kind.replace('_', " "))
                })
            }
        })
    }

    /// Why it was not done.
    fn reason(&self) -> String {
        let reason = self.detail("code").or_else(|| self.detail("reason"));
        reason.map_or(String::new(), |reason| format!(": {}", reason.replace('_', " ")))
    }
}

/// One sentence that says what an entry tells of.
pub fn sentence(entry: &Entry) -> String {
    if let Some(description) = &entry.description {
        return description.clone();
    }
    let told = Told(entry);
    let kind = match entry.actor.kind {
        ActorKind::External => "somebody",
        kind => kind.as_str(),
    };
    let name = entry.actor.name.as_deref().or(entry.actor.id.as_deref());
    let actor = name.unwrap_or(kind);
    let on_behalf_of = entry.actor.on_behalf_of.as_ref();
    let whose = on_behalf_of.map_or(String::new(), |user| format!(", on behalf of {user},"));
    if let Some(words) = told.special().or_else(|| told.usual()) {
        let reason = told.reason();
        return match entry.outcome {
            Outcome::Success => format!("{actor}{whose} {}", past(&words)),
            Outcome::Refused => format!("{actor}{whose} was not allowed to {words}{reason}"),
            Outcome::Failed => format!("{actor}{whose} could not {words}{reason}"),
        };
    }
    let target = entry
        .target
        .as_ref()
        .map_or(String::new(), |target| match &target.id {
            Some(id) => format!(" on {} {id}", target.kind),
            None => format!(" on {}", target.kind),
        });
    let verb = match entry.outcome {
        Outcome::Success => "did",
        Outcome::Refused => "was refused",
        Outcome::Failed => "failed at",
    };
    format!("{actor}{whose} {verb} {}{target}", entry.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_words_that_read() {
        for known in action::ALL {
            let words = known.words;
            assert!(
                past(words) != words || words.starts_with("set ") || words.starts_with("reset "),
                "{words}"
            );
            let nouns = NOUNS
                .iter()
                .filter(|(noun, ..)| words.contains(&format!("{noun} #")));
            assert_eq!(nouns.count(), words.matches('#').count(), "{words}");
        }
        for (now, then) in [
            ("make operation 7", "made operation 7"),
            ("create user x", "created user x"),
            ("sign in", "signed in"),
            ("reject KYC record y", "rejected KYC record y"),
        ] {
            assert_eq!(past(now), then);
        }
    }
}
