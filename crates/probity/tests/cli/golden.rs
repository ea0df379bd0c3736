//! What `--output json` prints of each noun, so that a change of what callers read is a diff. On both engines the same.
//! `PROBITY_WRITE_EXPECTED=1` writes the files anew.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::approvals::PASSWORD;
use crate::harness::{Place, on_both};

/// Commands that are run one after the other, and what they print. What differs from run to run is a word in its place.
struct Story<'a> {
    place: &'a Place,
    ids: Vec<String>,
    told: Vec<Value>,
}

impl Story<'_> {
    /// Runs a command, which must succeed, and keeps what it prints. On standard input it finds a password.
    #[track_caller]
    fn tell(&mut self, line: &str) -> Value {
        let words: Vec<_> = ["--output", "json"].into_iter().chain(line.split(' ')).collect();
        let printed = self.place.run_with(&words, PASSWORD).expect(0).json();
        let mut told = json!({"command": line, "prints": printed});
        self.stable(&mut told, "");
        self.told.push(told);
        printed
    }

    /// The same, for what is shown by an id.
    #[track_caller]
    fn id(&mut self, line: &str) -> String {
        let told = self.tell(line);
        let places = [&told["id"], &told["user"]["id"], &told["api_key"]["id"]];
        let id = places.into_iter().find_map(Value::as_str);
        id.unwrap().to_owned()
    }

    /// Puts a stable word in the place of each id, time and secret.
    fn stable(&mut self, value: &mut Value, member: &str) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.stable(value, name);
                }
            }
            Value::Array(values) => {
                for value in values {
                    self.stable(value, member);
                }
            }
            Value::String(text) => *text = self.word(member, text),
            Value::Number(_) if matches!(member, "duration_ms" | "mean_duration_ms") => {
                *value = "<duration>".into();
            }
            _ => {}
        }
    }

    fn word(&mut self, member: &str, text: &str) -> String {
        if text.parse::<evidence::Timestamp>().is_ok() {
            return "<time>".to_owned();
        }
        if SECRET.contains(&member) {
            return format!("<{member}>");
        }
        let mut word = text.to_owned();
        while let Some(id) = (0..word.len())
            .filter_map(|start| word.get(start..start + 36))
            .find(|part| part.contains('-') && uuid::Uuid::try_parse(part).is_ok())
        {
            let known = self.ids.iter().position(|known| known == id);
            let number = known.unwrap_or(self.ids.len());
            if known.is_none() {
                self.ids.push(id.to_owned());
            }
            word = word.replace(&self.ids[number], &format!("<id {}>", number + 1));
        }
        word
    }
}

/// Members whose value nobody can foresee.
const SECRET: &[&str] = &[
    "key",
    "prefix",
    "invitation",
    "one_time_password",
    "digest",
    "input_commitment",
    "output_commitment",
    "content_salt",
    "leaf",
    "shown",
    "salt",
    "next",
];

/// Tells a noun's story on both engines and compares it with its file.
fn told(noun: &str, story: impl Fn(&mut Story<'_>)) {
    let file: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "tests/golden",
        &format!("{noun}.json"),
    ]
    .iter()
    .collect();
    on_both(|place| {
        let mut told = Story {
            place,
            ids: Vec::new(),
            told: Vec::new(),
        };
        story(&mut told);
        let found = serde_json::to_string_pretty(&told.told).unwrap() + "\n";
        let sqlite = matches!(place.location(), store::db::Location::Sqlite(_));
        if sqlite && std::env::var_os("PROBITY_WRITE_EXPECTED").is_some() {
            std::fs::write(&file, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        let differing = found
            .lines()
            .zip(expected.lines())
            .find(|(found, expected)| found != expected);
        assert!(
            found == expected,
            "{noun}: {differing:?}; to write it anew: PROBITY_WRITE_EXPECTED=1"
        );
    });
}

/// BTC, and ann with one of it.
fn funded(story: &mut Story<'_>) {
    crate::approvals::set_up(story.place, "1", "[custody]\ndestination_cooling_off_h = 0\n");
}

#[test]
fn users_as_json() {
    told("user", |story| {
        story.tell("user create ann --role auditor --email ann@example.org --full-name Ann");
        let bob = story.id("user create bob --role user --invite");
        story.tell("user invite bob");
        story.tell("user update ann --full-name Anna --no-email");
        story.tell("user role ann developer");
        story.tell("user password ann");
        story.tell("user reset bob");
        story.tell("user disable bob");
        story.tell("user enable bob");
        story.place.log_in("ann", PASSWORD).unwrap();
        story.tell("key create --name ci --scopes read --user ann");
        story.tell("user recover ann");
        story.tell("user show ann");
        story.tell("user list");
        story.tell("user erase bob --reason asked --yes");
        story.tell(&format!("user show {bob}"));
    });
}

#[test]
fn holds_as_json() {
    told("hold", |story| {
        for name in ["ann", "cleo"] {
            story.tell(&format!("user create {name} --role compliance --password-stdin"));
        }
        let hold = story.id("audit hold create --user ann --from 2026-11-01 --reason case");
        story.tell("audit hold create --actor bob --target order:42 --to 2026-11-01 --reason case");
        story.tell("audit hold list");
        story.tell(&format!("audit hold release {hold} --as cleo --reason closed"));
        story.tell(&format!("audit hold show {hold}"));
        story.tell("audit hold list --released");
        story.tell("user erase ann --reason asked --yes");
    });
}

#[test]
fn keys_as_json() {
    told("key", |story| {
        let key = story
            .id("key create --name ci --scopes read,write --expires 2099-01-01 --requests-per-minute 60");
        let other = story.id(&format!("key rotate {key}"));
        story.tell(&format!("key show {key}"));
        story.tell(&format!("key revoke {other}"));
        story.tell("key list");
    });
}

#[test]
fn sessions_as_json() {
    told("session", |story| {
        story.tell("user create ann --role user --password-stdin");
        for _ in 0..2 {
            story.place.log_in("ann", PASSWORD).unwrap();
        }
        let listed = story.tell("session list");
        let id = listed["sessions"][0]["id"].as_str().unwrap();
        story.tell(&format!("session end {id}"));
        story.tell("session end --user ann");
    });
}

#[test]
fn assets_as_json() {
    told("asset", |story| {
        story.tell("asset create BTC --name Bitcoin --scale 8 --chain bitcoin");
        story.tell("asset create GOLD --name Gold --scale 0");
        story.tell("asset list");
        story.tell("asset supply BTC");
    });
}

#[test]
fn balances_as_json() {
    told("balance", |story| {
        funded(story);
        story.tell("balance list --user ann --limit 1");
        story.tell("balance configure user:ann --asset BTC --minimum 0.5 --maximum 2");
        story.tell("balance configure user:ann --asset BTC --close");
        story.tell("balance show user:ann --asset BTC");
        story.tell("balance show user:ann --asset BTC --at 0s");
        story.tell("balance statement user:ann --asset BTC");
    });
}

#[test]
fn operations_as_json() {
    told("operation", |story| {
        funded(story);
        let hash = crate::custody::HASH;
        story.tell(&format!(
            "operation deposit user:bob 0.25 --asset BTC --tx-hash {hash} --tx-output 0 --confirmations 6 --block 7"
        ));
        let pending = story.id(
            "operation transfer user:ann user:bob 0.4 --asset BTC --pending --expires 2099-01-01 \
             --reference rent --metadata {\"order\":7}",
        );
        let part = story.id(&format!("operation capture {pending} 0.2"));
        story.tell(&format!("operation release {pending}"));
        story.tell(&format!("operation reverse {part} --reference wrong"));
        story.tell("operation transfer user:ann user:bob 0.1 --asset BTC --dry-run");
        story.tell("operation mint user:ann 0.1 --asset BTC --request-approval gift");
        let destination =
            story.id("destination add ann bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq --asset BTC");
        let out = format!("operation withdraw user:ann 0.1 --asset BTC --destination {destination}");
        for end in ["complete", "fail --error refused", "mark-unknown --error silent"] {
            let id = story.id(&out);
            story.tell(&format!("operation start {id}"));
            story.tell(&format!("operation {end} {id}"));
            story.tell(&format!("operation show {id}"));
        }
        let id = story.id(&out);
        story.tell(&format!("operation cancel {id}"));
        story.tell("operation list --limit 3");
        story.tell("operation list --kind transfer --order oldest");
        story.tell("operation statistics");
    });
}

#[test]
fn destinations_as_json() {
    told("destination", |story| {
        funded(story);
        let id = story
            .id("destination add ann bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq --asset BTC --label cold");
        story.tell(&format!("destination show {id}"));
        story.tell("destination list");
        story.tell(&format!("destination remove {id}"));
        story.tell("destination list --removed");
    });
}

#[test]
fn conversations_as_json() {
    told("conversation", |story| {
        funded(story);
        let id = story.id("conversation create ann t-1 --title quiet --context {\"case\":7}");
        story.tell("conversation create ann t-1 --title loud");
        story.tell("conversation create ann t-2 --dry-run");
        story.tell(&format!("conversation update {id} --title louder --no-context"));
        story.tell("conversation list --user ann --thread t-1");
        story.tell(&format!("conversation end {id}"));
        story.tell(&format!("conversation show {id}"));
    });
}

#[test]
fn executions_as_json() {
    told("execution", |story| {
        funded(story);
        let whole = story
            .id("workflow start triage ann --drag-mode analysis --mission find --input {\"a\":1} --lease 60");
        let part = story.id(&format!("workflow start search ann --parent {whole}"));
        story.tell("workflow start triage ann --dry-run");
        story.tell(&format!("workflow heartbeat {part}"));
        story.tell(&format!("workflow complete {part} --result {{\"found\":3}}"));
        story.tell(&format!("workflow complete {part} --result {{\"found\":3}}"));
        let other = story.id("workflow start triage ann");
        story.tell(&format!("workflow cancel {other} --reason wrong"));
        story.tell(&format!(
            "workflow fail {whole} --error-type timeout --error slow"
        ));
        story.tell("workflow list --status failed");
        story.tell(&format!("workflow show {whole}"));
    });
}

#[test]
fn metrics_as_json() {
    told("metric", |story| {
        funded(story);
        let execution = story.id("workflow start triage ann --drag-mode analysis");
        story.tell(&format!("metric record reward -0.50 --execution {execution}"));
        story.tell("metric record latency 120 --unit ms --at 2026-11-21T08:30:00Z --workflow triage --drag-mode grunt --dry-run");
        let id = story.id("metric record latency 98.5 --unit ms --at 2026-11-21T08:30:00Z");
        story.tell("metric list --name latency --unit ms");
        story.tell(&format!("metric show {id}"));
        story.tell(
            "metric figures --name latency --since 2026-11-21 --until 2026-11-22 --by hour --percentiles 50",
        );
    });
}

#[test]
fn steps_as_json() {
    told("step", |story| {
        funded(story);
        let execution = story.id("workflow start triage ann");
        let record = format!("step record {execution} --kind tool --name search");
        story.tell(&format!("{record} --dry-run"));
        let made = story.tell(&format!(
            "{record} --in {{\"q\":\"who\"}} --out [3] --outcome failed"
        ));
        story.tell(&format!("step record {execution} --kind model --name chat"));
        let id = made["steps"][0]["id"].as_str().unwrap();
        story.tell(&format!("step list --execution {execution}"));
        story.tell(&format!("step list --execution {execution} --kind plan"));
        story.tell(&format!("step show {id}"));
        story.tell(&format!("step check {id} --in {{\"q\":\"who\"}} --out [3]"));
        story.tell(&format!("workflow show {execution}"));
    });
}

#[test]
fn views_of_governance_as_json() {
    told("governance", |story| {
        funded(story);
        let whole = story.id("workflow start triage ann --drag-mode analysis");
        story.tell(&format!("workflow cancel {whole}"));
        story.id("workflow start search ann");
        story.tell("governance recent --limit 1");
        story.tell("governance workflows");
        story.tell("governance drag-modes --since 2026-01-01");
        story.tell("governance users --until 2026-01-01");
        story.tell("governance users");
    });
}

#[test]
fn kyc_records_as_json() {
    told("kyc", |story| {
        funded(story);
        let submit = format!("kyc submit ann --tier 1 --document passport:{}", "0".repeat(64));
        let submitted = story.tell(&submit);
        let id = submitted["id"].as_str().unwrap();
        let document = submitted["documents"][0]["id"].as_str().unwrap();
        story.tell(&format!("kyc check {id} {document} --verified --as cleo"));
        story.tell(&format!("kyc approve {id} --as dora"));
        story.tell("kyc tier ann");
        story.tell(&format!("kyc revoke {id} --reason forged --as dora"));
        let other = story.id(&submit);
        story.tell(&format!("kyc reject {other} --reason blurred --as dora"));
        story.tell(&format!("kyc show {id}"));
        story.tell("kyc list");
        story.tell("kyc list --user ann --status revoked");
    });
}

#[test]
fn approvals_as_json() {
    told("approval", |story| {
        funded(story);
        let ask = "approval request door.open --arguments {\"door\":1} --reason delivery";
        let id = story.id(ask);
        story.tell(&format!("approval vote {id} --approve --as cleo"));
        story.tell(&format!("approval use {id} door.open --arguments {{\"door\":1}}"));
        let other = story.id(ask);
        story.tell(&format!("approval vote {other} --reject --reason no --as dora"));
        let third = story.id(ask);
        story.tell(&format!("approval withdraw {third}"));
        story.tell("operation mint user:ann 0.1 --asset BTC --request-approval gift");
        story.tell(&format!("approval show {id}"));
        story.tell("approval list");
        story.tell("approval list --status used");
    });
}

#[test]
fn agents_as_json() {
    told("agent", |story| {
        story.tell("agent create triage --release 2.1.0 --dry-run");
        let id = story.id("agent create triage --release 2.1.0 --description Sorts");
        story.tell("agent update triage --release 2.2.0 --no-description");
        story.tell("key create --agent triage --name triage --scopes workflows,read");
        story.tell(&format!("agent show {id}"));
        story.tell("agent disable triage");
        story.tell("agent list --status disabled");
        story.tell("agent enable triage");
    });
}

#[test]
fn roles_as_json() {
    told("role", |story| {
        story.tell("role list");
        story.tell("role explain user.set_role");
    });
}

#[test]
fn entries_as_json() {
    told("audit", |story| {
        story.tell(
            "audit append --actor agent:hal --action door.open --target door:1 --details {\"a\":1} --ip 192.0.2.7",
        );
        story.tell("audit show 0");
        story.tell("audit list --limit 1");
    });
}
