//! What pages and the API say of a database that somebody changed by hand, around the program.

use domain::audit::erase::EraseEntries;
use domain::identity::Role;
use domain::{Caller, Command, Origin};
use engine::verify::{VerifyOptions, remember, verify};
use serde_json::json;

use super::browser::{Browser, Page};
use crate::api::{Api, BOTH, On};

/// Somebody whom no trigger, check or foreign key stands in the way of.
async fn by_hand(api: &Api, on: On, sql: &str) {
    let mut conn = api.engine.db().writer().await.unwrap();
    let ways = match on {
        On::Sqlite => {
            let pragmas = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON";
            conn.batch(pragmas).await.unwrap();
            "SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'"
        }
        On::Postgres => {
            conn.batch("SET session_replication_role = replica")
                .await
                .unwrap();
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) \
                          FROM pg_constraint WHERE contype = 'c' AND connamespace = current_schema()::regnamespace"
        }
    };
    for row in conn.all(ways, &[]).await.unwrap() {
        conn.batch(row.text(0).unwrap()).await.unwrap();
    }
    conn.batch(sql).await.unwrap();
}

async fn recorded(api: &Api) -> u64 {
    let mut last = 0;
    for number in 0..6 {
        let body =
            json!({"actor": {"kind": "user", "id": "al"}, "action": "order.ship", "details": {"n": number}});
        let entry = api.call("POST", "/v1/audit/entries", body).await.json();
        last = entry["index"].as_u64().unwrap();
    }
    last - 2
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_that_was_removed_is_not_called_erased() {
    for on in BOTH {
        let api = Api::new(on).await;
        let root = Browser::of(&api, "root", Role::ADMIN).await;
        let index = recorded(&api).await;
        let erase = Command::EraseEntries(EraseEntries {
            entries: vec![index - 1],
            reason: "asked to".to_owned(),
        });
        let operator = Caller::Operator {
            name: "tester".to_owned(),
        };
        let erased = api.engine.submit(&operator, Origin::default(), erase).await;
        erased.unwrap();
        let sql =
            format!("UPDATE entries SET payload = NULL, salt = NULL, actor = NULL WHERE entry = {index}");
        by_hand(&api, on, &sql).await;
        let page = root.page(&format!("/audit/entries/{index}")).await;
        let text = page.text();
        assert!(
            text.contains("the payload was removed by hand: no command erased or pruned it"),
            "{text}"
        );
        assert!(!text.contains("has been erased"), "{text}");
        let page = root.page(&format!("/audit/entries/{}", index - 1)).await;
        assert!(page.text().contains("has been erased, by "), "{}", page.text());
        let by = api.get(&format!("/v1/audit/entries/{}", index - 1)).await.json();
        let link = format!("/audit/entries/{}", by["erased_by"]);
        assert!(page.links().contains(&link), "{link}");
        let one = api.get(&format!("/v1/audit/entries/{index}")).await.json();
        assert!(one["tampered"].as_str().unwrap().contains("by hand") && one.get("erased").is_none());
        let list = root.page("/audit/entries").await;
        assert!(list.text().contains("changed by hand"), "{}", list.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_does_not_read_leaves_lists_alone() {
    for on in BOTH {
        for column in ["payload", "leaf"] {
            let api = Api::new(on).await;
            let root = Browser::of(&api, "root", Role::ADMIN).await;
            let index = recorded(&api).await;
            let sql = format!("UPDATE entries SET {column} = '{{bad' WHERE entry = {index}");
            by_hand(&api, on, &sql).await;
            for path in [
                "/audit/entries",
                "/activity",
                "/audit/entries?action=order.ship",
                "/",
            ] {
                let page = root.page(path).await;
                if path != "/" {
                    assert!(
                        page.text().to_lowercase().contains("changed by hand"),
                        "{path}: {}",
                        page.text()
                    );
                }
            }
            let page = root.page(&format!("/audit/entries/{index}")).await;
            assert!(page.text().contains("Changed by hand: "), "{}", page.text());
            for path in [
                "/v1/audit/entries",
                "/v1/audit/entries?action=order.ship",
                "/v1/activity",
            ] {
                let got = api.get(path).await;
                assert_eq!(got.status, 200, "{path}: {}", got.text());
                let key = if path == "/v1/activity" {
                    "activities"
                } else {
                    "entries"
                };
                let all = got.json()[key].as_array().unwrap().clone();
                assert!(all.iter().any(|one| one["index"] == index), "{path}");
            }
            let all = api.get("/v1/audit/entries").await.json();
            let all = all["entries"].as_array().unwrap().iter();
            let said: Vec<_> = all.filter(|one| one.get("tampered").is_some()).collect();
            assert!(said.len() == 1 && said[0]["index"] == index, "{said:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_is_missing_is_named_where_it_was() {
    for on in BOTH {
        let api = Api::new(on).await;
        let root = Browser::of(&api, "root", Role::ADMIN).await;
        let index = recorded(&api).await;
        by_hand(&api, on, &format!("DELETE FROM entries WHERE entry = {index}")).await;
        let list = root.page("/audit/entries").await;
        assert!(
            list.text().contains("changed by hand: missing"),
            "{}",
            list.text()
        );
        assert!(list.links().contains(&format!("/audit/entries/{index}")));
        // Every list of the whole log says so; behind a filter, nobody knows what it was.
        let activity = root.page("/activity").await;
        assert!(
            activity.text().contains(&format!("entry {index} is missing")),
            "{}",
            activity.text()
        );
        for (list, missing) in [("audit/entries", json!([index])), ("activity", json!([index]))] {
            let page = api.get(&format!("/v1/{list}")).await.json();
            assert_eq!(page["missing"], missing, "{list}");
        }
        let narrowed = api.get("/v1/audit/entries?action=order.ship").await.json();
        assert_eq!(narrowed.get("missing"), None);
        // A file that is called the whole log has all of it, or is none.
        for format in ["jsonl", "bundle"] {
            let file = api.get(&format!("/v1/audit/export?format={format}")).await;
            file.assert_problem(500, "tampered", None);
            assert_eq!(file.json()["tampered_entry"], index, "{}", file.text());
        }
        let narrowed = api.get("/v1/audit/export?action=order.ship").await;
        assert_eq!(narrowed.status, 200);
        let page = root.get(&format!("/audit/entries/{index}")).await;
        assert!(
            page.status == 500 && page.text().contains("it is missing"),
            "{}",
            page.text()
        );
        root.page("/").await;
        for path in [format!("{}/receipt", index + 1), format!("{index}")] {
            let got = api.get(&format!("/v1/audit/entries/{path}")).await;
            got.assert_problem(500, "tampered", None);
            assert_eq!(got.json()["tampered_entry"], index, "{}", got.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_not_the_one_that_was_written_is_marked() {
    for on in BOTH {
        let api = Api::new(on).await;
        let root = Browser::of(&api, "root", Role::ADMIN).await;
        let (ann, ben) = (
            api.new_person("ann", Role::USER).await,
            api.new_person("ben", Role::USER).await,
        );
        let path = format!("/users/{ann}");
        assert!(!root.page(&path).await.text().contains("changed by hand"));
        by_hand(&api, on, "UPDATE users SET role = 'sre' WHERE username = 'ann'").await;
        let page = root.page(&path).await;
        assert!(page.text().contains("changed by hand"), "{}", page.text());
        // What would be refused is not offered, and says why where it is asked for all the same.
        let disable = format!("{path}/disable");
        assert!(!page.links().contains(&disable), "{:?}", page.links());
        let got = root.post(&disable, &[]).await;
        assert_eq!(got.status, 500, "{}", got.text());
        let refused = Page::of(got);
        assert!(
            refused.text().contains("Somebody changed this in the database") && !refused.text().contains('`'),
            "{}",
            refused.text()
        );
        assert!(refused.links().contains("/status#findings"));
        let form = root.page(&disable).await;
        assert!(form.text().contains("Somebody changed this in the database"));
        assert!(!form.text().contains("class=\"change\"") && form.links().contains("/status#findings"));
        let page = root.page(&format!("/users/{ben}")).await;
        assert!(!page.text().contains("changed by hand"), "{}", page.text());
        assert!(page.links().contains(&format!("/users/{ben}/disable")));
        // It does not even read.
        by_hand(&api, on, "UPDATE users SET version = -5 WHERE username = 'ann'").await;
        let page = Page::of(root.get(&path).await);
        assert!(page.text().contains(&ann.to_string()), "{}", page.text());
        for link in ["/status#findings", "/users", "/"] {
            assert!(page.links().contains(link), "{link}: {}", page.text());
        }
        api.get(&format!("/v1/users/{ann}"))
            .await
            .assert_problem(500, "tampered", None);
        let list = root.page("/users").await;
        assert!(
            list.text().contains(&format!("the user {ann} is not shown")),
            "{}",
            list.text()
        );
        assert!(list.text().contains(">ben<"), "{}", list.text());
        let list = api.get("/v1/users").await.json();
        assert_eq!(list["unreadable"], json!([ann]), "{list}");
    }
}

/// An operation, a balance, an approval: whatever does not read is named by its id, in the API and on its page, and its list has the
/// others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_read_of_any_noun_is_named() {
    for on in BOTH {
        let api = Api::new(on).await;
        let root = Browser::of(&api, "root", Role::ADMIN).await;
        let mut made = Vec::new();
        for name in ["one", "two"] {
            let agent = api.call("POST", "/v1/agents", json!({"name": name})).await;
            assert_eq!(agent.status, 201, "{}", agent.text());
            let body = json!({"action": "model.deploy", "arguments": {"model": name}, "reason": "tested"});
            let approval = api.call("POST", "/v1/approvals", body).await;
            assert_eq!(approval.status, 201, "{}", approval.text());
            let execution = api
                .call("POST", "/v1/executions", json!({"workflow": name}))
                .await;
            assert_eq!(execution.status, 201, "{}", execution.text());
            made.push([agent, approval, execution].map(|got| got.json()["id"].as_str().unwrap().to_owned()));
        }
        for (place, (table, path)) in [
            ("agents", "/agents"),
            ("approvals", "/approvals"),
            ("executions", "/executions"),
        ]
        .into_iter()
        .enumerate()
        {
            let (bad, good) = (&made[0][place], &made[1][place]);
            let id = match on {
                On::Sqlite => format!("X'{}'", bad.replace('-', "")),
                On::Postgres => format!("'{bad}'"),
            };
            by_hand(
                &api,
                on,
                &format!("UPDATE {table} SET version = -5 WHERE id = {id}"),
            )
            .await;
            let list = root.page(path).await;
            assert!(
                list.text().contains(&format!("{bad} is not shown")),
                "{path}: {}",
                list.text()
            );
            assert!(list.links().contains(&format!("{path}/{good}")), "{path}");
            let list = api.get(&format!("/v1{path}")).await.json();
            assert_eq!(list["unreadable"], json!([bad]), "{path}: {list}");
            let page = root.get(&format!("{path}/{bad}")).await;
            assert!(
                page.text()
                    .contains(&format!("The row {bad} of {table} was changed by hand")),
                "{}",
                page.text()
            );
            let got = api.get(&format!("/v1{path}/{bad}")).await;
            got.assert_problem(500, "tampered", None);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_finding_of_the_last_verification_is_named() {
    for on in BOTH {
        let api = Api::new(on).await;
        let root = Browser::of(&api, "root", Role::ADMIN).await;
        let index = recorded(&api).await;
        let options = api.engine.options().clone();
        let run = async || {
            let report = verify(&options, VerifyOptions::default(), &|_| {}).await.unwrap();
            remember(&options.data_dir, &report);
        };
        run().await;
        let page = root.page("/status").await;
        assert!(
            page.text().contains("ok: nothing was changed by hand"),
            "{}",
            page.text()
        );
        let ann = api.new_person("ann", Role::USER).await;
        by_hand(&api, on, "UPDATE users SET role = 'sre' WHERE username = 'ann'").await;
        by_hand(
            &api,
            on,
            &format!("UPDATE entries SET payload = NULL, salt = NULL, actor = NULL WHERE entry = {index}"),
        )
        .await;
        run().await;
        let page = root.page("/status").await;
        let text = page.text();
        assert!(
            text.contains("tampered: 2 findings") && text.contains("id=\"findings\""),
            "{text}"
        );
        for link in [format!("/users/{ann}"), format!("/audit/entries/{index}")] {
            assert!(page.links().contains(&link), "{link}: {text}");
        }
        // No job found it, and what banners say may be older.
        let overview = root.page("/").await;
        assert!(
            !overview.text().contains("Everything is all right"),
            "{}",
            overview.text()
        );
        let status = api.get("/v1/status").await.json();
        assert_eq!(
            (&status["healthy"], &status["verified"]["findings"]),
            (&json!(false), &json!(2))
        );
        let found = status["verified"]["found"].as_array().unwrap();
        assert!(
            found
                .iter()
                .any(|one| one["entry"] == index && one["table"] == "entries"),
            "{found:?}"
        );
        assert!(
            found
                .iter()
                .any(|one| one["id"] == json!(ann) && one["table"] == "users"),
            "{found:?}"
        );
    }
}
