//! Approvals.

use domain::approval::{Approval, ApprovalOutcome, ApprovalStatus, Verdict, pays, voters_on};
use domain::code::{self, Code};
use domain::custody::destination::Destination;
use domain::identity::Permission;
use domain::record::Sealed;
use engine::custody::{self, ApprovalView as Read, Subject, approval_in_status, approval_with_outcome};
use engine::{Engine, Error};
use evidence::{Timestamp, json};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::approval_parts::{OutcomeView, PolicyView, VoteView, object};
use crate::cell::{Cell, Columns, Elide, Titled, column, moment, one, state};
use crate::example::{ANN, at, id};
use crate::filter::{Filter, Kind};
use crate::noun::{About, Noun, Reads, Show, Shown};
use crate::rows::{Rows, leads, rows, whole_is_view};
use crate::viewer::Viewer;

/// An approval.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Approval")]
pub struct ApprovalView {
    /// Its id.
    pub id: Uuid,
    /// Its page of the console, to show a person who votes: below the server's address. Null in a dry run.
    pub page: Option<String>,
    /// What it is for.
    pub action: String,
    /// What it is for, in particular: exactly these. Null once they are erased with the user who asked.
    pub arguments: Option<Map<String, Value>>,
    /// The arguments as people read them, for one of Probity's own actions; null for any other, and for callers who may
    /// not see the operation.
    #[schemars(with = "Option<ApprovalShown>")]
    pub shown: Option<Value>,
    /// SHA-256 of the salt's 16 bytes and of the arguments as canonical JSON (RFC 8785), in lower-case hex.
    pub digest: String,
    /// The salt, in lower-case hex; null once the arguments are erased, so that nobody can guess them.
    pub salt: Option<String>,
    /// What the installation's policies said; null for approvals of before there were any.
    pub policy: Option<PolicyView>,
    /// Why it is asked for.
    pub reason: Option<String>,
    /// Where it stands now; the clock decides whether it has expired.
    pub status: ApprovalStatus,
    /// Who asks; null for someone on the server's own machine.
    pub requested_by: Option<Uuid>,
    /// The agent that asks, on behalf of that user.
    pub agent: Option<Uuid>,
    /// The execution that waits for it.
    pub execution: Option<Uuid>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// From when it can be neither voted on nor used.
    pub expires_at: Timestamp,
    /// When it was granted, rejected or withdrawn.
    pub decided_at: Option<Timestamp>,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// What came of it, as who used it reported.
    pub outcome: Option<OutcomeView>,
    /// Whether it was used more than 24 hours ago, and what came of it was not reported.
    pub unreported: bool,
    /// How many must vote for it.
    pub quorum: u64,
    /// How many have.
    pub votes_for: u64,
    /// The votes, oldest first.
    pub votes: Vec<VoteView>,
    /// A vote that decides nothing does not change it.
    pub version: u64,
    /// What it is about, as it was looked up.
    #[serde(skip)]
    pub subject: Option<Subject>,
}

// What an approval shows, for its schema: `Subject` makes it.
/// The operation, with the other members of the arguments as they are.
#[derive(Serialize, JsonSchema)]
struct ApprovalShown {
    /// The operation, for a step of one that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<Uuid>,
    kind: String,
    /// Its code.
    asset: String,
    /// A decimal with all the asset's digits.
    amount: String,
    debit: ApprovalSide,
    credit: ApprovalSide,
    /// Where a withdrawal goes: its id alone for callers who may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<ApprovalDestination>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct ApprovalSide {
    balance: Uuid,
    /// `user:<id>` or `house:<name>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// The user's name, for callers who vote on payments or may read users; null for the house.
    #[schemars(schema_with = "text_or_null")]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Of a member that may be absent and, where it is not, null.
fn text_or_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"oneOf": [{"type": "string"}, {"type": "null"}]})
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "it is there for its schema")]
enum ApprovalDestination {
    Id(Uuid),
    Whole {
        id: Uuid,
        address: String,
        label: Option<String>,
        usable_at: Timestamp,
        removed_at: Option<Timestamp>,
    },
}

/// Who looks at what approvals are about. Who votes on payments sees whom they pay, and where to.
fn eyes(viewer: Viewer<'_>) -> custody::Viewer {
    let votes = viewer.holds(Permission::CustodyApprove) || viewer.holds(Permission::CustodyWrite);
    custody::Viewer {
        all: votes || viewer.holds(Permission::CustodyRead),
        names: votes || viewer.holds(Permission::UsersRead),
        own: viewer.own(),
    }
}

impl ApprovalView {
    /// Shows approvals to this viewer.
    pub async fn of(
        engine: &Engine,
        viewer: Viewer<'_>,
        read: Vec<Read>,
    ) -> Result<Vec<ApprovalView>, Error> {
        let approvals = read.iter().map(|read| &read.approval);
        let mut subjects = engine.approval_subjects(approvals).await?;
        let (eyes, now) = (eyes(viewer), engine.now());
        let view = |read: Read| {
            let subject = subjects.remove(&read.approval.id);
            ApprovalView::with(read, subject, &eyes, now)
        };
        Ok(read.into_iter().map(view).collect())
    }

    /// Shows an approval to this viewer.
    pub async fn of_one(engine: &Engine, viewer: Viewer<'_>, read: Read) -> Result<ApprovalView, Error> {
        let subject = engine.approval_subject(&read.approval).await?;
        Ok(ApprovalView::with(read, subject, &eyes(viewer), engine.now()))
    }

    fn with(read: Read, subject: Option<Subject>, eyes: &custody::Viewer, now: Timestamp) -> ApprovalView {
        let row = read.approval;
        let subject = subject.and_then(|subject| subject.seen_by(eyes));
        let (policy, outcome) = (PolicyView::of(&row), OutcomeView::of(&row));
        let unreported = row.is_unreported(now);
        ApprovalView {
            id: row.id,
            page: Some(format!("/approvals/{}", row.id)),
            action: row.action,
            arguments: object(&row.arguments),
            shown: subject.as_ref().map(Subject::as_json),
            digest: json::hex(&row.digest),
            salt: row.content_salt.as_deref().map(json::hex),
            policy,
            unreported,
            outcome,
            reason: row.reason,
            status: row.status,
            requested_by: row.requested_by,
            agent: row.agent_id,
            execution: row.execution_id,
            requested_at: row.requested_at,
            expires_at: row.expires_at,
            decided_at: row.decided_at,
            used_at: row.used_at,
            quorum: row.quorum,
            votes_for: read.votes.iter().filter(|vote| vote.approve).count() as u64,
            votes: read.votes.into_iter().map(VoteView::of).collect(),
            version: read.version,
            subject,
        }
    }

    /// Why it is not for this viewer to vote on.
    fn without_vote(&self, viewer: Viewer<'_>) -> Option<String> {
        let owner_may = self.policy.as_ref().is_some_and(|policy| policy.owner_may_vote);
        let of_agent = self.agent.is_some() && owner_may;
        let needed = voters_on(&self.action);
        if self.status != ApprovalStatus::Pending {
            return Some(format!(
                "it is {}: only a pending one is voted on",
                self.status.as_str()
            ));
        }
        if self.requested_by == viewer.own() && !of_agent {
            let what = "nobody votes on what they asked for themselves, or what their agents asked for";
            return Some(what.to_owned());
        }
        if viewer.own().is_some_and(|user| self.pays(user)) {
            return Some("nobody votes on what they are paid by".to_owned());
        }
        (!viewer.holds(needed)).then(|| format!("who votes on it holds {}", needed.as_str()))
    }

    /// Why it is not for this viewer to take back.
    fn without_withdrawal(&self, viewer: Viewer<'_>) -> Option<String> {
        if self.requested_by != viewer.own() {
            return Some("only who asked for it takes it back".to_owned());
        }
        let open = [ApprovalStatus::Pending, ApprovalStatus::Granted].contains(&self.status);
        (!open).then(|| format!("it is {}", self.status.as_str()))
    }

    /// Whether this user is paid by it.
    fn pays(&self, user: Uuid) -> bool {
        let subject = self.subject.as_ref();
        let movement =
            subject.map(|subject| (subject.asset.id, subject.debit.balance, subject.credit.balance));
        movement.is_some_and(|movement| pays(movement, user))
    }

    /// What came of its use, or that it is missing.
    fn came_of_it(&self) -> Cell {
        match &self.outcome {
            Some(outcome) => state(outcome.outcome.as_str()),
            None if self.unreported => state("unreported"),
            None => Cell::Empty,
        }
    }

    /// What would be done, and where it would go.
    pub fn about(&self) -> Vec<Titled> {
        let Some(subject) = &self.subject else {
            return Vec::new();
        };
        let destination = subject.destination.as_ref().map(words);
        vec![
            ("Is to", subject.words().into()),
            ("Destination", destination.into()),
            ("Reference", subject.reference.as_ref().into()),
        ]
    }
}

/// A destination on a few lines, its address first.
fn words(destination: &Destination) -> String {
    let label = destination.label.as_ref();
    let label = label.map_or_else(String::new, |label| format!(" ({label})"));
    let state = match destination.removed_at {
        Some(at) => format!("removed {}", moment(at)),
        None => format!("usable from {} on", moment(destination.usable_at)),
    };
    format!("{}{label}\n{state}\nid {}", destination.address, destination.id)
}

impl Shown for ApprovalView {
    fn example() -> ApprovalView {
        let arguments = json!({"model": "m-7"});
        ApprovalView {
            id: id(0xf1),
            page: Some(format!("/approvals/{}", id(0xf1))),
            action: "model.deploy".to_owned(),
            arguments: arguments.as_object().cloned(),
            shown: None,
            digest: "c75169b9b1aea2f84ba4e7001719286c0fa7206712b91dd53309663ba91a7347".to_owned(),
            salt: Some("5f1a3c7e9b2d4f60718293a4b5c6d7e8".to_owned()),
            policy: Some(PolicyView {
                verdict: Verdict::Ask,
                rule: Some("governance.policies[2]".to_owned()),
                digest: "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945".to_owned(),
                owner_may_vote: false,
            }),
            reason: Some("passed its evaluation".to_owned()),
            status: ApprovalStatus::Pending,
            requested_by: Some(ANN),
            agent: None,
            execution: None,
            requested_at: at(20, 8),
            expires_at: at(21, 8),
            decided_at: None,
            used_at: None,
            outcome: None,
            unreported: false,
            quorum: 2,
            votes_for: 1,
            votes: vec![VoteView {
                user: id(0xac),
                approve: true,
                reason: None,
                voted_at: at(20, 9),
                session: Some(id(0x5e)),
                second_factor: Some(true),
                suggested_arguments: None,
            }],
            version: 1,
            subject: None,
        }
    }
}

/// How a use ended, and that it was not said how.
const OUTCOMES: &[&str] = &["succeeded", "failed", "missing"];

impl Noun for Approval {
    type View = ApprovalView;
    rows!();

    const NAMES: (&'static str, &'static str) = ("approval", "approvals");
    const KEY: &'static str = "approvals";
    const TAG: &'static str = "approvals";
    const COMMAND: &'static str = "approval";
    const LIST: About = About {
        id: "list_approvals",
        summary: "Approvals",
        description: "In the order of their ids: oldest first, but for those with an id of the caller's own. All for \
                      callers who hold `approvals:read`; for others, those that they asked for. What has expired is so by the clock.",
    };
    const FILTERS: &'static [Filter] = &[
        Filter::new(
            "status",
            "of this status",
            Kind::Word(ApprovalStatus::WORDS, |word, now| {
                Ok(approval_in_status(ApprovalStatus::read("status", word)?, now))
            }),
        ),
        Filter::new(
            "requested_by",
            "that this user asked for",
            Kind::User("requested_by"),
        )
        .option("by"),
        Filter::new("agent", "that this agent asked for", Kind::Agent("agent_id")),
        Filter::new(
            "outcome",
            "whose use ended so, or of which that is missing 24 hours after it",
            Kind::Word(OUTCOMES, |word, now| {
                Ok(approval_with_outcome(ApprovalOutcome::parse(word), now))
            }),
        ),
        Filter::new(
            "execution",
            "that this execution waits for",
            Kind::Id("execution_id"),
        ),
    ];
    const READ: Reads = Reads::OwnOr(
        Permission::ApprovalsRequest,
        Permission::ApprovalsRead,
        "requested_by",
    );
    const COLUMNS: Columns<ApprovalView> = &[
        (column("id", Elide::Never), |view| view.id.into()),
        (column("action", Elide::Start), |view| (&view.action).into()),
        (column("asked by", Elide::End), |view| Cell::By(view.requested_by)),
        (column("status", Elide::Never), |view| state(view.status.as_str())),
        (column("votes", Elide::Never), |view| {
            format!("{}/{}", view.votes_for, view.quorum).into()
        }),
        (column("outcome", Elide::Never), |view| view.came_of_it()),
        (column("expires (UTC)", Elide::Never).spare(), |view| {
            // What is decided does not wait for anybody.
            let waits = view.status == ApprovalStatus::Pending;
            Some(view.expires_at).filter(|_| waits).into()
        }),
    ];

    leads!();
}

impl Rows for Approval {
    async fn views(
        engine: &Engine,
        viewer: Viewer<'_>,
        rows: Vec<Sealed<Approval>>,
    ) -> Result<Vec<ApprovalView>, Error> {
        ApprovalView::of(engine, viewer, engine.approval_views(rows).await?).await
    }
}

impl Show for Approval {
    whole_is_view!();

    const SHOW: About = About {
        id: "show_approval",
        summary: "One approval",
        description: "With its votes, and its status by the clock. `arguments` are what it is bound to; `shown` is the \
                      same for people: names, decimals, and address and label of a destination.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_APPROVAL;

    fn details(view: &ApprovalView) -> Vec<Titled> {
        let arguments = match (&view.shown, &view.arguments) {
            (Some(shown), _) => pretty(shown),
            (None, Some(arguments)) => pretty(arguments),
            (None, None) => "erased".to_owned(),
        };
        let mut details = vec![("Id", view.id.into()), ("Action", (&view.action).into())];
        details.extend(view.about());
        details.extend([
            ("Arguments", arguments.into()),
            ("Digest", (&view.digest).into()),
            ("Asked by", Cell::By(view.requested_by)),
            ("Agent", view.agent.map_or(Cell::Empty, Cell::Agent)),
            ("Execution", one("executions", view.execution)),
            ("Asked", view.requested_at.into()),
            ("Reason", view.reason.as_ref().into()),
            ("Status", state(view.status.as_str())),
            ("Expires", view.expires_at.into()),
            ("Quorum", view.quorum.into()),
        ]);
        if let Some(policy) = &view.policy {
            let rule = policy.rule.as_deref().unwrap_or("no policy is about it");
            details.push(("Policy", format!("{}: {rule}", policy.verdict.as_str()).into()));
            details.push(("Policies", (&policy.digest).into()));
        }
        for vote in &view.votes {
            let way = if vote.approve { "for it" } else { "against it" };
            let reason = vote.reason.as_ref();
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            let factor = match vote.second_factor {
                Some(true) => ", with a second factor",
                Some(false) => ", without a second factor",
                None => "",
            };
            let more = format!(", {way}, {}{factor}{reason}", moment(vote.voted_at));
            details.push(("Vote", Cell::UserAnd(vote.user, more)));
            if let Some(suggested) = &vote.suggested_arguments {
                details.push(("Suggests", pretty(suggested).into()));
            }
        }
        details.extend([("Decided", view.decided_at.into()), ("Used", view.used_at.into())]);
        details.push(("Outcome", view.came_of_it()));
        if let Some(outcome) = &view.outcome {
            details.push(("Reported", outcome.at.into()));
            details.push(("Result", outcome.result.as_ref().map(pretty).into()));
        }
        details.push(("Version", view.version.into()));
        details
    }

    fn hinders(view: &ApprovalView, viewer: Viewer<'_>, verb: &str) -> Option<String> {
        match verb {
            "vote" => view.without_vote(viewer),
            "withdraw" => view.without_withdrawal(viewer),
            _ => None,
        }
    }
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
