//! Agents: making, seeing, changing and stopping them, and what their keys may do.

use domain::identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, BOTH, Got, On};
use crate::people::{Person, assert_documented, assert_refused, ids, text};

const AGENTS: &str = "/v1/agents";

async fn agent(api: &Api, who: &Person, name: &str) -> Value {
    let got = who
        .post(api, AGENTS, json!({"name": name, "release": "2.1.0"}))
        .await;
    assert_eq!(got.status, 201, "{}", got.text());
    got.json()
}

/// A new key of an agent.
async fn key_of(api: &Api, who: &Person, agent: &str, scopes: &[&str]) -> Got {
    let body = json!({"name": "key", "agent": agent, "scopes": scopes});
    who.post(api, "/v1/api-keys", body).await
}

async fn patch(api: &Api, who: &Person, tag: &str, body: &Value) -> Got {
    let bearer = format!("Bearer {}", who.session);
    let headers = [("authorization", bearer.as_str()), ("if-match", tag)];
    api.call_with(&headers, "PATCH", "/v1/agents/triage", body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_from_its_beginning_to_its_end() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let root = Person::new(&api, "root", Role::ADMIN).await;
        let user = Person::new(&api, "uma", Role::USER).await;
        let made = agent(&api, &ann, "triage").await;
        assert_documented(&made, "Agent");
        for (name, expected) in [
            ("user", json!(ann.id)),
            ("created_by", json!(ann.id)),
            ("release", json!("2.1.0")),
            ("description", Value::Null),
            ("active", json!(true)),
        ] {
            assert_eq!(made[name], expected, "{name}");
        }
        let got = ann.post(&api, AGENTS, json!({"name": "triage"})).await;
        got.assert_problem(409, "agent_exists", Some("name"));
        for path in [
            "/v1/agents/triage".to_owned(),
            format!("{AGENTS}/{}", text(&made, "id")),
        ] {
            assert_eq!(ann.get(&api, &path).await.json(), made, "{path}");
            user.get(&api, &path)
                .await
                .assert_problem(403, "permission_missing", None);
        }
        let changed = patch(
            &api,
            &ann,
            "\"1\"",
            &json!({"release": "2.2.0", "description": "Sorts"}),
        )
        .await;
        assert_eq!((changed.status.as_u16(), changed.header("etag")), (200, "\"2\""));
        let changed = changed.json();
        assert_eq!(
            (&changed["release"], &changed["description"]),
            (&json!("2.2.0"), &json!("Sorts"))
        );
        let again = patch(&api, &ann, "\"1\"", &json!({"release": null})).await;
        again.assert_problem(412, "version_mismatch", None);
        let without = patch(&api, &ann, "*", &json!({"release": null})).await.json();
        assert_eq!(
            (&without["release"], &without["description"]),
            (&Value::Null, &json!("Sorts"))
        );
        // What would come of it, and what came of it.
        let size = api.size().await;
        let dry = ann
            .post(&api, "/v1/agents/triage/disable?dry_run=true", json!({}))
            .await;
        assert_eq!(dry.json()["active"], json!(false));
        assert_eq!(api.size().await, size);
        let off = ann.post(&api, "/v1/agents/triage/disable", json!({})).await;
        assert_eq!(off.json()["active"], json!(false));
        let size = api.size().await;
        assert_eq!(
            ann.post(&api, "/v1/agents/triage/disable", json!({}))
                .await
                .json(),
            off.json()
        );
        assert_eq!(api.size().await, size);
        let got = ann.post(&api, "/v1/agents/triage/enable", json!({})).await;
        got.assert_problem(403, "permission_missing", None);
        let got = root.post(&api, "/v1/agents/triage/enable", json!({})).await;
        assert_eq!(got.json()["active"], json!(true));
        for nobody in ["nobody".to_owned(), Uuid::from_u128(7).to_string()] {
            for way in ["disable", "enable"] {
                let got = root
                    .post(&api, &format!("{AGENTS}/{nobody}/{way}"), json!({}))
                    .await;
                got.assert_problem(404, "unknown_agent", Some("id"));
            }
            let got = root.get(&api, &format!("{AGENTS}/{nobody}")).await;
            got.assert_problem(404, "unknown_agent", Some("id"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input() {
    let api = Api::new(On::Sqlite).await;
    let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
    let root = Person::new(&api, "root", Role::ADMIN).await;
    let with = |name: &str, value: Value| {
        let mut body = json!({"name": "triage"});
        body[name] = value;
        body
    };
    let cases = [
        (json!({}), "name"),
        (with("name", json!(7)), "name"),
        (with("name", json!("")), "name"),
        (with("name", json!("x".repeat(101))), "name"),
        (with("name", json!("Triage")), "name"),
        (with("name", json!("a\u{0}")), "name"),
        (with("name", json!(ann.id)), "name"),
        (with("description", json!("")), "description"),
        (with("description", json!("x".repeat(1_001))), "description"),
        (with("release", json!("x".repeat(101))), "release"),
        (with("release", json!(2)), "release"),
        (with("owner", json!("me")), "owner"),
        (with("id", json!("x")), "id"),
        // Who may not read users names none.
        (with("user", json!("root")), "user"),
    ];
    let cases = cases.map(|(body, field)| (body, 400, "invalid_field", Some(field)));
    assert_refused(&api, &ann, AGENTS, cases.to_vec()).await;
    let others = (with("user", json!(root.id)), 403, "permission_missing", None);
    assert_refused(&api, &ann, AGENTS, vec![others]).await;
    let nobody = Uuid::from_u128(7);
    let cases = [json!("nobody"), json!("\u{0}"), json!(nobody)]
        .map(|user| (with("user", user), 404, "unknown_user", Some("user")));
    assert_refused(&api, &root, AGENTS, cases.to_vec()).await;
    agent(&api, &ann, "triage").await;
    for (body, field) in [
        (json!({"release": ""}), "release"),
        (json!({"description": 7}), "description"),
        (json!({"name": "other"}), "name"),
        (json!({"active": false}), "active"),
    ] {
        patch(&api, &ann, "*", &body)
            .await
            .assert_problem(400, "invalid_field", Some(field));
    }
    let got = api
        .call_as(
            &ann.session,
            "PATCH",
            "/v1/agents/triage",
            &json!({"release": "3"}),
        )
        .await;
    got.assert_problem(428, "if_match_required", None);
    for (query, status, code, field) in [
        ("status=asleep", 400, "invalid_field", "status"),
        ("limit=0", 400, "invalid_field", "limit"),
        ("user=nobody", 400, "invalid_field", "user"),
    ] {
        let got = ann.get(&api, &format!("{AGENTS}?{query}")).await;
        got.assert_problem(status, code, Some(field));
    }
    for (agent, scopes, status, code, field) in [
        ("nobody", ["read"].as_slice(), 404, "unknown_agent", "agent"),
        ("triage", &[], 400, "invalid_field", "scopes"),
        ("triage", &["read", "write"], 400, "invalid_field", "scopes"),
        ("triage", &["admin"], 400, "invalid_field", "scopes"),
        ("triage", &["custody"], 400, "invalid_field", "scopes"),
    ] {
        let got = key_of(&api, &ann, agent, scopes).await;
        got.assert_problem(status, code, Some(field));
    }
    // A user who may not read agents does not learn which there are.
    let uma = Person::new(&api, "uma", Role::USER).await;
    let got = key_of(&api, &uma, "triage", &["read"]).await;
    got.assert_problem(404, "unknown_agent", Some("agent"));
    let body = json!({"name": "key", "agent": "triage", "user": "root", "scopes": ["read"]});
    root.post(&api, "/v1/api-keys", body)
        .await
        .assert_problem(404, "unknown_agent", Some("agent"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_all_and_of_one_s_own() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let bob = Person::new(&api, "bob", Role::ANALYST).await;
        let vera = Person::new(&api, "vera", Role::VIEWER).await;
        let mut made = Vec::new();
        for (who, name) in [(&ann, "a"), (&ann, "b"), (&bob, "c")] {
            made.push(text(&agent(&api, who, name).await, "id"));
        }
        ann.post(&api, "/v1/agents/b/disable", json!({})).await;
        let list = async |query: &str| {
            let got = vera.get(&api, &format!("{AGENTS}{query}")).await;
            ids(&got.json(), "agents")
        };
        assert_eq!(list("").await, made);
        assert_eq!(list("?status=disabled").await, made[1..2]);
        assert_eq!(list(&format!("?status=active&user={}", ann.id)).await, made[..1]);
        let page = vera.get(&api, "/v1/agents?limit=2").await.json();
        assert_eq!(ids(&page, "agents"), made[..2]);
        let next = text(&page, "next");
        assert_eq!(list(&format!("?limit=2&cursor={next}")).await, made[2..]);
    }
}

/// Whatever its owner may do, the key of an agent does no more than its scopes, and never what is for people.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_key_of_an_agent_does_and_never_does() {
    for on in BOTH {
        let api = Api::new(on).await;
        let root = Person::new(&api, "root", Role::ADMIN).await;
        let agent = text(&agent(&api, &root, "triage").await, "id");
        let got = key_of(&api, &root, "triage", &["read", "governance", "workflows"]).await;
        assert_eq!(got.status, 201, "{}", got.text());
        let made = got.json();
        assert_eq!(made["api_key"]["agent"], json!(agent));
        assert_eq!(made["api_key"]["user"], json!(root.id));
        let key = text(&made, "key");
        let me = api.call_as(&key, "GET", "/v1/me", &Value::Null).await.json();
        assert_eq!(
            (
                &me["agent"]["id"],
                &me["agent"]["name"],
                &me["agent"]["release"],
                &me["user"]["id"]
            ),
            (&json!(agent), &json!("triage"), &json!("2.1.0"), &json!(root.id))
        );
        let ask = json!({"action": "model.deploy", "arguments": {}});
        let asked = api.call_as(&key, "POST", "/v1/approvals", &ask).await.json();
        assert_eq!(
            (&asked["agent"], &asked["requested_by"]),
            (&json!(agent), &json!(root.id))
        );
        let approval = format!("/v1/approvals/{}", text(&asked, "id"));
        let vote = format!("{approval}/vote");
        let of_admin = |verb: &str| format!("/v1/users/{}/{verb}", "root");
        for (method, path, body) in [
            ("POST", vote.as_str(), json!({"approve": true})),
            (
                "POST",
                "/v1/api-keys",
                json!({"name": "more", "scopes": ["read"]}),
            ),
            (
                "POST",
                "/v1/api-keys",
                json!({"name": "more", "scopes": ["read"], "agent": "triage"}),
            ),
            ("POST", "/v1/users", json!({"username": "eve", "role": "admin"})),
            ("POST", of_admin("erase").as_str(), json!({"reason": "to hide"})),
            ("POST", of_admin("role").as_str(), json!({"role": "viewer"})),
            ("POST", AGENTS, json!({"name": "other"})),
            ("POST", "/v1/agents/triage/disable", json!({})),
            ("POST", "/v1/agents/triage/enable", json!({})),
            (
                "POST",
                "/v1/audit/entries",
                json!({"actor": {"kind": "user"}, "action": "a"}),
            ),
            (
                "POST",
                "/v1/me/password",
                json!({"password": "x", "new_password": "y"}),
            ),
            ("POST", "/v1/sessions/end", json!({})),
            (
                "POST",
                "/v1/assets",
                json!({"code": "X", "name": "X", "scale": 2}),
            ),
        ] {
            let bearer = format!("Bearer {key}");
            let headers = [("authorization", bearer.as_str()), ("if-match", "*")];
            let got = api.call_with(&headers, method, path, &body).await;
            let (status, code, _) = got.problem();
            assert_eq!(status, 403, "{method} {path}: {}", got.text());
            assert!(
                ["scope_missing", "session_needed"].contains(&code.as_str()),
                "{path}: {code}"
            );
        }
        // Its owner's session does not vote on what it asked for either, and sees it among one's own.
        let got = root.post(&api, &vote, json!({"approve": true})).await;
        got.assert_problem(403, "own_request", None);
        for (query, expected) in [("agent=triage", 1), (&format!("agent={agent}&status=pending"), 1)] {
            let page = root.get(&api, &format!("/v1/approvals?{query}")).await.json();
            assert_eq!(ids(&page, "approvals").len(), expected, "{query}");
        }
        let got = root.get(&api, "/v1/approvals?agent=nobody").await;
        got.assert_problem(404, "unknown_agent", Some("agent"));
        // The switch: its approvals are withdrawn in the same entry, and its key is refused at once.
        let size = api.size().await;
        root.post(&api, "/v1/agents/triage/disable", json!({})).await;
        assert_eq!(api.size().await, size + 1);
        assert_eq!(
            root.get(&api, &approval).await.json()["status"],
            json!("withdrawn")
        );
        for (method, path, body) in [("GET", "/v1/me", Value::Null), ("POST", "/v1/approvals", ask)] {
            let got = api.call_as(&key, method, path, &body).await;
            got.assert_problem(401, "agent_disabled", None);
        }
    }
}
