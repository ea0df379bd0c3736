//! KYC records.

use domain::code::{self, Code};
use domain::custody::kyc::{DocumentKind, DocumentState, KycDocument, KycRecord, KycStatus};
use domain::identity::Permission;
use domain::record::Sealed;
use engine::custody::{KycView, kyc_in_status};
use engine::{Engine, Error};
use evidence::{Timestamp, json};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, number, state};
use crate::example::{ANN, at, id};
use crate::filter::{Filter, Kind};
use crate::noun::{About, Noun, Reads, Show, Shown};
use crate::rows::{Rows, leads, rows, whole_is_view};
use crate::viewer::Viewer;

/// A document, by its digest: the document itself is kept elsewhere.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "KycDocument", transform = has_id)]
pub struct DocumentView {
    /// Its id.
    // It has none where nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// What it is.
    pub kind: DocumentKind,
    /// In lower-case hex.
    pub sha256: String,
    /// Whether it was checked, and is good.
    pub state: DocumentState,
    /// Who checked it.
    pub checked_by: Option<Uuid>,
    /// When it was checked.
    pub checked_at: Option<Timestamp>,
    /// Why it is not good.
    pub reason: Option<String>,
    /// When it was submitted.
    pub added_at: Timestamp,
}

/// What is there has an id.
fn has_id(schema: &mut Schema) {
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.insert(0, "id".into());
    }
}

impl DocumentView {
    fn of(document: KycDocument) -> DocumentView {
        DocumentView {
            id: Some(document.id),
            kind: document.kind,
            sha256: json::hex(&document.sha256),
            state: document.state,
            checked_by: document.checked_by,
            checked_at: document.checked_at,
            reason: document.reason,
            added_at: document.added_at,
        }
    }

    /// It on a few lines.
    fn words(&self) -> String {
        let reason = self.reason.as_ref();
        let reason = reason.map_or_else(String::new, |reason| format!(": {}", reason.replace('\n', " ")));
        let (kind, state) = (self.kind.as_str(), self.state.as_str());
        let id = self.id.unwrap_or_default();
        format!("{kind}, {state}{reason}\nid {id}\n{}", self.sha256)
    }
}

/// A KYC record.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "KycRecord")]
pub struct KycRecordView {
    /// Its id.
    pub id: Uuid,
    /// Whom it is about.
    pub user: Uuid,
    /// The tier that was asked for.
    #[schemars(range(max = 2))]
    pub tier: u64,
    /// Where it stands now; the clock decides whether it has expired.
    pub status: KycStatus,
    /// Who submitted it; null for someone on the server's own machine.
    pub submitted_by: Option<Uuid>,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// Who approved or rejected it.
    pub decided_by: Option<Uuid>,
    /// When it was approved or rejected.
    pub decided_at: Option<Timestamp>,
    /// Why it was rejected or revoked.
    pub reason: Option<String>,
    /// From when an approval is no longer good.
    pub expires_at: Option<Timestamp>,
    /// When an approval was revoked, replaced, or recorded as expired.
    pub ended_at: Option<Timestamp>,
    /// Its documents, oldest first.
    pub documents: Vec<DocumentView>,
    /// Counts the changes; the same as in `ETag`.
    pub version: u64,
}

impl KycRecordView {
    /// Shows a record.
    pub fn of(
        KycView {
            record,
            version,
            documents,
        }: KycView,
    ) -> KycRecordView {
        KycRecordView {
            id: record.id,
            user: record.user_id,
            tier: record.tier,
            status: record.status,
            submitted_by: record.submitted_by,
            submitted_at: record.submitted_at,
            decided_by: record.decided_by,
            decided_at: record.decided_at,
            reason: record.reason,
            expires_at: record.expires_at,
            ended_at: record.ended_at,
            documents: documents.into_iter().map(DocumentView::of).collect(),
            version,
        }
    }
}

impl KycRecordView {
    /// Why its documents do not let it be approved.
    fn unverified(&self) -> Option<&'static str> {
        let one_is = |state| self.documents.iter().any(|document| document.state == state);
        match self.tier {
            0 => None,
            _ if self.documents.is_empty() => Some("a tier above 0 needs one document at least"),
            _ if one_is(DocumentState::Rejected) => Some("a document was rejected: reject the KYC record"),
            _ if one_is(DocumentState::Pending) => Some("a document is pending: check it first"),
            _ => None,
        }
    }
}

impl Shown for KycRecordView {
    fn example() -> KycRecordView {
        KycRecordView {
            id: id(0xc1),
            user: ANN,
            tier: 1,
            status: KycStatus::Pending,
            submitted_by: Some(ANN),
            submitted_at: at(20, 8),
            decided_by: None,
            decided_at: None,
            reason: None,
            expires_at: None,
            ended_at: None,
            documents: vec![DocumentView {
                id: Some(id(0xd1)),
                kind: DocumentKind::Passport,
                sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
                state: DocumentState::Pending,
                checked_by: None,
                checked_at: None,
                reason: None,
                added_at: at(20, 8),
            }],
            version: 1,
        }
    }
}

impl Noun for KycRecord {
    type View = KycRecordView;
    rows!();

    const NAMES: (&'static str, &'static str) = ("KYC record", "KYC records");
    const KEY: &'static str = "kyc_records";
    const TAG: &'static str = "kyc";
    const COMMAND: &'static str = "kyc";
    const LIST: About = About {
        id: "list_kyc",
        summary: "KYC records",
        description: "In the order of their ids: oldest first, but for those with an id of the caller's own. Of all \
                      users for callers who hold `kyc:read`, one's own for others. What has expired is so by the clock.",
    };
    const FILTERS: &'static [Filter] = &[
        Filter::new("user", "about this user", Kind::User("user_id")),
        Filter::new(
            "status",
            "of this status",
            Kind::Word(KycStatus::WORDS, |word, now| {
                Ok(kyc_in_status(KycStatus::read("status", word)?, now))
            }),
        ),
    ];
    const READ: Reads = Reads::OwnOr(Permission::KycOwn, Permission::KycRead, "user_id");
    const COLUMNS: Columns<KycRecordView> = &[
        (column("id", Elide::Never), |view| view.id.into()),
        (column("user", Elide::End), |view| Cell::User(view.user)),
        (number("tier"), |view| view.tier.into()),
        (column("status", Elide::Never), |view| state(view.status.as_str())),
        (number("documents"), |view| (view.documents.len() as u64).into()),
    ];

    leads!();
}

impl Rows for KycRecord {
    async fn views(
        engine: &Engine,
        _: Viewer<'_>,
        rows: Vec<Sealed<KycRecord>>,
    ) -> Result<Vec<KycRecordView>, Error> {
        let views = engine.kyc_views(rows).await?;
        Ok(views.into_iter().map(KycRecordView::of).collect())
    }
}

impl Show for KycRecord {
    whole_is_view!();

    const SHOW: About = About {
        id: "show_kyc",
        summary: "One KYC record",
        description: "With its documents, and its status by the clock.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_KYC_RECORD;

    fn details(view: &KycRecordView) -> Vec<Titled> {
        let mut details = vec![
            ("Id", view.id.into()),
            ("User", Cell::User(view.user)),
            ("Tier", view.tier.into()),
            ("Status", state(view.status.as_str())),
            ("Submitted", view.submitted_at.into()),
            ("By", Cell::By(view.submitted_by)),
            ("Decided", view.decided_at.into()),
            (
                "By",
                view.decided_at.map_or(Cell::Empty, |_| Cell::By(view.decided_by)),
            ),
            ("Reason", view.reason.as_ref().into()),
            ("Expires", view.expires_at.into()),
            ("Ended", view.ended_at.into()),
            ("Version", view.version.into()),
        ];
        for (number, document) in view.documents.iter().enumerate() {
            details.push(("", "".into()));
            details.push((
                if number == 0 { "Documents" } else { "" },
                document.words().into(),
            ));
        }
        details
    }

    fn hinders(view: &KycRecordView, viewer: Viewer<'_>, verb: &str) -> Option<String> {
        let needed = match verb {
            "approve" | "reject" => KycStatus::Pending,
            "revoke" => KycStatus::Approved,
            _ => return None,
        };
        if view.status != needed {
            let (is, must) = (view.status.as_str(), needed.as_str());
            return Some(format!("the KYC record is {is}: this is for one that is {must}"));
        }
        // Somebody else reviews it than who submitted it, or whom it is about.
        let own = viewer.own();
        let part = if own.is_some() && view.submitted_by == own {
            "you submitted this KYC record"
        } else if own == Some(view.user) {
            "this KYC record is about yourself"
        } else {
            return view.unverified().filter(|_| verb == "approve").map(str::to_owned);
        };
        Some(format!("{part}: someone else reviews it"))
    }
}
