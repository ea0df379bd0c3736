//! Pages from plain data: well formed, fit for keyboards and readers, and nothing that was stored runs in them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use console::components::{Field, Input, Row, Told};
use console::{
    Action, ApprovalPage, AssetPage, BalancePage, Banner, ChangePage, Chip, ExecutionPage, Frame, Group,
    Item, KycPage, ListPage, Look, OnePage, ProblemPage, SignIn, StatusPage, Tone, Who, Zone,
};
use html5gum::{Token, Tokenizer};
use serde_json::json;
use views::{
    ApprovalView, AssetView, BalanceView, Cell, Elide, ExecutionPart, ExecutionWhole, FindingView,
    KycRecordView, LineView, Names, Shown as _, StepView, SupplyView, VerifiedView, VoteView, column, number,
};

const BAD: &str = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>";

fn look() -> Look {
    Look {
        zone: Zone::utc(),
        now: "2026-11-29T12:00:00Z".parse().unwrap(),
        names: Names::default(),
        paths: vec![("users", "/users"), ("entries", "/audit/entries")],
    }
}

fn frame(title: &str) -> Frame {
    Frame {
        title: title.to_owned(),
        path: "/audit/entries".to_owned(),
        groups: vec![Group {
            label: "Audit",
            icon: "scroll-text",
            items: vec![Item {
                href: "/audit/entries".to_owned(),
                label: "Audit log".to_owned(),
            }],
        }],
        who: Some(Who {
            name: BAD.to_owned(),
            role: BAD.to_owned(),
        }),
        environment: "production".to_owned(),
        banners: vec![Banner {
            tone: Tone::Bad,
            text: BAD.to_owned(),
            href: Some("/status".to_owned()),
        }],
        look: look(),
        theme: None,
        keys: true,
        scripts: Vec::new(),
    }
}

fn list() -> ListPage {
    let time = "2026-11-29T11:58:30Z".parse().unwrap();
    let mut outcome = Field::new(
        "outcome",
        "outcome",
        Input::Words(vec!["success".to_owned(), BAD.to_owned()]),
    );
    outcome.problem = Some(BAD.to_owned());
    ListPage {
        title: "Audit log".to_owned(),
        many: "entries",
        about: "Entries, newest first",
        path: "/audit/entries".to_owned(),
        fields: vec![
            Field::new("actor", "actor", Input::Line).doc(BAD).value(BAD),
            outcome,
        ],
        chips: vec![Chip {
            text: BAD.to_owned(),
            without: "/audit/entries".to_owned(),
        }],
        problems: vec![BAD.to_owned()],
        columns: vec![
            number("index"),
            column("at (UTC)", Elide::Never),
            column("actor", Elide::End),
            column("outcome", Elide::Never),
        ],
        parts: vec![(
            Some(BAD.to_owned()),
            vec![Row {
                href: Some("/audit/entries/7".to_owned()),
                cells: vec![
                    7.into(),
                    Cell::Second(time),
                    BAD.into(),
                    Cell::State("refused".to_owned()),
                ],
            }],
        )],
        next: Some("/audit/entries?cursor=x".to_owned()),
        actions: vec![Action {
            label: BAD.to_owned(),
            href: "/audit/entries/new".to_owned(),
            danger: true,
        }],
        call: BAD.to_owned(),
        ..ListPage::default()
    }
}

/// The names of the elements of a page, which must be well formed.
fn elements(page: &str) -> Vec<String> {
    let mut names = Vec::new();
    for token in Tokenizer::new(page) {
        match token.unwrap() {
            Token::StartTag(tag) => {
                for attribute in tag.attributes.keys() {
                    assert!(!attribute.starts_with(b"on") && &***attribute != b"style");
                }
                names.push(String::from_utf8(tag.name.to_vec()).unwrap());
            }
            Token::Error(error) => panic!("{error:?}"),
            _ => {}
        }
    }
    names
}

fn pages() -> Vec<(&'static str, String)> {
    let one = OnePage {
        title: BAD.to_owned(),
        list: ("/audit/entries".to_owned(), "Audit log".to_owned()),
        pairs: vec![
            ("", BAD.into()),
            ("  sub", format!("{BAD}\n{BAD}").into()),
            ("Entry", Cell::One("entries", BAD.to_owned())),
            ("Nothing", Cell::Empty),
        ],
        related: vec![(BAD.to_owned(), "/activity".to_owned())],
        told: vec![Told {
            index: 7,
            at: "2026-11-29T11:58:30Z".parse().unwrap(),
            sentence: BAD.to_owned(),
            recorder: BAD.to_owned(),
        }],
        call: BAD.to_owned(),
        tampered: true,
        ..OnePage::default()
    };
    let change = ChangePage {
        title: BAD.to_owned(),
        about: Some(("/users".to_owned(), BAD.to_owned())),
        description: BAD.to_owned(),
        will: vec![BAD.to_owned()],
        action: "/users/new".to_owned(),
        fields: [
            Input::Line,
            Input::Lines,
            Input::NewPassword,
            Input::Several(vec![BAD.to_owned()]),
            Input::Flag,
            Input::Number(Some(1), None),
            Input::Time,
            Input::Hidden,
        ]
        .into_iter()
        .enumerate()
        .map(|(place, input)| Field::new(format!("f{place}"), BAD, input).value(BAD).doc(BAD))
        .collect(),
        danger: true,
        problem: Some(BAD.to_owned()),
        blocked: false,
        entry: Some((Some("/audit/entries/7".to_owned()), 7)),
        help: Some((BAD.to_owned(), "/approvals/new".to_owned())),
        back: "/users".to_owned(),
        button: BAD.to_owned(),
    };
    let problem = ProblemPage {
        title: BAD.to_owned(),
        detail: BAD.to_owned(),
        code: BAD.to_owned(),
        field: Some(BAD.to_owned()),
        links: vec![(BAD.to_owned(), "/".to_owned())],
        ..ProblemPage::default()
    };
    let sign_in = SignIn {
        username: BAD.to_owned(),
        next: BAD.to_owned(),
        problem: Some(BAD.to_owned()),
        ..SignIn::default()
    };
    let mut pages = areas(&one);
    pages.extend([
        ("list", console::list(&look(), &list()).into_string()),
        ("one", console::one(&look(), &one).into_string()),
        ("change", console::change(&change).into_string()),
        ("problem", console::problem(&problem).into_string()),
        ("sign_in", console::sign_in(&sign_in).into_string()),
    ]);
    pages
}

/// Pages that show a noun in a way of their own.
fn areas(one: &OnePage) -> Vec<(&'static str, String)> {
    let bad = || Some(BAD.to_owned());
    let object = || json!({BAD: {BAD: [BAD]}}).as_object().cloned();
    let approval = ApprovalPage {
        one: one.clone(),
        view: ApprovalView {
            action: BAD.to_owned(),
            arguments: object(),
            reason: bad(),
            votes: vec![VoteView {
                approve: false,
                reason: bad(),
                suggested_arguments: object(),
                ..ApprovalView::example().votes.remove(0)
            }],
            ..ApprovalView::example()
        },
        vote: Some("/approvals/x/vote".to_owned()),
        hindrance: bad(),
        evidence: Some("/v1/approvals/x/evidence".to_owned()),
    };
    let example = ExecutionWhole::example();
    let step = StepView {
        name: BAD.to_owned(),
        error_type: bad(),
        outcome: evidence::Outcome::Failed,
        ..StepView::example()
    };
    let mut within = example.execution.clone();
    (within.workflow, within.result, within.error) = (BAD.to_owned(), object(), bad());
    let execution = ExecutionPage {
        one: one.clone(),
        whole: ExecutionWhole {
            execution: within,
            steps: vec![step.clone(), step],
            parts: vec![ExecutionPart {
                execution: example.execution.clone(),
                parts: Vec::new(),
            }],
            ..example
        },
        shown: 2,
        all: "/executions/x?rows=all".to_owned(),
        approvals: vec![(BAD.to_owned(), BAD.to_owned(), BAD.to_owned())],
    };
    let balance = BalancePage {
        one: one.clone(),
        view: BalanceView::example(),
        lines: vec![LineView {
            reference: bad(),
            ..LineView::example()
        }],
        fields: vec![Field::new("from", "from", Input::Time).value(BAD)],
        path: "/balances/x".to_owned(),
        next: Some("/balances/x?cursor=y".to_owned()),
        first: None,
        csv: "/v1/balances/x/statement?format=csv".to_owned(),
    };
    let asset = AssetPage {
        one: one.clone(),
        view: AssetView::example(),
        supply: Some(SupplyView::example()),
        verified: Some(verified()),
    };
    let kyc = KycPage {
        one: one.clone(),
        view: KycRecordView {
            reason: bad(),
            ..KycRecordView::example()
        },
        checks: true,
        hindrance: bad(),
        waits: bad(),
        limits: vec![(BAD.to_owned(), BAD.to_owned())],
    };
    let look = look();
    let status = StatusPage {
        one: one.clone(),
        verified: Some(verified()),
        elsewhere: false,
    };
    vec![
        ("status", console::status(&look, &status).into_string()),
        ("approval", console::approval(&look, &approval).into_string()),
        ("execution", console::execution(&look, &execution).into_string()),
        ("balance", console::balance(&look, &balance).into_string()),
        ("asset", console::asset(&look, &asset).into_string()),
        ("kyc", console::kyc(&look, &kyc).into_string()),
        ("operation", console::operation(&look, one).into_string()),
    ]
}

fn verified() -> VerifiedView {
    VerifiedView {
        at: "2026-11-29T11:58:30Z".parse().unwrap(),
        size: 4_712,
        findings: 1_204,
        found: vec![FindingView {
            table: "users".to_owned(),
            id: Some(BAD.to_owned()),
            entry: Some(7),
            what: BAD.to_owned(),
        }],
    }
}

#[test]
fn what_was_found_is_named_and_what_is_not_is_counted() {
    let pages = pages();
    let page = |wanted: &str| &pages.iter().find(|(name, _)| *name == wanted).unwrap().1;
    let status = page("status");
    assert!(
        status.contains("And 1,203 more: ") && status.contains("/audit/entries/7"),
        "{status}"
    );
    assert!(
        page("asset").contains("tampered: 1,204 findings"),
        "{}",
        page("asset")
    );
}

/// Readers jump from landmark to landmark by their names.
#[test]
fn no_two_landmarks_of_a_page_have_the_same_name() {
    for (name, page) in pages() {
        let parts = page.split("<h2 id=\"").skip(1);
        let headings = parts.filter_map(|rest| rest.split(['>', '<']).nth(1));
        let regions = page.split("role=\"region\" aria-label=\"").skip(1);
        let regions = regions.filter_map(|rest| rest.split('"').next());
        let mut names: Vec<&str> = headings.chain(regions).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{name}: {names:?}");
    }
}

#[test]
fn amounts_have_all_their_digits_and_say_whether_they_sum_to_zero() {
    let pages = pages();
    let page = |wanted: &str| &pages.iter().find(|(name, _)| *name == wanted).unwrap().1;
    assert!(
        page("balance").contains("<td data-number>2.50000000</td>"),
        "{}",
        page("balance")
    );
    assert!(page("asset").contains("sums to zero"), "{}", page("asset"));
    assert!(
        page("execution").contains("Show all 4 rows"),
        "{}",
        page("execution")
    );
}

#[test]
fn no_text_becomes_markup() {
    for (name, page) in pages() {
        let names = elements(&page);
        assert!(
            !names.iter().any(|name| ["img", "script"].contains(&&**name)),
            "{name}: {page}"
        );
        assert!(page.contains("&lt;script&gt;"), "{name}: {page}");
    }
    let again = console::again("/x?a=\"><script>").into_string();
    assert!(!elements(&again).contains(&"script".to_owned()), "{again}");
}

#[test]
fn a_page_has_its_landmarks_and_the_first_link_skips_to_the_content() {
    let content = console::list(&look(), &list());
    let page = frame("Audit log, 1 shown").page(&content).into_string();
    let names = elements(&page);
    for landmark in ["header", "main", "h1", "title"] {
        assert_eq!(
            names.iter().filter(|name| *name == landmark).count(),
            1,
            "{landmark}"
        );
    }
    assert!(page.contains("<title>Audit log, 1 shown · production · Probity</title>"));
    assert!(page.contains("data-environment=\"production\"") && page.contains("aria-current=\"page\""));
    let first = page.find("<a ").unwrap();
    assert!(
        page[first..].starts_with("<a class=\"skip\" href=\"#content\">"),
        "{page}"
    );
}

#[test]
fn a_row_is_a_link_and_its_times_are_exact_on_hover() {
    let page = console::list(&look(), &list()).into_string();
    assert!(page.contains("<a href=\"/audit/entries/7\">7</a>"), "{page}");
    assert!(
        page.contains("title=\"2026-11-29 11:58:30.000000 UTC\"") && page.contains(">1 min ago</time>"),
        "{page}"
    );
    assert!(page.contains("data-tone=\"bad\">refused</span>"), "{page}");
}

/// What is true of the last page is not true of the search.
#[test]
fn an_empty_page_behind_others_says_that_there_is_no_more() {
    let last = |stopped| {
        let page = ListPage {
            parts: Vec::new(),
            first: Some("/audit/entries".to_owned()),
            stopped,
            ..list()
        };
        console::list(&look(), &page).into_string()
    };
    assert!(
        last(false).contains("No entries from here on.") && !last(false).contains("<table"),
        "{}",
        last(false)
    );
    assert_eq!(last(false).matches("First page").count(), 1);
    assert!(last(true).contains("No entries so far."), "{}", last(true));
    let alone = ListPage {
        parts: Vec::new(),
        ..list()
    };
    let alone = console::list(&look(), &alone).into_string();
    assert!(alone.contains("No entries fulfil these filters."), "{alone}");
}

#[test]
fn what_is_not_there_says_how_to_get_it() {
    let empty = ListPage {
        many: "agents",
        actions: list().actions,
        ..ListPage::default()
    };
    let page = console::list(&look(), &empty).into_string();
    assert!(
        page.contains("There are no agents yet.") && page.contains("to make the first one"),
        "{page}"
    );
}
