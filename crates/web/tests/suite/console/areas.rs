//! Pages that show a noun in a way of their own.

use domain::identity::Role;
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use super::pages::seeded;
use crate::api::{Api, BOTH};

/// Asks for an approval as the API's own key.
async fn asked_for(api: &Api) -> String {
    let body = json!({
        "action": "model.deploy",
        "arguments": {"model": "m-7", "where": {"region": "eu"}},
        "reason": "passed its evaluation",
    });
    let made = api.call("POST", "/v1/approvals", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_votes_where_one_sees_exactly_what_for() {
    for on in BOTH {
        let api = Api::new(on).await;
        let id = asked_for(&api).await;
        let path = format!("/approvals/{id}");
        let browser = Browser::of(&api, "cleo", Role::ADMIN).await;
        let page = browser.page(&path).await;
        let shown = api.get(&format!("/v1{path}")).await.json();
        for text in [
            "passed its evaluation",
            shown["digest"].as_str().unwrap(),
            shown["salt"].as_str().unwrap(),
            "{&quot;model&quot;:&quot;m-7&quot;,&quot;where&quot;:{&quot;region&quot;:&quot;eu&quot;}}",
            "0 of 1 needed have voted for it",
            "API key",
        ] {
            assert!(page.text().contains(text), "{text}: {}", page.text());
        }
        let vote = format!("{path}/vote");
        assert_eq!(
            page.each("form", "action")
                .iter()
                .filter(|action| **action == vote)
                .count(),
            2
        );
        // A vote against it without a reason is refused, and says so beside the field.
        let got = browser.post(&vote, &[("approve", "false"), ("reason", "")]).await;
        assert_eq!(got.status, 400, "{}", got.text());
        assert!(Page::of(got).text().contains("c-reason-wrong"));
        let got = browser
            .post(&vote, &[("approve", "true"), ("reason", "looks good")])
            .await;
        assert_eq!(
            (got.status.as_u16(), got.header("location")),
            (303, &*path),
            "{}",
            got.text()
        );
        let page = browser.page(&path).await;
        assert!(
            page.text().contains("looks good") && page.text().contains(">granted</span>"),
            "{}",
            page.text()
        );
        assert!(!page.each("form", "action").contains(&vote), "it is decided");
        let receipts = page.links().into_iter().filter(|link| link.ends_with("/receipt"));
        let receipts: Vec<String> = receipts.collect();
        assert_eq!(receipts.len(), 3, "of the request, the refusal and the vote");
        for receipt in receipts {
            assert_eq!(browser.get(&receipt).await.status, 200, "{receipt}");
        }
        let evidence = browser.get(&format!("/v1{path}/evidence")).await;
        assert_eq!(evidence.status, 200);
        assert!(page.links().contains(&format!("/v1{path}/evidence")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_asked_for_oneself_says_why_one_does_not_vote() {
    for on in BOTH {
        let api = Api::new(on).await;
        let browser = Browser::of(&api, "cleo", Role::ADMIN).await;
        let fields = [("action", "door.open"), ("arguments", r#"{"door":1}"#)];
        let got = browser.post("/approvals/new", &fields).await;
        assert_eq!(got.status, 303, "{}", got.text());
        let path = got.header("location").to_owned();
        let page = browser.page(&path).await;
        assert!(
            page.text()
                .contains("You cannot vote: nobody votes on what they asked for themselves"),
            "{}",
            page.text()
        );
        assert!(!page.each("form", "action").contains(&format!("{path}/vote")));
        assert!(
            page.links().contains(&format!("{path}/withdraw")),
            "one may take it back"
        );
        let list = browser.page("/approvals?status=pending").await;
        assert!(list.text().contains("expires (UTC)"), "what expires when");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_says_what_happened_and_then_when() {
    for on in BOTH {
        let api = Api::new(on).await;
        let aim = json!({"mission": "Find out who logged in", "actor": "triage"});
        let made = api
            .call(
                "POST",
                "/v1/executions",
                json!({"workflow": "triage", "aim": aim, "drag_mode": "analysis"}),
            )
            .await;
        assert_eq!(made.status, 201, "{}", made.text());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let at = |second: u32| format!("2026-11-21T08:00:{:02}.000000Z", second % 60);
        let step = |number: u32| {
            json!({
                "kind": if number.is_multiple_of(2) { "model" } else { "tool" },
                "name": if number.is_multiple_of(2) { "chat" } else { "search" },
                "started_at": at(number % 50), "finished_at": at(number % 50 + 2),
                "outcome": "success", "usage": {"input": 1200, "output": 85}, "cost_usd": "0.004875",
                "input": {"n": number}, "output": {"n": number},
            })
        };
        let mut steps: Vec<Value> = (0..210).map(step).collect();
        steps.push(json!({"kind": "tool", "name": "mail <b>", "outcome": "failed", "error_type": "refused"}));
        for part in steps.chunks(100) {
            let got = api
                .call(
                    "POST",
                    &format!("/v1/executions/{id}/steps"),
                    json!({"steps": part}),
                )
                .await;
            assert!([200, 201].contains(&got.status.as_u16()), "{}", got.text());
        }
        let inner = json!({"workflow": "inner", "parent": id});
        assert_eq!(api.call("POST", "/v1/executions", inner).await.status, 201);
        let got = api
            .call(
                "POST",
                &format!("/v1/executions/{id}/fail"),
                json!({"error": "no mail", "error_type": "mail"}),
            )
            .await;
        assert_eq!(got.status, 200, "{}", got.text());
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let path = format!("/executions/{id}");
        let page = browser.page(&path).await;
        for text in [
            "no mail",
            "The last step that did not succeed is",
            " × 105",
            "Find out who logged in",
            "1,200 + 85",
            "Show all 213 rows",
            "mail &lt;b&gt;",
        ] {
            assert!(page.text().contains(text), "{text}: {}", page.text());
        }
        let bars = |page: &Page| {
            page.rows()
                .iter()
                .filter(|row| row.starts_with("/steps/") || row.starts_with("/executions/"))
                .count()
        };
        assert_eq!(bars(&page), 200, "at first");
        assert_eq!(bars(&browser.page(&format!("{path}?rows=all")).await), 213);
        for list in [
            "/governance/workflows",
            "/governance/drag-modes",
            "/governance/users",
        ] {
            let page = browser.page(list).await;
            assert!(
                page.text().contains("data-part=\"1\""),
                "{list} draws what failed: {}",
                page.text()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custody_shows_statement_totals_and_documents() {
    for on in BOTH {
        let api = seeded(on).await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let balances = api.get("/v1/balances").await.json();
        let moved = balances["balances"].as_array().unwrap().iter();
        let moved = moved.filter(|one| {
            !one["posted"]
                .as_str()
                .unwrap()
                .trim_matches(['0', '.'])
                .is_empty()
        });
        let one = moved.clone().next().unwrap();
        let id = one["id"].as_str().unwrap();
        let page = browser.page(&format!("/balances/{id}")).await;
        assert!(
            page.text().contains(one["posted"].as_str().unwrap()),
            "all its digits: {}",
            page.text()
        );
        let statement = api
            .get(&format!("/v1/balances/{id}/statement?order=desc"))
            .await
            .json();
        let lines = statement["lines"].as_array().unwrap();
        assert!(!lines.is_empty());
        for line in lines {
            let operation = format!("/operations/{}", line["operation"].as_str().unwrap());
            assert!(page.rows().contains(&operation), "{operation}");
            assert!(page.text().contains(line["change"].as_str().unwrap()));
        }
        let csv = page
            .links()
            .into_iter()
            .find(|link| link.contains("format=csv"))
            .unwrap();
        let got = browser.get(&csv).await;
        assert_eq!(
            (got.status.as_u16(), got.header("content-type")),
            (200, "text/csv; charset=utf-8")
        );
        // Half of it, and then the other half.
        let first = browser.page(&format!("/balances/{id}?limit=1")).await;
        if lines.len() > 1 {
            let next = first
                .links()
                .into_iter()
                .find(|link| link.contains("cursor="))
                .unwrap();
            assert_ne!(browser.page(&next).await.rows(), first.rows());
        }
        let asset = one["asset"].as_str().unwrap();
        let page = browser.page(&format!("/assets/{asset}")).await;
        assert!(page.text().contains("sums to zero"), "{}", page.text());
        let page = Browser::of(&api, "guest", Role::USER)
            .await
            .page(&format!("/assets/{asset}"))
            .await;
        assert!(
            !page.text().contains("sums to zero"),
            "totals are for who may read them"
        );
        let records = api.get("/v1/kyc").await.json();
        let record = &records["kyc_records"][0];
        let page = browser
            .page(&format!("/kyc/{}", record["id"].as_str().unwrap()))
            .await;
        for document in record["documents"].as_array().unwrap() {
            assert!(
                page.text().contains(document["sha256"].as_str().unwrap()),
                "{}",
                page.text()
            );
        }
        let operations = api.get("/v1/operations").await.json();
        let operation = operations["operations"][0]["id"].as_str().unwrap();
        let page = browser.page(&format!("/operations/{operation}")).await;
        assert!(
            page.text().contains("What moves") && page.text().contains("What happened"),
            "{}",
            page.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_installation_says_what_is_wrong_and_what_is_in_force() {
    for on in BOTH {
        let found = || {
            let remedy = "take one <b>".to_owned();
            let late = web::Finding::new("backups", "major", "there is none".to_owned(), remedy);
            let well = web::Finding::new("disk", "good", "room enough".to_owned(), String::new());
            vec![well, late]
        };
        let setting = |name: &str, value: &str| {
            web::Configured::new(name.to_owned(), value.to_owned(), "default".to_owned())
        };
        let settings = web::Settings {
            configuration: vec![
                setting("listen", "127.0.0.1:8080"),
                setting("signing_key", "(hidden)"),
            ],
            doctor: Some(web::Doctor::new(move || Box::pin(async move { found() }))),
            ..web::Settings::default()
        };
        let api = Api::with(on, settings).await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let page = browser.page("/doctor").await;
        let (late, well) = (page.text().find("there is none"), page.text().find("room enough"));
        assert!(late < well, "what is wrong comes first: {}", page.text());
        assert!(
            page.text().contains("1 thing is seriously wrong.") && page.text().contains("take one &lt;b&gt;"),
            "{}",
            page.text()
        );
        let page = browser.page("/configuration").await;
        assert!(
            page.text().contains("127.0.0.1:8080") && page.text().contains("(hidden)"),
            "{}",
            page.text()
        );
        let page = browser.page("/retention").await;
        assert!(page.text().contains("No policy is set"), "{}", page.text());
        let backups = browser.page("/backups").await;
        assert!(
            backups.text().contains("probity db restore latest"),
            "{}",
            backups.text()
        );
        let guest = Browser::of(&api, "guest", Role::USER).await;
        for path in ["/doctor", "/configuration", "/retention"] {
            assert_eq!(guest.get(path).await.status, 403, "{path}");
        }
        // The checks in one file, to be kept.
        let got = browser.get("/static/verify.html").await;
        assert_eq!(got.status, 200);
        assert_eq!(
            got.header("content-disposition"),
            "attachment; filename=\"verify.html\""
        );
        assert_eq!(got.text(), evidence::verifier::page());
    }
}

/// All that the filters leave, as a file; and what a search has looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_filters_leave_can_be_had_as_a_file() {
    for on in BOTH {
        let api = Api::new(on).await;
        let event = |action: &str| json!({"actor": {"kind": "user", "id": "u"}, "action": action});
        api.record(&json!([event("order.update"), event("order.cancel")]))
            .await;
        let browser = Browser::of(&api, "root", Role::ADMIN).await;
        let page = browser
            .page("/audit/entries?action=order.cancel&limit=10&order=asc")
            .await;
        let link = "/audit/export?action=order.cancel";
        assert!(page.links().contains(link), "{:?}", page.links());
        let export = browser.page(link).await;
        let checkpoint = api.get("/v1/audit/checkpoint").await;
        let [size, root] = [1, 2].map(|line| checkpoint.text().lines().nth(line).unwrap().to_owned());
        let said = |name: &str, value: &str| {
            let pair = format!("<dt>{name}</dt><dd>{value}</dd>");
            assert!(export.text().contains(&pair), "{pair} in {}", export.text());
        };
        said("action", "order.cancel");
        said("Entries", "1");
        said("Size of the log", &size);
        said("Root of the log", &root);
        // What comes later is not in the files.
        api.record(&json!([event("order.cancel")])).await;
        let exports = export.links().into_iter();
        let exports = exports.filter(|link| link.starts_with("/v1/audit/export?"));
        let exports: Vec<String> = exports.collect();
        assert_eq!(exports.len(), 3, "{exports:?}");
        for link in exports {
            let got = browser.get(&link).await;
            assert_eq!(got.status, 200, "{link}: {}", got.text());
            // A table has a line before its entries, and a bundle one more behind them.
            let around = usize::from(link.contains("csv")) + 2 * usize::from(link.contains("bundle"));
            assert_eq!(got.text().lines().count(), 1 + around, "{link}");
            assert!(got.text().contains("order.cancel"), "{link}");
            assert_eq!(
                got.header("probity-checkpoint"),
                format!("size={size}, root=:{root}:")
            );
        }
        let ids = page.each("option", "value");
        let root = api.get("/v1/users/root").await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(ids.contains(&root), "actors are offered by their ids");
    }
}
