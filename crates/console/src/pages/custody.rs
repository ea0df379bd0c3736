//! Custody: a balance with its statement, an asset with its totals, an operation, a KYC record.

use maud::{Markup, html};
use views::{
    AssetView, BalanceView, Cell, Column, DocumentView, Elide, KycRecordView, LineView, SupplyView, Titled,
    VerifiedView,
};
use views::{column, number};

use crate::components::{Field, Row, badge, cell, details, field, icon, part, table};
use crate::look::Look;
use crate::pages::one::{OnePage, around};

/// A balance with its statement.
#[derive(Clone, Debug)]
pub struct BalancePage {
    /// What every page of one thing has.
    pub one: OnePage,
    /// It.
    pub view: BalanceView,
    /// A page of its statement.
    pub lines: Vec<LineView>,
    /// The times that the statement can be narrowed down by.
    pub fields: Vec<Field>,
    /// Where the page is, and where the statement goes on.
    pub path: String,
    /// Where the statement goes on.
    pub next: Option<String>,
    /// Where it begins, unless that is here.
    pub first: Option<String>,
    /// Where all of it is as a table.
    pub csv: String,
}

const LINES: [Column; 6] = [
    column("recorded (UTC)", Elide::Never),
    column("operation", Elide::Never),
    column("with", Elide::End),
    number("change"),
    number("posted"),
    column("reference", Elide::End),
];

/// A balance with its statement.
pub fn balance(look: &Look, page: &BalancePage) -> Markup {
    let view = &page.view;
    let standing = [
        ("posted", Some(view.posted)),
        ("held", Some(view.held)),
        ("available", Some(view.available)),
        ("at least", view.minimum),
        ("at most", view.maximum),
    ];
    let amounts = standing
        .into_iter()
        .filter_map(|(words, units)| Some((words.to_owned(), units?.to_string())));
    let content = html! {
        p.lead { (cell(look, &Cell::Account(view.account.0), false)) " in " (view.asset) }
        (sums("How it stands", &view.asset, &amounts.collect::<Vec<_>>(), None))
        (part("statement", "Statement", &statement(look, page)))
        (part("facts", "All about it", &details(look, &page.one.pairs)))
    };
    let state = if view.closed_at.is_some() {
        "closed"
    } else {
        "open"
    };
    around(look, &page.one, &badge(state), &content)
}

fn statement(look: &Look, page: &BalancePage) -> Markup {
    let rows: Vec<Row> = page.lines.iter().map(line).collect();
    let wrong = page.fields.iter().any(|field| field.problem.is_some());
    html! {
        details.filter open[wrong] {
            summary { (icon("list-filter")) " Times" }
            form method="get" action=(page.path) {
                @for one in &page.fields { (field(one, "f-")) }
                div.buttons { button type="submit" { "Apply" } " " a href=(page.path) { "Clear" } }
            }
        }
        p { a href=(page.csv) download { (icon("download")) " All of it as CSV" } }
        (table(look, &format!("Statement, in {}", page.view.asset), &LINES, &rows))
        nav.pages aria-label="Pages" {
            @if let Some(first) = &page.first { a href=(first) rel="first" { "First page" } }
            span.quiet { (rows.len()) " shown" @if page.next.is_none() { ", no more" } }
            @if let Some(next) = &page.next { a href=(next) rel="next" { "Next page" } }
        }
    }
}

fn line(line: &LineView) -> Row {
    Row {
        href: Some(format!("/operations/{}", line.operation)),
        cells: vec![
            Cell::Second(line.at),
            line.kind.as_str().into(),
            Cell::Account(line.counterparty.0),
            line.change.to_string().into(),
            line.posted.to_string().into(),
            line.reference.as_ref().into(),
        ],
    }
}

/// Amounts of one asset, under each other so that their points are; with a sum, where there is one.
fn sums(caption: &str, asset: &str, amounts: &[(String, String)], sum: Option<(&str, String)>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table.sums {
                caption.hidden { (caption) }
                thead { tr { th scope="col" { (caption) } th scope="col" data-number { (asset) } } }
                tbody { @for (words, amount) in amounts { tr { th scope="row" { span { (words) } } td data-number { (amount) } } } }
                @if let Some((words, amount)) = sum { tfoot { tr { th scope="row" { (words) } td data-number { strong { (amount) } } } } }
            }
        }
    }
}

/// An asset with its totals.
#[derive(Clone, Debug)]
pub struct AssetPage {
    /// What every page of one thing has.
    pub one: OnePage,
    /// It.
    pub view: AssetView,
    /// What there is of it, for who may read that.
    pub supply: Option<SupplyView>,
    /// The last verification on this machine.
    pub verified: Option<VerifiedView>,
}

/// The tables that hold what is held, by balance and in sum.
const HELD: [&str; 2] = ["balances", "sums"];

/// An asset with its totals.
pub fn asset(look: &Look, page: &AssetPage) -> Markup {
    let content = html! {
        @if let Some(supply) = &page.supply { (part("totals", "Totals", &totals(look, page, supply))) }
        (part("facts", "All about it", &details(look, &page.one.pairs)))
    };
    around(look, &page.one, &html! {}, &content)
}

fn totals(look: &Look, page: &AssetPage, supply: &SupplyView) -> Markup {
    let amounts = supply
        .parts()
        .into_iter()
        .map(|(who, units)| (who, units.to_string()));
    let (sum, zero) = (supply.sum(), supply.sum().is_zero());
    html! {
        (sums("Who holds how much", &page.view.code, &amounts.collect::<Vec<_>>(), Some(("Sum of all", sum.to_string()))))
        @if zero { p { (icon("circle-check")) " All that commands have moved sums to zero: every unit has come from somewhere, and is somewhere." } }
        @else { p.banner data-tone="bad" role="alert" { (icon("triangle-alert")) " The balances do not sum to zero. Verify the log." } }
        (checked(page.verified.as_ref()))
        (details(look, &supply.details()))
    }
}

/// What the sums do not say, and who has looked: nobody reads every balance for a page.
fn checked(verified: Option<&VerifiedView>) -> Markup {
    let found = verified.map_or(0, |verified| verified.of_tables(&HELD));
    html! {
        @if found > 0 {
            p.banner data-tone="bad" role="alert" { (icon("triangle-alert")) span {
                "The last verification found " (found) " balances or sums that were changed by hand: what they show is not what was moved. "
                a href="/status#findings" { "What it found" }
            } }
        }
        p.quiet {
            "The sums are kept by commands, and every command checks them. Whether each balance is still the one that its entry recorded, "
            "its own page says, and a verification of the whole log: "
            @match verified { Some(verified) => { (verified.said()) } None => { "never on this machine" } }
            "."
        }
    }
}

/// A KYC record with its documents.
#[derive(Clone, Debug)]
pub struct KycPage {
    /// What every page of one thing has.
    pub one: OnePage,
    /// It.
    pub view: KycRecordView,
    /// Whether the reader may check its documents as it stands.
    pub checks: bool,
    /// Why the reader may not decide on it, where somebody still may.
    pub hindrance: Option<String>,
    /// Why it cannot be approved yet, by who may decide on it.
    pub waits: Option<String>,
    /// What the tier that is asked for may move: the limit, and how much.
    pub limits: Vec<(String, String)>,
}

/// A KYC record with its documents.
pub fn kyc(look: &Look, page: &KycPage) -> Markup {
    let view = &page.view;
    let documents = html! { @for document in &view.documents { (of_document(look, page, document)) } };
    let decision: Vec<Titled> = vec![
        ("Decided", view.decided_at.into()),
        (
            "By",
            view.decided_at.map_or(Cell::Empty, |_| Cell::By(view.decided_by)),
        ),
        ("Reason", view.reason.as_ref().into()),
        ("Good until", view.expires_at.into()),
        ("Ended", view.ended_at.into()),
    ];
    let decided = view.decided_at.is_some();
    let pairs: Vec<Titled> = vec![
        ("User", Cell::User(view.user)),
        ("Tier asked for", view.tier.into()),
        ("Submitted", view.submitted_at.into()),
        ("By", Cell::By(view.submitted_by)),
        ("Id", view.id.into()),
        ("Version", view.version.into()),
    ];
    let content = html! {
        p.lead { (cell(look, &Cell::User(view.user), true)) " asks for tier " (view.tier) }
        @if let Some(why) = &page.hindrance { p.banner data-tone="warn" { (icon("triangle-alert")) " You cannot decide: " (why) "." } }
        @if let Some(why) = &page.waits { p.quiet { "It cannot be approved now: " (why) "." } }
        (part("documents", "Documents", &documents))
        (part("decision", "Decision", &html! { @if decided { (details(look, &decision)) } }))
        (part("limits", "What this tier may move", &limits(&page.limits)))
        (part("facts", "All about it", &details(look, &pairs)))
    };
    around(look, &page.one, &badge(view.status.as_str()), &content)
}

fn of_document(look: &Look, page: &KycPage, document: &DocumentView) -> Markup {
    let pairs: Vec<Titled> = vec![
        ("SHA-256", (&document.sha256).into()),
        ("Submitted", document.added_at.into()),
        ("Checked", document.checked_at.into()),
        (
            "By",
            document
                .checked_at
                .map_or(Cell::Empty, |_| Cell::By(document.checked_by)),
        ),
        ("Reason", document.reason.as_ref().into()),
    ];
    html! {
        h3 { (document.kind.as_str()) " " (badge(document.state.as_str())) }
        (details(look, &pairs))
        @if let Some(id) = document.id.filter(|_| page.checks) {
            p { a.button href={ "/kyc/" (page.view.id) "/documents/" (id) "/check" } { "Check this " (document.kind.as_str()) } }
        }
    }
}

fn limits(limits: &[(String, String)]) -> Markup {
    html! {
        @if limits.is_empty() { p.quiet { "The installation sets no limits for it." } }
        @else {
            div.scroll tabindex="0" role="region" aria-label="Limits" {
                table.sums {
                    caption.hidden { "Limits" }
                    thead { tr { th scope="col" { "limit" } th scope="col" data-number { "at most" } } }
                    tbody { @for (what, most) in limits { tr { th scope="row" { span { (what) } } td data-number { (most) } } } }
                }
            }
        }
    }
}
