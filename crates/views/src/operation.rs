//! Operations. What is absent is left out.

use domain::code::{self, Code};
use domain::custody::chain::TX_HASH_LEN_MAX;
use domain::custody::operation::steps::{self, OperationStep, Stands, check_stands};
use domain::custody::operation::{OnChain, REFERENCE_LEN_MAX, limits};
use domain::custody::{Account, Amount, House, Operation, OperationKind, OperationStatus, Owner};
use domain::identity::Permission;
use engine::custody::OperationView as Read;
use engine::list::{OperationFilter, OperationPlace, Order};
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, number, one, state};
use crate::cursor::Place;
use crate::example::{ACCOUNT, ANN, at, id};
use crate::filter::{Asked, Filter, Takes};
use crate::noun::{About, Found, LIMIT_USUAL, Noun, Page, Paging, Reads, Show, Shown};
use crate::unread::operations;
use crate::value::{Holder, Units};
use crate::viewer::Viewer;

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Side {
    balance: Uuid,
    account: Holder,
}

/// The tier under which it began is no longer good: it waits for it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct OnHold {
    tier_then: u64,
    tier_now: u64,
}

/// A transaction beside the first one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Transaction {
    chain: String,
    tx_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmations: Option<u64>,
}

impl From<OnChain> for Transaction {
    fn from(one: OnChain) -> Transaction {
        Transaction {
            chain: one.chain,
            tx_hash: one.tx_hash,
            output: one.output,
            block: one.block,
            confirmations: one.confirmations,
        }
    }
}

/// An operation. What is absent is left out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Operation")]
pub struct OperationView {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    kind: OperationKind,
    status: OperationStatus,
    /// Code of the asset.
    asset: String,
    amount: Units,
    debit: Side,
    credit: Side,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    captured: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debit_posted: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_posted: Option<Units>,
    /// The pending transfer that it captures.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reverses: Option<Uuid>,
    /// The operation that reversed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reversed_by: Option<Uuid>,
    /// The operation that had its output before, and came to nothing or was reversed.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<Uuid>,
    /// The first of the operations that it is linked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<Uuid>,
    /// The approval that was used for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tx_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmations: Option<u64>,
    /// Its transactions beside that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    transactions: Option<Vec<Transaction>>,
    /// Why it failed, was cancelled or released.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What shows how one of unknown fate ended, or why an output is credited again.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    metadata: Option<Box<RawValue>>,
    /// The user who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<Uuid>,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_hold: Option<OnHold>,
    version: u64,
}

impl OperationView {
    /// Shows an operation to this viewer. What somebody else has posted is shown only to those who may read everybody's
    /// balances.
    pub fn of(read: Read, viewer: Viewer<'_>) -> OperationView {
        let row = read.operation;
        let all = viewer.sees_all_balances();
        let sees = |account: Account| all || account.user() == viewer.own();
        let units = |amount| Units::of(amount, &read.asset);
        let posted = |amount: Option<Amount>, account| amount.filter(|_| sees(account)).map(units);
        let side = |balance, account| Side {
            balance,
            account: Holder(account),
        };
        let subject = limits::subject(row.kind, read.debit, read.credit);
        let sees_tier = subject.is_some_and(|(_, account)| sees(account));
        let on_hold = read.on_hold.filter(|_| sees_tier);
        OperationView {
            id: Some(row.id),
            kind: row.kind,
            status: row.status,
            asset: read.asset.code.clone(),
            amount: units(row.amount),
            debit: side(row.debit_id, read.debit),
            credit: side(row.credit_id, read.credit),
            held: Some(row.held).filter(|held| held.is_positive()).map(units),
            captured: row.captured.map(units),
            debit_posted: posted(row.debit_posted, read.debit),
            credit_posted: posted(row.credit_posted, read.credit),
            parent: row.parent_id,
            reverses: row.reverses_id,
            reversed_by: read.reversed_by,
            replaces: row.replaces_id,
            link: row.link_id,
            destination: row.destination_id,
            approval: row.approval_id,
            chain: row.chain,
            tx_hash: row.tx_hash,
            output: row.output,
            block: row.block,
            confirmations: row.confirmations,
            transactions: row
                .transactions
                .map(|list| list.0.into_iter().map(Into::into).collect()),
            error: row.error,
            evidence: row.evidence,
            reference: row.reference,
            // As it is stored: canonical JSON.
            metadata: row.metadata.and_then(|text| RawValue::from_string(text).ok()),
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
            expires_at: row.expires_at,
            on_hold: on_hold.map(|(tier_then, tier_now)| OnHold { tier_then, tier_now }),
            version: read.version,
        }
    }

    /// Its id, unless it is not there yet, and its version.
    pub fn version(&self) -> (Uuid, u64) {
        (self.id.unwrap_or_default(), self.version)
    }

    /// Leaves out the ids that it has not got yet.
    pub fn leave_out_ids(&mut self) {
        (self.id, self.link) = (None, None);
    }

    /// Why it does not have a step, or not for this viewer.
    fn without<S: OperationStep>(&self, viewer: Viewer<'_>) -> Option<String> {
        let stands = Stands {
            kind: self.kind,
            status: self.status,
            transfer: self.captured.is_some(),
        };
        if let Err(refusal) = check_stands::<S>(stands) {
            return Some(refusal.message);
        }
        let own = viewer.own();
        let master = self.created_by == own && self.debit.account.0.user() == own;
        let may = master || viewer.holds(Permission::CustodyWrite);
        (!may).then(|| "it is for who made the operation from their own balance".to_owned())
    }

    /// What moves, or is to.
    fn words(&self) -> String {
        format!("{} {}", self.amount, self.asset)
    }
}

impl Shown for OperationView {
    fn example() -> OperationView {
        let units = |units| Units::example(units);
        let fees = Account {
            owner: Owner::House(House::Fees),
            ..ACCOUNT
        };
        let side = |account: Account| Side {
            balance: account.id(),
            account: Holder(account),
        };
        OperationView {
            id: Some(id(0xbc)),
            kind: OperationKind::Transfer,
            status: OperationStatus::Completed,
            asset: "BTC".to_owned(),
            amount: units(50_000_000),
            debit: side(ACCOUNT),
            credit: side(fees),
            held: None,
            captured: None,
            debit_posted: Some(units(200_000_000)),
            credit_posted: Some(units(50_000_000)),
            parent: None,
            reverses: None,
            reversed_by: None,
            replaces: None,
            link: None,
            destination: None,
            approval: None,
            chain: None,
            tx_hash: None,
            output: None,
            block: None,
            confirmations: None,
            transactions: None,
            error: None,
            evidence: None,
            reference: Some("A-1001".to_owned()),
            metadata: None,
            created_by: Some(ANN),
            created_at: at(21, 8),
            updated_at: at(21, 8),
            expires_at: None,
            on_hold: None,
            version: 1,
        }
    }
}

impl Noun for Operation {
    type View = OperationView;
    type Place = OperationPlace;

    const NAMES: (&'static str, &'static str) = ("operation", "operations");
    const KEY: &'static str = "operations";
    const TAG: &'static str = "custody";
    const COMMAND: &'static str = "operation";
    const LIST: About = About {
        id: "list_operations",
        summary: "Operations, last changed first",
        description: "Operations that fulfil every condition given: all of them for callers who hold `custody:read`, \
                      for others those from or to their own balances. By `amount_min` it is a search, which reads along \
                      the operations for at most a second, and then answers with what it found, which may be nothing: \
                      where `next` is given, there is more to look at.",
    };
    const SEARCHED: bool = true;
    const FILTERS: &'static [Filter] = &[
        Filter::own("kind", "of this kind", Takes::Word(OperationKind::WORDS)),
        Filter::own(
            "status",
            "that stand here by the clock",
            Takes::Word(OperationStatus::WORDS),
        ),
        Filter::own("asset", "of this asset", Takes::Asset),
        Filter::own("amount_min", "of at least this amount of `asset`", Takes::Amount).option("amount-min"),
        Filter::own("user", "from or to balances of this user", Takes::User),
        Filter::own("balance", "from or to this balance", Takes::Balance),
        Filter::own(
            "tx_hash",
            "of this transaction, in any spelling",
            Takes::Text(TX_HASH_LEN_MAX),
        )
        .option("tx-hash"),
        Filter::own("reversed", "that were reversed, or that were not", Takes::Either),
        Filter::own("parent", "that capture this pending transfer", Takes::Id),
        Filter::own("reverses", "that reverse this operation", Takes::Id),
        Filter::own(
            "reference",
            "with exactly this reference",
            Takes::Text(REFERENCE_LEN_MAX),
        ),
        Filter::own("from", "that were made at this time or later", Takes::Time),
        Filter::own("to", "that were made before this time", Takes::Time),
    ];
    const READ: Reads = Reads::OwnOr(Permission::CustodyOwn, Permission::CustodyRead, "");
    const COLUMNS: Columns<OperationView> = &[
        (column("id", Elide::Never), |view| view.id.into()),
        (column("kind", Elide::End), |view| view.kind.as_str().into()),
        (column("status", Elide::End), |view| {
            let on_hold = view.on_hold.as_ref();
            state(on_hold.map_or(view.status.as_str(), |_| "on hold"))
        }),
        (number("amount"), |view| view.words().into()),
        (column("changed (UTC)", Elide::Never).spare(), |view| {
            view.updated_at.into()
        }),
        (column("from", Elide::Never).spare(), |view| {
            Cell::Account(view.debit.account.0)
        }),
        (column("to", Elide::Never).spare(), |view| {
            Cell::Account(view.credit.account.0)
        }),
    ];
    const ORDER: Option<Order> = Some(Order::Descending);

    fn leads(view: &OperationView) -> Option<(&'static str, String)> {
        view.id.map(|id| (Self::KEY, id.to_string()))
    }

    async fn page(
        engine: &Engine,
        viewer: Viewer<'_>,
        asked: &Asked,
        paging: Paging<OperationPlace>,
    ) -> Result<Page<Operation>, Error> {
        let Paging { order, after, .. } = paging;
        let filter = OperationFilter {
            kind: asked.word("kind", OperationKind::parse),
            status: asked.word("status", OperationStatus::parse),
            asset: asked.id("asset"),
            amount_min: asked.amount("amount_min"),
            balances: balances(engine, viewer, asked).await?,
            tx_hash: asked.text("tx_hash"),
            reversed: asked.flag("reversed"),
            parent: asked.id("parent"),
            reverses: asked.id("reverses"),
            reference: asked.text("reference"),
            made: (asked.time("from"), asked.time("to")),
            ..OperationFilter::default()
        };
        let limit = paging.limit.unwrap_or(LIMIT_USUAL);
        let page = (order, after, limit);
        let (found, next, unread) = operations(engine, filter, page, paging.search_time).await?;
        let views = found.into_iter().map(|read| OperationView::of(read, viewer));
        let next = next.map(|place| place.encode(order));
        Ok(Page {
            unread,
            ..Page::of(views.collect(), next)
        })
    }
}

/// The balances that operations are to be from or to, each of them a condition of its own: of the user that is named, the one
/// that is named, and those that the viewer may read, where that is not all.
async fn balances(engine: &Engine, viewer: Viewer<'_>, asked: &Asked) -> Result<Vec<Vec<Uuid>>, Error> {
    let own = viewer.own().filter(|_| !viewer.holds(Permission::CustodyRead));
    let user = asked.id("user").filter(|user| own != Some(*user));
    let mut balances = Vec::new();
    for user in [own, user].into_iter().flatten() {
        balances.push(engine.balances_of(user).await?);
    }
    balances.extend(asked.id("balance").map(|balance| vec![balance]));
    Ok(balances)
}

impl Show for Operation {
    type Whole = OperationView;

    const SHOW: About = About {
        id: "show_operation",
        summary: "One operation",
        description: "As the clock has it: a pending one past its time is cancelled, whether or not that is written \
                      down yet. `on_hold` is there while it waits for a tier that has expired. What somebody else has \
                      posted is shown only to callers who hold `custody:read`.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_OPERATION;

    async fn find(engine: &Engine, viewer: Viewer<'_>, name: &str) -> Result<Found<Operation>, Error> {
        let Some(id) = domain::own_id::parse(name) else {
            return Ok(None);
        };
        let all = viewer.holds(Permission::CustodyRead);
        let own = |account: Account| account.user() == viewer.own();
        let found = engine.operation(id).await?;
        let seen = found.filter(|read| all || own(read.debit) || own(read.credit));
        let view = seen.map(|read| OperationView::of(read, viewer));
        Ok(view.map(|view| {
            let version = view.version;
            (view, version)
        }))
    }

    fn details(view: &OperationView) -> Vec<Titled> {
        let words = |units: &Units| Cell::from(format!("{units} {}", view.asset));
        let mut details = vec![
            ("Id", view.id.into()),
            ("Kind", view.kind.as_str().into()),
            ("Status", state(view.status.as_str())),
            ("Amount", view.words().into()),
            ("From", Cell::Account(view.debit.account.0)),
            ("To", Cell::Account(view.credit.account.0)),
            ("Holds", view.held.as_ref().map(words).into()),
        ];
        if let Some(OnHold { tier_then, tier_now }) = &view.on_hold {
            let text = format!(
                "began under tier {tier_then}, the tier is {tier_now} now: it waits for a new KYC approval"
            );
            details.push(("On hold", text.into()));
        }
        details.extend([
            ("Captured", view.captured.as_ref().map(words).into()),
            ("From after", view.debit_posted.as_ref().map(words).into()),
            ("To after", view.credit_posted.as_ref().map(words).into()),
            ("Captures", one(Self::KEY, view.parent)),
            ("Reverses", one(Self::KEY, view.reverses)),
            ("Reversed by", one(Self::KEY, view.reversed_by)),
            ("Replaces", one(Self::KEY, view.replaces)),
            ("Linked with", view.link.into()),
            ("Destination", one("destinations", view.destination)),
            ("Approval", one("approvals", view.approval)),
            ("Chain", view.chain.as_ref().into()),
            ("Transaction", view.tx_hash.as_ref().into()),
            ("Output", view.output.into()),
            ("Block", view.block.into()),
            ("Confirmations", view.confirmations.into()),
        ]);
        for also in view.transactions.iter().flatten() {
            details.extend([
                ("Also on", (&also.chain).into()),
                ("Transaction", (&also.tx_hash).into()),
                ("Output", also.output.into()),
            ]);
        }
        let metadata = view.metadata.as_ref().map(|metadata| metadata.get());
        let history = view.id.map_or(Cell::Empty, |id| {
            Cell::Command(format!("probity audit list --target operation:{id}"))
        });
        details.extend([
            ("Error", view.error.as_ref().into()),
            ("Evidence", view.evidence.as_ref().into()),
            ("Reference", view.reference.as_ref().into()),
            ("Metadata", metadata.into()),
            ("Made", view.created_at.into()),
            ("Changed", view.updated_at.into()),
            ("Expires", view.expires_at.into()),
            ("Version", view.version.into()),
            ("Made by", Cell::By(view.created_by)),
            ("History", history),
        ]);
        details
    }

    fn hinders(view: &OperationView, viewer: Viewer<'_>, verb: &str) -> Option<String> {
        match verb {
            "start" => view.without::<steps::Start>(viewer),
            "complete" => view.without::<steps::Complete>(viewer),
            "fail" => view.without::<steps::Fail>(viewer),
            "cancel" => view.without::<steps::Cancel>(viewer),
            "mark-unknown" => view.without::<steps::MarkUnknown>(viewer),
            "resolve" => view.without::<steps::Resolve>(viewer),
            "capture" => view.without::<steps::Capture>(viewer),
            "release" => view.without::<steps::Release>(viewer),
            "report" => view.without::<steps::Report>(viewer),
            _ => None,
        }
    }
}
