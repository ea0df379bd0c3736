//! What each tool refuses for what it is given. What is tried is made of the list of tools, so that a new argument is tried, too.

use domain::identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::approvals::{refund, using};
use super::{Agent, Client, key_of};
use crate::api::{Api, BOTH};
use crate::people::{Person, text};

/// The page that says which tools there are, and which scopes each takes.
const PAGE: &str = include_str!("../../../../../docs/agents.md");

/// Arguments whose bounds say less than what they must be: a place in a list that was given out, and who may be named.
const OPAQUE: [(&str, &str); 3] = [
    ("audit_search", "cursor"),
    ("activity_list", "cursor"),
    ("execution_start", "user"),
];

/// Things of the agent that calls.
struct Made {
    /// It is running.
    execution: String,
    /// It is granted.
    granted: String,
    /// It is used, and nothing was said of it yet.
    used: String,
}

impl Made {
    async fn new(api: &Api, agent: &Agent) -> Made {
        let client = agent.client(api);
        let mut ids = Vec::new();
        for _ in 0..2 {
            let id = text(&client.call("propose_action", refund()).await, "id");
            let path = format!("/v1/approvals/{id}/vote");
            agent.cora.post(api, &path, json!({"approve": true})).await;
            ids.push(id);
        }
        let [granted, used] = ids.try_into().unwrap();
        client.call("approval_use", using(&used)).await;
        Made {
            execution: execution(&client).await,
            granted,
            used,
        }
    }

    /// Arguments that a tool takes; those that one of this name may stand beside.
    fn beside(&self, tool: &str, name: &str) -> Value {
        match tool {
            "execution_start" => json!({"workflow": "w"}),
            "execution_step" => json!({"id": self.execution, "steps": steps(1)}),
            "execution_finish" => {
                let outcome = match name {
                    "result" => "completed",
                    "reason" => "cancelled",
                    _ => "failed",
                };
                json!({"id": self.execution, "outcome": outcome})
            }
            "propose_action" => refund(),
            "approval_status" => json!({"id": self.granted}),
            "approval_use" => using(&self.granted),
            "approval_outcome" => json!({"id": self.used, "outcome": "succeeded"}),
            "audit_receipt" => json!({"id": "0"}),
            _ => json!({}),
        }
    }

    /// Arguments that a tool takes.
    fn right(&self, tool: &str) -> Value {
        self.beside(tool, "")
    }

    /// The same with this one.
    fn with(&self, tool: &str, name: &str, value: Value) -> Value {
        let mut arguments = self.beside(tool, name);
        arguments[name] = value;
        arguments
    }
}

async fn execution(client: &Client<'_>) -> String {
    text(
        &client.call("execution_start", json!({"workflow": "w"})).await,
        "id",
    )
}

fn steps(count: usize) -> Value {
    vec![json!({"kind": "tool", "name": "search"}); count].into()
}

/// The tools as they are listed.
async fn tools(client: &Client<'_>) -> Vec<Value> {
    let listed = client.result("tools/list", json!({})).await;
    listed["tools"].as_array().unwrap().clone()
}

/// An argument of a tool.
struct Argument<'a> {
    tool: &'a str,
    name: &'a str,
    /// What it may be; null left out.
    shapes: Vec<&'a Value>,
    /// It goes on as text: a number in it is a text, too.
    is_text: bool,
}

/// All arguments of a tool.
fn arguments(tool: &Value) -> Vec<Argument<'_>> {
    let schema = &tool["inputSchema"];
    let resolved = |shape: &'_ Value| -> Option<&Value> {
        let name = shape["$ref"].as_str()?.strip_prefix("#/$defs/")?;
        schema["$defs"].get(name)
    };
    let properties = schema["properties"].as_object().unwrap();
    let mut all = Vec::new();
    for (name, shape) in properties {
        let several = shape["anyOf"].as_array();
        let shapes: Vec<&Value> = several.map_or_else(|| vec![shape], |all| all.iter().collect());
        let shapes = shapes.into_iter().map(|shape| resolved(shape).unwrap_or(shape));
        all.push(Argument {
            tool: tool["name"].as_str().unwrap(),
            name,
            shapes: shapes.filter(|shape| shape["type"] != "null").collect(),
            is_text: tool["annotations"]["readOnlyHint"] == true || is_required(tool, name) && name == "id",
        });
    }
    all
}

fn is_required(tool: &Value, name: &str) -> bool {
    let required = tool["inputSchema"]["required"].as_array();
    required.is_some_and(|names| names.iter().any(|required| required == name))
}

impl Argument<'_> {
    fn is(&self, kind: &str) -> bool {
        self.shapes.iter().any(|shape| {
            let kinds = &shape["type"];
            kinds == kind
                || kinds
                    .as_array()
                    .is_some_and(|kinds| kinds.iter().any(|one| one == kind))
        })
    }

    /// A bound of it.
    fn bound(&self, name: &str) -> Option<i64> {
        self.shapes.iter().find_map(|shape| shape[name].as_i64())
    }

    fn has(&self, name: &str) -> bool {
        self.shapes.iter().any(|shape| shape.get(name).is_some())
    }

    /// What it must not be: another type, no such word, just beyond a bound.
    fn wrong(&self) -> Vec<Value> {
        let mut wrong = Vec::new();
        let long = |count: i64| "x".repeat(usize::try_from(count).unwrap());
        if !self.is("object") {
            wrong.push(json!({"a": 1}));
        }
        if self.is("array") {
            let most = self.bound("maxItems").unwrap();
            wrong.extend([
                json!("x"),
                json!([]),
                json!([[]]),
                json!([["tool", "search"]]),
                steps(usize::try_from(most).unwrap() + 1),
            ]);
            return wrong;
        }
        wrong.push(json!([]));
        if !self.is_text {
            wrong.push(json!(true));
            wrong.extend((!self.is("integer")).then(|| json!(7)));
        }
        if self.is("object") || self.is("integer") || self.has("enum") || self.has("format") {
            wrong.push(json!("no such thing"));
        }
        if self.is("integer") {
            wrong.push(json!(1.5));
            wrong.extend(self.bound("minimum").map(|least| json!(least - 1)));
            wrong.extend(self.bound("maximum").map(|most| json!(most + 1)));
            wrong.extend((!self.is_text).then(|| json!("12")));
        }
        if self.has("pattern") {
            wrong.push(json!("a b"));
        }
        if self.has("format") && !self.is_text {
            wrong.push(json!(""));
        }
        wrong.extend(self.bound("minLength").map(|_| json!("")));
        wrong.extend(self.bound("maxLength").map(|most| json!(long(most + 1))));
        wrong
    }

    /// The last that is within its bounds.
    fn edges(&self) -> Vec<Value> {
        let bounds = ["minimum", "maximum"].map(|name| self.bound(name));
        let mut edges: Vec<Value> = bounds.into_iter().flatten().map(Value::from).collect();
        if self.is("array") {
            edges.extend(
                self.bound("maxItems")
                    .map(|most| steps(usize::try_from(most).unwrap())),
            );
        }
        if !self.has("pattern") && !OPAQUE.contains(&(self.tool, self.name)) {
            let lengths = ["minLength", "maxLength"].map(|name| self.bound(name));
            let lengths = lengths.into_iter().flatten();
            edges.extend(lengths.map(|length| "x".repeat(usize::try_from(length).unwrap()).into()));
        }
        edges
    }
}

/// Has a tool refuse arguments by one of these codes, with the name of this one; what it said where it did not.
async fn fault(
    client: &Client<'_>,
    (tool, name): (&str, &str),
    arguments: Value,
    codes: &[&str],
) -> Option<String> {
    let call = json!({"name": tool, "arguments": arguments});
    let result = client.result("tools/call", call).await;
    let told = result["content"][0]["text"].as_str().unwrap();
    let problem: Value = serde_json::from_str(told).unwrap();
    let field = problem["field"]
        .as_str()
        .and_then(|field| field.strip_prefix(name));
    // It is the approval that differs, whatever it is used for.
    let names_it = problem["code"] == "approval_differs"
        || field.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let good = result["isError"] == true && names_it && codes.iter().any(|code| problem["code"] == *code);
    let start = |text: &str| text.chars().take(200).collect::<String>();
    (!good).then(|| format!("{tool} {}: {}", start(&arguments.to_string()), start(told)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_argument_has_its_type_and_bounds() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let made = Made::new(&api, &agent).await;
        let client = agent.client(&api);
        let before = api.size().await;
        let (tools, mut tried, mut faults) = (tools(&client).await, 0, Vec::new());
        for tool in &tools {
            let name = text(tool, "name");
            let unknown = made.with(&name, "no_such_argument", json!(1));
            let of = (name.as_str(), "no_such_argument");
            faults.extend(fault(&client, of, unknown, &["invalid_field"]).await);
            for argument in arguments(tool) {
                let of = (name.as_str(), argument.name);
                let missing = made.with(&name, argument.name, Value::Null);
                if is_required(tool, argument.name) {
                    faults.extend(fault(&client, of, missing, &["invalid_field"]).await);
                }
                for value in argument.wrong() {
                    let arguments = made.with(&name, argument.name, value);
                    let codes: &[&str] = match (argument.tool, argument.name) {
                        // What is compared alone is no other text than what it is compared with.
                        ("approval_use", "action") => &["invalid_field", "approval_differs"],
                        ("execution_start", "agent") => &["invalid_field", "unknown_agent"],
                        ("execution_step", "steps") => &["invalid_field", "too_many_steps"],
                        _ => &["invalid_field"],
                    };
                    faults.extend(fault(&client, of, arguments, codes).await);
                    tried += 1;
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        assert!(tried > 150, "{tried}");
        assert_nothing_done(&api, before).await;
        // All that was refused left them as they were: what is right is taken.
        for tool in &tools {
            let name = text(tool, "name");
            client.call(&name, made.right(&name)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_within_each_bound_is_taken() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let mut made = Made::new(&api, &agent).await;
        let client = agent.client(&api);
        let (mut tried, mut faults) = (0, Vec::new());
        for tool in &tools(&client).await {
            for argument in arguments(tool) {
                for value in argument.edges() {
                    if argument.tool.starts_with("execution_") {
                        made.execution = execution(&client).await;
                    }
                    let call = json!({"name": argument.tool, "arguments": made.with(argument.tool, argument.name, value)});
                    let result = client.result("tools/call", call).await;
                    // It may be that there is no such thing.
                    let told = result["content"][0]["text"].as_str().unwrap();
                    if result["isError"] == true && told.contains(r#""code":"invalid_field""#) {
                        faults.push(format!("{} {}: {told}", argument.tool, argument.name));
                    }
                    tried += 1;
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        assert!(tried > 30, "{tried}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_of_nothing_and_of_others() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let client = agent.client(&api);
        let others = Made::new(&api, &agent).await;
        let uma = Person::new(&api, "uma", Role::USER).await;
        let hers = json!({"name": "helper", "user": "uma"});
        assert_eq!(api.call("POST", "/v1/agents", hers).await.status, 201);
        let scopes = ["governance", "workflows"];
        let her = Client::new(&api, &key_of(&api, &uma, "helper", &scopes).await);
        let before = api.size().await;
        let nothing = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_00f9).to_string();
        for (tool, name, of_nothing, of_others) in [
            (
                "execution_start",
                "parent",
                "unknown_execution",
                "unknown_execution",
            ),
            ("execution_start", "conversation", "unknown_conversation", ""),
            ("execution_step", "id", "unknown_execution", "unknown_execution"),
            ("execution_finish", "id", "unknown_execution", "unknown_execution"),
            (
                "propose_action",
                "execution",
                "unknown_execution",
                "unknown_execution",
            ),
            ("approval_status", "id", "unknown_approval", "unknown_approval"),
            ("approval_use", "id", "unknown_approval", "unknown_approval"),
            ("approval_outcome", "id", "unknown_approval", "unknown_approval"),
        ] {
            let arguments = others.with(tool, name, json!(nothing));
            assert_eq!(her.code(tool, arguments).await.0, of_nothing, "{tool} {name}");
            let id = match (tool, name) {
                (_, "parent" | "execution") => json!(others.execution),
                _ => others.right(tool)["id"].clone(),
            };
            if !of_others.is_empty() {
                let arguments = others.with(tool, name, id);
                assert_eq!(her.code(tool, arguments).await.0, of_others, "{tool} {name}");
            }
        }
        for (name, value, code) in [
            ("user", json!(agent.owner.id), "permission_missing"),
            ("agent", json!("triage"), "unknown_agent"),
        ] {
            let arguments = others.with("execution_start", name, value);
            assert_eq!(her.code("execution_start", arguments).await.0, code, "{name}");
        }
        let (code, _) = client.code("audit_receipt", json!({ "id": nothing })).await;
        assert_eq!(code, "unknown_entry");
        assert_nothing_done(&api, before).await;
    }
}

/// No entry since tells of something that was done.
async fn assert_nothing_done(api: &Api, before: u64) {
    for entry in api.entries_from(before).await {
        assert_ne!(entry["outcome"], "success", "{entry}");
    }
}

/// The scopes that the page says a tool takes; none where any will do.
fn scopes_of(tool: &str) -> Vec<&'static str> {
    let row = PAGE
        .lines()
        .find(|line| line.starts_with(&format!("| `{tool}` |")));
    let row = row.unwrap_or_else(|| panic!("docs/agents.md has no {tool}"));
    let last = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
    last.split('`').skip(1).step_by(2).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tool_takes_the_scopes_that_the_page_says() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let made = Made::new(&api, &agent).await;
        let mut refused = 0;
        for scope in domain::governance::agent::SCOPES {
            let key = key_of(&api, &agent.owner, "triage", &[scope.as_str()]).await;
            let client = Client::new(&api, &key);
            for tool in &tools(&client).await {
                let tool = text(tool, "name");
                let scopes = scopes_of(&tool);
                let call = json!({"name": tool, "arguments": made.right(&tool)});
                let before = api.size().await;
                let result = client.result("tools/call", call).await;
                let told = result["content"][0]["text"].as_str().unwrap();
                if scopes.is_empty() || scopes.contains(&scope.as_str()) {
                    assert_eq!(result["isError"], false, "{tool} with {}: {told}", scope.as_str());
                    continue;
                }
                refused += 1;
                assert!(
                    told.contains(r#""code":"scope_missing""#),
                    "{tool} with {}: {told}",
                    scope.as_str()
                );
                assert_nothing_done(&api, before).await;
            }
        }
        assert_eq!(
            refused,
            3 * 11 - (5 + 5 + 4),
            "what each of the scopes lets an agent do"
        );
    }
}
