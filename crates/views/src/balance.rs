//! Balances.

use domain::code::{self, Code};
use domain::custody::{Account, Asset, Balance, House, OperationKind, Owner};
use domain::identity::Permission;
use domain::record::Sealed;
use engine::custody::{BalanceState, StatementLine};
use engine::list::{Condition, OperationPlace};
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, number, state};
use crate::example::{ACCOUNT, at, id};
use crate::filter::{Filter, Flag, Kind};
use crate::noun::{About, LIMIT_USUAL, Noun, Paging, Reads, Show, Shown};
use crate::rows::{Rows, leads, rows, whole_is_view};
use crate::value::{Holder, Units};
use crate::viewer::Viewer;

/// A balance.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Balance")]
pub struct BalanceView {
    /// Its id.
    pub id: Uuid,
    /// Code of the asset.
    pub asset: String,
    /// Whose it is.
    pub account: Holder,
    /// What was moved here, less what was moved from here.
    pub posted: Units,
    /// What pending operations hold of it now; an expired hold no longer counts.
    pub held: Units,
    /// What is posted less what is held.
    pub available: Units,
    /// What must be left.
    pub minimum: Option<Units>,
    /// What may be there at most.
    pub maximum: Option<Units>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Counts the changes; the same as in `ETag`.
    pub version: u64,
}

impl BalanceView {
    /// Shows a balance.
    pub fn of(state: &BalanceState) -> BalanceView {
        let balance = &state.balance;
        let units = |amount| Units::of(amount, &state.asset);
        BalanceView {
            id: balance.id,
            asset: state.asset.code.clone(),
            account: Holder(balance.account()),
            posted: units(balance.posted),
            held: units(state.held),
            available: units(state.available),
            minimum: balance.minimum.map(units),
            maximum: balance.maximum.map(units),
            opened_at: balance.opened_at,
            closed_at: balance.closed_at,
            version: state.version,
        }
    }
}

/// A line of a balance's statement.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "StatementLine")]
pub struct LineView {
    /// Index of the entry that recorded the movement.
    pub entry: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The operation that moved.
    pub operation: Uuid,
    /// What sort of operation.
    pub kind: OperationKind,
    /// Where it came from or went to: `user:<id>` or `house:<name>`.
    pub counterparty: Holder,
    /// How much the balance changed: below zero for a debit.
    pub change: Units,
    /// Posted after it.
    pub posted: Units,
    /// The operation's own words.
    pub reference: Option<String>,
}

impl LineView {
    /// Shows a line of a balance of this asset, and the account on the other side.
    pub fn of(line: &StatementLine, other: Account, asset: &Asset) -> LineView {
        let operation = &line.operation;
        LineView {
            entry: line.entry,
            // What carries a movement never changes again.
            at: operation.updated_at,
            operation: operation.id,
            kind: operation.kind,
            counterparty: Holder(other),
            change: Units::of(line.change, asset),
            posted: Units::of(line.posted, asset),
            reference: operation.reference.clone(),
        }
    }
}

impl Shown for LineView {
    fn example() -> LineView {
        LineView {
            entry: 4711,
            at: at(21, 8),
            operation: id(0xbc),
            kind: OperationKind::Transfer,
            counterparty: Holder(Account {
                owner: Owner::House(House::Fees),
                ..ACCOUNT
            }),
            change: Units::example(-50_000_000),
            posted: Units::example(200_000_000),
            reference: Some("A-1001".to_owned()),
        }
    }
}

/// A balance's statement, or a page of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StatementView {
    /// The lines, in their order.
    pub lines: Vec<LineView>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

impl Shown for StatementView {
    fn example() -> StatementView {
        StatementView {
            lines: vec![LineView::example()],
            next: None,
        }
    }
}

/// A page of an account's movements within times, each with the account on its other side; and where the next begins.
pub async fn movements(
    engine: &Engine,
    account: Account,
    times: (Option<Timestamp>, Option<Timestamp>),
    paging: Paging<OperationPlace>,
) -> Result<(Vec<(StatementLine, Account)>, Option<OperationPlace>), Error> {
    let Paging {
        order, after, limit, ..
    } = paging;
    let balance = account.id();
    let limit = limit.unwrap_or(LIMIT_USUAL);
    let found = engine.statement(balance, times, order, after, limit).await?;
    let others: Vec<Uuid> = found.lines.iter().map(|line| line.other(balance)).collect();
    let accounts = engine.accounts_of(&others).await?;
    let mut movements = Vec::with_capacity(others.len());
    for (line, other) in found.lines.into_iter().zip(others) {
        let missing = || engine::database::Error::data("the balance of an operation is missing");
        movements.push((line, *accounts.get(&other).ok_or_else(missing)?));
    }
    Ok((movements, found.next))
}

/// What was posted of a balance at a moment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BalanceThen {
    /// The balance's id.
    pub id: Uuid,
    /// Code of the asset.
    pub asset: String,
    /// Whose it is.
    pub account: Holder,
    /// The moment.
    pub at: Timestamp,
    /// What was posted then.
    pub posted: Units,
    /// The movement that made it so; null where there was none yet.
    pub movement: Option<LineView>,
}

impl BalanceThen {
    /// What was posted of this account at a moment.
    pub async fn of(engine: &Engine, account: Account, at: Timestamp) -> Result<BalanceThen, Error> {
        let asset = engine.asset_of(account.asset).await?;
        let (posted, line) = engine.posted_at(account.id(), at).await?;
        let movement = match &line {
            Some(line) => {
                let other = engine.account_of(line.other(account.id())).await?;
                other.map(|other| LineView::of(line, other, &asset))
            }
            None => None,
        };
        Ok(BalanceThen {
            id: account.id(),
            asset: asset.code.clone(),
            account: Holder(account),
            at,
            posted: Units::of(posted, &asset),
            movement,
        })
    }
}

impl BalanceThen {
    /// The same for people.
    pub fn details(&self) -> Vec<Titled> {
        let since = self.movement.as_ref().map_or_else(
            || "nothing had moved by then".to_owned(),
            |line| format!("entry {}: {} {}", line.entry, line.kind.as_str(), line.operation),
        );
        vec![
            ("Account", Cell::Account(self.account.0)),
            ("At", self.at.to_string().into()),
            ("Posted", format!("{} {}", self.posted, self.asset).into()),
            ("Made so by", since.into()),
        ]
    }
}

impl Shown for BalanceView {
    fn example() -> BalanceView {
        let units = |units| Units::example(units);
        BalanceView {
            id: id(0xbb),
            asset: "BTC".to_owned(),
            account: Holder(ACCOUNT),
            posted: units(250_000_000),
            held: units(50_000_000),
            available: units(200_000_000),
            minimum: Some(units(0)),
            maximum: None,
            opened_at: at(20, 8),
            closed_at: None,
            version: 7,
        }
    }
}

impl Noun for Balance {
    type View = BalanceView;
    rows!();

    const NAMES: (&'static str, &'static str) = ("balance", "balances");
    const KEY: &'static str = "balances";
    const TAG: &'static str = "custody";
    const COMMAND: &'static str = "balance";
    const LIST: About = About {
        id: "list_balances",
        summary: "Balances",
        description: "All balances for callers who hold `custody:read`, one's own for others; in the order of their ids.",
    };
    const FILTERS: &'static [Filter] = &[
        Filter::new("asset", "of this asset", Kind::Asset("asset_id")),
        Filter::new("user", "of this user", Kind::User("user_id")),
        Filter::new(
            "house",
            "house accounts only",
            Kind::Flag(Flag {
                usual: None,
                condition: |house| Some(Condition::Has("house", house)),
                no: None,
            }),
        ),
    ];
    const READ: Reads = Reads::OwnOr(Permission::CustodyOwn, Permission::CustodyRead, "user_id");
    const COLUMNS: Columns<BalanceView> = &[
        (column("account", Elide::End), |view| {
            Cell::Account(view.account.0)
        }),
        (column("asset", Elide::Never), |view| (&view.asset).into()),
        (number("posted"), |view| view.posted.to_string().into()),
        (number("held"), |view| view.held.to_string().into()),
        (number("available"), |view| view.available.to_string().into()),
        (column("state", Elide::Never), |view| {
            state(if view.closed_at.is_some() {
                "closed"
            } else {
                "open"
            })
        }),
    ];
    const SORTED_BY: &'static [usize] = &[1, 0];

    leads!();
}

impl Rows for Balance {
    async fn views(
        engine: &Engine,
        _: Viewer<'_>,
        rows: Vec<Sealed<Balance>>,
    ) -> Result<Vec<BalanceView>, Error> {
        let states = engine.balance_states(rows).await?;
        Ok(states.iter().map(BalanceView::of).collect())
    }
}

impl Show for Balance {
    whole_is_view!();

    const SHOW: About = About {
        id: "show_balance",
        summary: "One balance, now or at a moment",
        description: "`available` is `posted` less `held`. A hold that has expired no longer counts, whether or not \
                      that is written down yet.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_BALANCE;

    fn details(view: &BalanceView) -> Vec<Titled> {
        let words = |units: Units| format!("{units} {}", view.asset);
        let bound = |units: Option<Units>| units.map_or("none".to_owned(), words);
        vec![
            ("Account", Cell::Account(view.account.0)),
            ("Id", view.id.into()),
            ("Posted", words(view.posted).into()),
            ("Held", words(view.held).into()),
            ("Available", words(view.available).into()),
            ("Minimum", bound(view.minimum).into()),
            ("Maximum", bound(view.maximum).into()),
            ("Opened", view.opened_at.into()),
            ("Closed", view.closed_at.into()),
            ("Version", view.version.into()),
            (
                "Moved by",
                Cell::Command(format!("probity operation list --balance {}", view.id)),
            ),
        ]
    }
}
