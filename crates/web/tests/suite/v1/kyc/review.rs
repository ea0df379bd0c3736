//! Checking documents and deciding.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Office, digest};
use crate::api::{Api, BOTH, On};
use crate::people::{Person, text, with_rules};

async fn tier(api: &Api, who: &Person, query: &str) -> u64 {
    let got = who.get(api, &format!("/v1/kyc/tier{query}")).await;
    assert_eq!(got.status, 200, "{}", got.text());
    got.json()["tier"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tier_needs_its_documents_verified() {
    for on in BOTH {
        let api = Api::new(on).await;
        let office = Office::new(&api).await;
        let Office { ann, cora, carl } = &office;
        let made = office.submitted(&api).await;
        let path = format!("/v1/kyc/{}", text(&made, "id"));
        let approve = format!("{path}/approve");
        let check = format!("{path}/documents/{}/check", text(&made["documents"][0], "id"));
        let before = api.size().await;
        let dry = format!("{approve}?dry_run=true");
        let got = cora.post(&api, &dry, json!({})).await;
        got.assert_problem(409, "documents_unverified", None);
        assert_eq!(api.size().await, before);
        let got = cora.post(&api, &approve, json!({})).await;
        got.assert_problem(409, "documents_unverified", None);
        let problem = got.json();
        assert!(text(&problem, "lifted_by").contains("kyc:review") && problem["rule"].is_string());
        let bad = json!({"verified": false, "reason": "too dark"});
        let got = cora.post(&api, &check, bad).await.json();
        assert_eq!(
            (&got["documents"][0]["state"], &got["documents"][0]["reason"]),
            (&json!("rejected"), &json!("too dark"))
        );
        let got = carl.post(&api, &check, json!({"verified": true})).await.json();
        let checked = &got["documents"][0];
        assert_eq!(
            (&checked["state"], &checked["reason"], &checked["checked_by"]),
            (&json!("verified"), &Value::Null, &json!(carl.id))
        );
        assert_eq!(tier(&api, ann, "").await, 0);
        let would = cora.post(&api, &dry, json!({})).await.json();
        assert_eq!(
            (&would["dry_run"], &would["status"], would.get("id")),
            (&json!(true), &json!("approved"), None)
        );
        assert_eq!(tier(&api, ann, "").await, 0);
        cora.post(&api, &approve, json!({})).await;
        assert_eq!(tier(&api, ann, "").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tier_begins_and_ends() {
    for on in BOTH {
        let api = Api::new(on).await;
        let office = Office::new(&api).await;
        let Office { ann, cora, carl } = &office;
        let made = office.submitted(&api).await;
        let path = format!("/v1/kyc/{}", text(&made, "id"));
        let approve = format!("{path}/approve");
        let check = format!("{path}/documents/{}/check", text(&made["documents"][0], "id"));
        carl.post(&api, &check, json!({"verified": true})).await;
        let body = json!({"expires_at": "2033-01-01T00:00:00Z"});
        let got = cora.post_with(&api, ("if-match", "\"1\""), &approve, &body).await;
        assert_eq!((got.status.as_u16(), got.header("etag")), (200, "\"2\""));
        let approved = got.json();
        assert_eq!(
            (
                &approved["status"],
                &approved["decided_by"],
                &approved["expires_at"]
            ),
            (
                &json!("approved"),
                &json!(cora.id),
                &json!("2033-01-01T00:00:00.000000Z")
            )
        );
        let (submitted, decided) = (text(&made, "submitted_at"), text(&approved, "decided_at"));
        assert_eq!(tier(&api, ann, "").await, 1);
        assert_eq!(tier(&api, cora, "?user=ann").await, 1);
        assert_eq!(tier(&api, cora, "?user=ann&at=2033-01-01T00:00:00Z").await, 0);
        assert_eq!(
            tier(&api, cora, &format!("?user={}&at={submitted}", ann.id)).await,
            0
        );
        let (revoke, stolen) = (format!("{path}/revoke"), json!({"reason": "stolen"}));
        let got = carl
            .post_with(&api, ("if-match", "\"1\""), &revoke, &stolen)
            .await;
        got.assert_problem(412, "version_mismatch", None);
        let got = carl.post(&api, &revoke, stolen).await;
        assert_eq!((got.status.as_u16(), got.header("etag")), (200, "\"3\""));
        assert_eq!(
            (&got.json()["status"], &got.json()["reason"]),
            (&json!("revoked"), &json!("stolen"))
        );
        assert_eq!(tier(&api, ann, "").await, 0);
        assert_eq!(tier(&api, ann, &format!("?at={decided}")).await, 1);
        let got = cora.post(&api, &approve, json!({})).await;
        got.assert_problem(409, "wrong_status", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reviews_what_is_their_own() {
    let api = Api::new(On::Sqlite).await;
    let Office { cora, .. } = &Office::new(&api).await;
    let root = Person::new(&api, "root", Role::ADMIN).await;
    let body = |user: &str| json!({"user": user, "tier": 1, "documents": [{"kind": "passport", "sha256": digest(1)}]});
    let of_cora = root.post(&api, "/v1/kyc", body("cora")).await.json();
    let path = format!("/v1/kyc/{}", text(&of_cora, "id"));
    let check = format!("{path}/documents/{}/check", text(&of_cora["documents"][0], "id"));
    for (who, code) in [(&root, "own_submission"), (cora, "own_record")] {
        for (verb, body) in [
            ("approve", json!({})),
            ("reject", json!({"reason": "x"})),
            ("revoke", json!({"reason": "x"})),
        ] {
            let got = who.post(&api, &format!("{path}/{verb}"), body).await;
            got.assert_problem(403, code, None);
        }
        let got = who.post(&api, &check, json!({"verified": true})).await;
        got.assert_problem(403, code, None);
    }
    // A key is no person, even that of one who may review.
    let (key, _) = api.new_key("carl", &[Scope::Admin]).await;
    let got = api
        .call_as(&key, "POST", &format!("{path}/reject"), &json!({"reason": "x"}))
        .await;
    got.assert_problem(403, "session_needed", None);
    let got = api
        .call_as(&key, "POST", &check, &json!({"verified": true}))
        .await;
    assert_eq!(got.status, 200, "{}", got.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_not_reviewed() {
    let api = Api::new(On::Sqlite).await;
    let office = Office::new(&api).await;
    let made = office.submitted(&api).await;
    let nobody = Uuid::now_v7();
    let path = format!("/v1/kyc/{}", text(&made, "id"));
    let check = format!("{path}/documents/{nobody}/check");
    let got = office.cora.post(&api, &check, json!({"verified": true})).await;
    got.assert_problem(404, "unknown_document", Some("document"));
    for (verb, body) in [
        ("approve", json!({})),
        ("reject", json!({"reason": "x"})),
        ("revoke", json!({"reason": "x"})),
        (&*format!("documents/{nobody}/check"), json!({"verified": true})),
    ] {
        let path = format!("/v1/kyc/{nobody}/{verb}");
        let got = office.cora.post(&api, &path, body.clone()).await;
        got.assert_problem(404, "unknown_kyc_record", Some("id"));
        assert!(!got.text().contains("00000000-0000"), "{}", got.text());
        // Who may not review learns nothing of what is there.
        for path in [path, format!("/v1/kyc/{}/{verb}", text(&made, "id"))] {
            let got = office.ann.post(&api, &path, body.clone()).await;
            got.assert_problem(403, "permission_missing", None);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_ends_an_approval() {
    for on in BOTH {
        let api = with_rules(on, |rules| rules.custody.kyc_s = 1).await;
        let Office { ann, cora, .. } = &Office::new(&api).await;
        let made = ann.post(&api, "/v1/kyc", json!({"tier": 0})).await.json();
        let path = format!("/v1/kyc/{}", text(&made, "id"));
        let got = cora.post(&api, &format!("{path}/approve"), json!({})).await;
        assert_eq!(got.json()["status"], "approved", "{}", got.text());
        let list = async |status: &str| {
            let got = cora.get(&api, &format!("/v1/kyc?status={status}")).await.json();
            got["kyc_records"].as_array().unwrap().len()
        };
        assert_eq!(list("approved").await, 1);
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        assert_eq!(ann.get(&api, &path).await.json()["status"], "expired");
        assert_eq!(list("approved").await, 0);
        let swept = api.engine.sweep().await.unwrap();
        assert_eq!(swept.kyc_records, 1);
        assert_eq!((list("approved").await, list("expired").await), (0, 1));
    }
}
