//! What is refused for what it holds.

use serde_json::{Value, json};

use super::{Office, digest};
use crate::api::{Api, On};
use crate::people::{assert_refused, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn submissions() {
    let api = Api::new(On::Sqlite).await;
    let Office { ann, .. } = &Office::new(&api).await;
    let of = |documents: Value| json!({"tier": 1, "documents": documents});
    let one = |kind: &str, sha256: &str| of(json!([{"kind": kind, "sha256": sha256}]));
    let upper = digest(0xab).to_uppercase();
    let twice = json!([{"kind": "passport", "sha256": digest(1)}, {"kind": "selfie", "sha256": digest(1)}]);
    let many: Vec<_> = (0..21)
        .map(|number| json!({"kind": "other", "sha256": digest(number)}))
        .collect();
    let cases: Vec<(Value, Option<&str>)> = vec![
        (json!({}), Some("tier")),
        (json!({"tier": 3}), Some("tier")),
        (json!({"tier": -1}), Some("tier")),
        (json!({"tier": "1"}), Some("tier")),
        (json!({"tier": 1.5}), Some("tier")),
        (json!({"tier": 1, "level": 2}), Some("level")),
        (json!({"tier": 1, "id": "7"}), Some("id")),
        (json!({"tier": 1, "user": 7}), Some("user")),
        (of(json!({})), Some("documents")),
        (of(json!([{"kind": "passport"}])), Some("documents[0].sha256")),
        (one("visa", &digest(1)), Some("documents[0].kind")),
        (one("passport", "ab"), Some("documents[0].sha256")),
        (one("passport", &upper), Some("documents[0].sha256")),
        (one("passport", &"g".repeat(64)), Some("documents[0].sha256")),
        (of(twice), Some("documents[1].sha256")),
        (of(json!(many)), Some("documents")),
        (json!([]), None),
    ];
    let cases = cases
        .into_iter()
        .map(|(body, field)| (body, 400, "invalid_field", field));
    assert_refused(&api, ann, "/v1/kyc", cases.collect()).await;
    assert_eq!(ann.get(&api, "/v1/kyc").await.json()["kyc_records"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reviews() {
    let api = Api::new(On::Sqlite).await;
    let office = Office::new(&api).await;
    let made = office.submitted(&api).await;
    let path = format!("/v1/kyc/{}", text(&made, "id"));
    let check = format!("{path}/documents/{}/check", text(&made["documents"][0], "id"));
    let reasons = |body: Value| (body, 400, "invalid_field", Some("reason"));
    let long = "x".repeat(1_001);
    assert_refused(
        &api,
        &office.cora,
        &check,
        vec![
            (json!({}), 400, "invalid_field", Some("verified")),
            (json!({"verified": "yes"}), 400, "invalid_field", Some("verified")),
            reasons(json!({"verified": false})),
            reasons(json!({"verified": false, "reason": ""})),
            reasons(json!({"verified": false, "reason": long})),
            reasons(json!({"verified": true, "reason": "fine"})),
        ],
    )
    .await;
    for verb in ["reject", "revoke"] {
        let cases = vec![
            reasons(json!({})),
            reasons(json!({"reason": ""})),
            reasons(json!({"reason": 1})),
            reasons(json!({"reason": "a\u{7}b"})),
            reasons(json!({"reason": long})),
        ];
        assert_refused(&api, &office.cora, &format!("{path}/{verb}"), cases).await;
    }
    let approve = format!("{path}/approve");
    let times = ["2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "soon"];
    let cases = times.map(|time| {
        (
            json!({"expires_at": time}),
            400,
            "invalid_field",
            Some("expires_at"),
        )
    });
    assert_refused(&api, &office.cora, &approve, cases.to_vec()).await;
    let got = office
        .cora
        .post_with(&api, ("if-match", "1"), &approve, &json!({}))
        .await;
    got.assert_problem(400, "malformed_if_match", None);
    for path in ["/v1/kyc/7/approve", "/v1/kyc/7/documents/7/check"] {
        let got = office.cora.post(&api, path, json!({"verified": true})).await;
        got.assert_problem(400, "invalid_field", Some("id"));
    }
    let check = format!("{path}/documents/7/check");
    let got = office.cora.post(&api, &check, json!({"verified": true})).await;
    got.assert_problem(400, "invalid_field", Some("document"));
    let got = office.ann.get(&api, "/v1/kyc/tier?at=yesterday").await;
    got.assert_problem(400, "invalid_field", Some("at"));
    let got = office.ann.get(&api, "/v1/kyc/tier?user=cora").await;
    got.assert_problem(403, "permission_missing", None);
    assert_eq!(office.ann.get(&api, &path).await.json(), made);
}
