//! Checkpoints and consistency.

use evidence::consistency::{ConsistencyProof, check_consistency};
use serde_json::json;
use tlog::Checkpoint;

use crate::api::{Api, BOTH};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_proved_to_have_grown_only() {
    for on in BOTH {
        let api = Api::new(on).await;
        let key = api.engine.verifier_key().clone();
        let event = json!({"actor": {"kind": "user"}, "action": "x"});
        api.record(&json!([event])).await;
        let old = api.get("/v1/audit/checkpoint").await;
        assert_eq!(old.header("content-type"), "text/plain; charset=utf-8");
        let from = Checkpoint::open(old.text(), &key).unwrap().size;
        api.record(&json!([event, event, event, event, event])).await;
        let new = api.get("/v1/audit/checkpoint").await;
        let to = Checkpoint::open(new.text(), &key).unwrap().size;
        assert_eq!(to, from + 5);
        let proof = api
            .get(&format!("/v1/audit/consistency?from={from}&to={to}"))
            .await;
        let proof: ConsistencyProof = serde_json::from_slice(&proof.body).unwrap();
        check_consistency(old.text(), new.text(), &proof, &key).unwrap();

        let path = |from: &str, to: &str| format!("/v1/audit/consistency?from={from}&to={to}");
        let beyond = (to + 1).to_string();
        api.get(&path("1", &beyond))
            .await
            .assert_problem(400, "no_such_tree", Some("to"));
        api.get(&path("3", "2"))
            .await
            .assert_problem(400, "invalid_field", Some("from"));
        for to in ["0", "2"] {
            api.get(&path("0", to))
                .await
                .assert_problem(400, "invalid_field", Some("from"));
        }
        api.get(&path("-1", "2"))
            .await
            .assert_problem(400, "invalid_field", Some("from"));
        api.get("/v1/audit/consistency?from=1")
            .await
            .assert_problem(400, "invalid_field", Some("to"));
        api.get("/v1/audit/consistency")
            .await
            .assert_problem(400, "invalid_field", Some("from"));
        let huge = "9223372036854775807";
        assert_eq!(api.get(&path("1", huge)).await.problem().1, "no_such_tree");
    }
}
