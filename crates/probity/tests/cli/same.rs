//! What is read over HTTP is what `--output json` prints.

use serde_json::Value;

use crate::approvals::{PASSWORD, set_up};
use crate::harness::{Place, on_both};
use crate::server::Server;

/// What is named without an id: the command, and the path.
const LISTS: &[(&str, &str)] = &[
    ("user list", "/v1/users"),
    (
        "user list --role compliance --limit 1",
        "/v1/users?role=compliance&limit=1",
    ),
    ("user list --active --text CLE", "/v1/users?active=true&text=CLE"),
    ("user list --disabled", "/v1/users?active=false"),
    (
        "user show ann",
        "/v1/users/ann?include=kyc,balances,api_keys,activities",
    ),
    (
        "user show cleo",
        "/v1/users/cleo?include=activities,api_keys,balances,kyc",
    ),
    ("role list", "/v1/roles"),
    ("asset list", "/v1/assets"),
    ("key list", "/v1/api-keys"),
    (
        "key list --user admin --limit 1",
        "/v1/api-keys?user=admin&limit=1",
    ),
    ("session list --user cleo", "/v1/sessions?user=cleo"),
    (
        "session list --user cleo --limit 1",
        "/v1/sessions?user=cleo&limit=1",
    ),
    ("balance list", "/v1/balances"),
    (
        "balance list --house --limit 2",
        "/v1/balances?house=true&limit=2",
    ),
    (
        "balance list --user ann --asset btc",
        "/v1/balances?user=ann&asset=btc",
    ),
    ("kyc list", "/v1/kyc"),
    (
        "kyc list --user ann --status pending",
        "/v1/kyc?user=ann&status=pending",
    ),
    ("kyc list --status expired", "/v1/kyc?status=expired"),
    ("destination list", "/v1/destinations"),
    (
        "destination list --removed --limit 1",
        "/v1/destinations?removed=true&limit=1",
    ),
    ("conversation list", "/v1/conversations"),
    (
        "conversation list --thread t-1 --user ann --status active --order oldest --limit 1",
        "/v1/conversations?thread_id=t-1&user=ann&status=active&order=asc&limit=1",
    ),
    ("conversation list --limit 1", "/v1/conversations?limit=1"),
    ("activity list --limit 3", "/v1/activity?limit=3"),
    (
        "activity list --kind user.* --order oldest --limit 2",
        "/v1/activity?kind=user.*&order=asc&limit=2",
    ),
    ("agent list", "/v1/agents"),
    (
        "agent list --user admin --status active",
        "/v1/agents?user=admin&status=active",
    ),
    ("agent show triage", "/v1/agents/triage"),
    ("workflow list", "/v1/executions"),
    (
        "workflow list --workflow triage --user ann --status running --order oldest --limit 1",
        "/v1/executions?workflow=triage&user=ann&status=running&order=asc&limit=1",
    ),
    (
        "workflow list --trace 4bf9 --drag-mode draft --since 2026-01-01",
        "/v1/executions?trace_id=4bf9&drag_mode=draft&from=2026-01-01T00:00:00Z",
    ),
    ("governance recent --limit 1", "/v1/governance/recent?limit=1"),
    ("governance workflows", "/v1/governance/workflows"),
    (
        "governance drag-modes --since 2026-01-01",
        "/v1/governance/drag-modes?from=2026-01-01T00:00:00Z",
    ),
    ("governance users", "/v1/governance/users"),
    ("metric list", "/v1/metrics"),
    (
        "metric list --name reward --workflow triage --user ann --drag-mode draft --order oldest --since 2026-01-01",
        "/v1/metrics?name=reward&workflow=triage&user=ann&drag_mode=draft&order=asc&from=2026-01-01T00:00:00Z",
    ),
    (
        "metric figures --name reward --percentiles 50,99.9",
        "/v1/metrics/figures?name=reward&percentiles=50,99.9",
    ),
    ("approval list", "/v1/approvals"),
    ("approval list --agent triage", "/v1/approvals?agent=triage"),
    (
        "approval list --status withdrawn",
        "/v1/approvals?status=withdrawn",
    ),
    ("operation list", "/v1/operations"),
    (
        "operation list --kind deposit --user ann --order oldest --limit 1",
        "/v1/operations?kind=deposit&user=ann&order=asc&limit=1",
    ),
    ("audit hold list", "/v1/audit/holds"),
    ("audit hold list --released", "/v1/audit/holds?released=true"),
    ("audit list", "/v1/audit/entries"),
    (
        "audit list --action user.* --outcome success --order oldest --limit 2",
        "/v1/audit/entries?action=user.*&outcome=success&order=asc&limit=2",
    ),
];
/// Nouns that are shown one by one: what shows it on the command line, and the path of their list.
const SHOWN: &[(&str, &str, &str)] = &[
    ("kyc show", "/v1/kyc", "kyc_records"),
    ("destination show", "/v1/destinations", "destinations"),
    ("conversation show", "/v1/conversations", "conversations"),
    ("agent show", "/v1/agents", "agents"),
    ("workflow show", "/v1/executions", "executions"),
    ("metric show", "/v1/metrics", "metrics"),
    ("approval show", "/v1/approvals", "approvals"),
    ("balance show", "/v1/balances", "balances"),
    ("asset show", "/v1/assets", "assets"),
    ("operation show", "/v1/operations", "operations"),
    ("audit hold show", "/v1/audit/holds", "holds"),
    ("audit show", "/v1/audit/entries", "entries"),
];

fn told(place: &Place, line: &str) -> Value {
    let words: Vec<_> = ["--output", "json"].into_iter().chain(line.split(' ')).collect();
    place.run_with(&words, PASSWORD).expect(0).json()
}

fn got(server: &Server, key: &str, path: &str) -> Value {
    let answer = server.get(path, &format!("Authorization: Bearer {key}\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn every_noun_is_the_same_json_over_http() {
    on_both(|place| {
        set_up(place, "1", "[custody]\ndestination_cooling_off_h = 0\n");
        let address = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
        let first = told(place, &format!("destination add ann {address} --asset BTC"));
        told(
            place,
            &format!("destination add ann {address}x --asset BTC --label cold"),
        );
        told(
            place,
            &format!("destination remove {}", first["id"].as_str().unwrap()),
        );
        told(
            place,
            &format!("kyc submit ann --tier 1 --document passport:{}", "0".repeat(64)),
        );
        told(place, "conversation create ann t-1 --context {\"a\":1}");
        told(place, "conversation create cleo t-1");
        let whole = told(
            place,
            "workflow start triage ann --trace 4bf9 --drag-mode draft --mission find --input {\"a\":1}",
        );
        let whole = whole["id"].as_str().unwrap();
        told(place, &format!("metric record reward 0.1 --execution {whole}"));
        let part = told(place, &format!("workflow start triage ann --parent {whole}"));
        let part = part["id"].as_str().unwrap();
        told(
            place,
            &format!("step record {whole} --kind tool --name search --out {{\"a\":1}}"),
        );
        told(place, &format!("step record {whole} --kind model --name chat"));
        told(place, &format!("workflow fail {part} --error-type timeout"));
        let asked = told(place, "approval request door.open --arguments {\"door\":1}");
        told(
            place,
            &format!("approval withdraw {}", asked["id"].as_str().unwrap()),
        );
        told(
            place,
            "operation mint user:ann 0.1 --asset BTC --request-approval gift",
        );
        told(place, "agent create triage --release 2.1.0");
        told(place, "audit hold create --user ann --reason case");
        told(place, "key create --agent triage --name triage --scopes read");
        let scopes = "read,write,admin,governance,workflows,custody";
        let key = told(place, &format!("key create --name reader --scopes {scopes}"));
        let key = key["key"].as_str().unwrap();
        for _ in 0..2 {
            place.log_in("cleo", PASSWORD).unwrap();
        }
        let sessions = told(place, "session list --user cleo");
        assert_eq!(sessions["sessions"].as_array().unwrap().len(), 2);
        let server = Server::start(place, &[]);
        for (line, path) in LISTS {
            let printed = told(place, line);
            assert_eq!(got(&server, key, path), printed, "{line}");
        }
        let steps = format!("step list --execution {whole} --kind tool --order newest");
        let path = format!("/v1/steps?execution={whole}&kind=tool&order=desc");
        let steps = (told(place, &steps), got(&server, key, &path));
        assert_eq!(steps.0, steps.1);
        let step = steps.0["steps"][0]["id"].as_str().unwrap();
        let shown = told(place, &format!("step show {step}"));
        assert_eq!(got(&server, key, &format!("/v1/steps/{step}")), shown);
        for (line, path, member) in SHOWN {
            let listed = got(&server, key, path);
            let rows = listed[member].as_array().unwrap();
            assert!(!rows.is_empty(), "{path}");
            for row in rows {
                let id = row["id"].as_str().unwrap();
                let printed = told(place, &format!("{line} {id}"));
                assert_eq!(got(&server, key, &format!("{path}/{id}")), printed, "{line} {id}");
            }
        }
    });
}
