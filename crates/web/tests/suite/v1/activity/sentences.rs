//! What Probity itself records, in sentences.

use domain::identity::Role;
use serde_json::json;

use crate::api::{Api, BOTH};
use crate::people::{Person, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn executions_and_approvals_in_sentences() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let cora = Person::new(&api, "cora", Role::ADMIN).await;
        let start = json!({"workflow": "triage"});
        let one = text(
            &ann.post(&api, "/v1/executions", start.clone()).await.json(),
            "id",
        );
        let other = text(&ann.post(&api, "/v1/executions", start).await.json(), "id");
        let steps = json!({"steps": [{"kind": "tool", "name": "search"}, {"kind": "plan", "name": "p"}]});
        let metrics =
            json!([{"name": "m", "value": 1}, {"name": "m", "value": 2}, {"name": "m", "value": 3}]);
        let asked = json!({"action": "door.open", "arguments": {"door": 1}});
        let asked = text(&ann.post(&api, "/v1/approvals", asked).await.json(), "id");
        for (who, path, body) in [
            (&ann, format!("/v1/executions/{one}/steps"), steps),
            (&ann, format!("/v1/executions/{one}/complete"), json!({})),
            (&ann, format!("/v1/executions/{other}/cancel"), json!({})),
            (&ann, "/v1/metrics".to_owned(), metrics),
            (
                &cora,
                format!("/v1/approvals/{asked}/vote"),
                json!({"approve": true}),
            ),
            (
                &ann,
                format!("/v1/approvals/{asked}/use"),
                json!({"action": "door.open", "arguments": {"door": 1}}),
            ),
        ] {
            let got = who.post(&api, &path, body).await;
            assert!(got.status.is_success(), "{path}: {}", got.text());
        }
        let feed = api.get("/v1/activity?limit=9").await.json();
        let feed = feed["activities"].as_array().unwrap().iter().rev();
        let told: Vec<_> = feed.map(|activity| text(activity, "description")).collect();
        let expected = [
            "ann started an execution of triage".to_owned(),
            "ann started an execution of triage".to_owned(),
            "ann asked for the approval of door.open".to_owned(),
            format!("ann recorded 2 steps of execution {one}"),
            format!("ann completed execution {one}"),
            format!("ann cancelled execution {other}"),
            "ann recorded 3 metrics".to_owned(),
            format!("cora voted for approval {asked}"),
            format!("ann used approval {asked}"),
        ];
        assert_eq!(told, expected);
    }
}
