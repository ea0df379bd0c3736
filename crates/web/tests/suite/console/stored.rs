//! Whatever text is stored of whatever noun does nothing in a page.

use domain::identity::Role;
use serde_json::{Value, json};

use super::browser::Browser;
use super::safety::{BAD, unharmed};
use crate::api::{Api, BOTH};
use crate::custody::{World, make};
use crate::people::text;

/// Makes something with such texts.
async fn made(api: &Api, path: &str, body: Value) -> Value {
    let got = api.call("POST", path, body).await;
    assert!(got.status.is_success(), "{path}: {}", got.text());
    got.json()
}

/// One of each noun, each text of which would do something if it were HTML.
async fn bad_world(world: &World) {
    let api = &world.api;
    made(
        api,
        "/v1/users",
        json!({"username": "mallory", "role": "viewer", "full_name": BAD, "invite": true}),
    )
    .await;
    made(api, "/v1/api-keys", json!({"name": BAD, "scopes": ["read"]})).await;
    made(
        api,
        "/v1/conversations",
        json!({"thread_id": BAD, "title": BAD, "context": {BAD: BAD}}),
    )
    .await;
    made(
        api,
        "/v1/agents",
        json!({"name": "bad", "description": BAD, "release": BAD}),
    )
    .await;
    made(api, "/v1/assets", json!({"code": "BAD", "name": BAD, "scale": 2})).await;
    made(api, "/v1/audit/holds", json!({"reason": BAD, "target": BAD})).await;
    let metric = json!({"name": "bad.metric", "value": 1, "unit": "x", "workflow": "bad"});
    let _ = api.call("POST", "/v1/metrics", metric).await;
    let asked = json!({"action": "model.deploy", "arguments": {BAD: [BAD]}, "reason": BAD});
    let approval = made(api, "/v1/approvals", asked).await;
    let voter = api.new_person("carl", Role::COMPLIANCE).await;
    let vote = json!({"approve": false, "reason": BAD, "suggested_arguments": {BAD: BAD}});
    let path = format!("/v1/approvals/{}/vote", text(&approval, "id"));
    let session = api.new_session(voter).await.0;
    let got = api.call_as(&session, "POST", &path, &vote).await;
    assert_eq!(got.status, 200, "{}", got.text());
    let aim = json!({"actor": BAD, "mission": BAD, "input": {BAD: BAD}});
    let run = made(api, "/v1/executions", json!({"workflow": "bad", "aim": aim})).await;
    let path = format!("/v1/executions/{}", text(&run, "id"));
    let step = json!({"kind": "tool", "name": BAD, "provider": BAD, "call_id": BAD, "outcome": "failed", "error_type": BAD,
        "input": {BAD: BAD}, "output": [BAD]});
    made(api, &format!("{path}/steps"), json!({"steps": [step]})).await;
    made(
        api,
        &format!("{path}/fail"),
        json!({"error": BAD, "error_type": BAD}),
    )
    .await;
    make(
        api,
        json!({"kind": "deposit", "asset": "BTC", "amount": "1", "credit": "user:ann", "reference": BAD, "metadata": {BAD: BAD}}),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_of_any_noun_runs_in_a_page() {
    for on in BOTH {
        let world = World::new(on).await;
        bad_world(&world).await;
        let browser = Browser::of(&world.api, "root", Role::ADMIN).await;
        let lists = web::pages().filter(|(verb, path, _)| *verb == web::Verb::Get && !path.contains('{'));
        let (mut ones, mut shown) = (0, 0);
        for (_, list, _) in lists.filter(|(_, path, _)| *path != "/sign-in") {
            let got = browser.get(list).await;
            if got.status != 200 {
                continue;
            }
            let page = super::browser::Page::of(got);
            unharmed(&page, list);
            shown += page.text().matches("onerror=alert(1)").count();
            for row in page.rows() {
                let one = browser.get(&row).await;
                assert!(one.status == 200, "{row}: {}", one.text());
                let one = super::browser::Page::of(one);
                unharmed(&one, &row);
                shown += one.text().matches("onerror=alert(1)").count();
                ones += 1;
            }
        }
        assert!(
            ones > 30 && shown > 40,
            "{ones} pages of one, {shown} times a text"
        );
    }
}
