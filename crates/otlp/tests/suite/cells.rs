//! Each attribute of the table of names, alone and beside the next one: `fixtures/cells.txt`.

use otlp::Signal;
use otlp::names::TABLE;
use serde_json::{Map, Value, json};

use crate::made::{became, reading, span, traces};

struct Cell {
    field: String,
    attribute: String,
    value: Value,
    becomes: String,
}

fn cells() -> Vec<Cell> {
    let lines = include_str!("../fixtures/cells.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    let cell = |line: &str| {
        let parts: Vec<&str> = line.splitn(4, " | ").collect();
        let [field, attribute, value, becomes] = parts[..] else {
            panic!("{line}");
        };
        Cell {
            field: field.to_owned(),
            attribute: attribute.to_owned(),
            value: serde_json::from_str(value).unwrap_or_else(|error| panic!("{line}: {error}")),
            becomes: becomes.to_owned(),
        }
    };
    lines.map(cell).collect()
}

impl Cell {
    /// Its attributes: the value's members where it is an object, else the value under its name.
    fn attributes(&self) -> Map<String, Value> {
        match &self.value {
            Value::Object(members) => members.clone(),
            value => Map::from_iter([(self.attribute.clone(), value.clone())]),
        }
    }
}

/// What a field becomes where these attributes are said.
fn becomes(field: &str, said: Map<String, Value>) -> String {
    let mut all = match field {
        "kind" => Map::new(),
        "tool" | "what a tool was given" | "what a tool gave" => {
            Map::from_iter([("traceloop.span.kind".to_owned(), json!("tool"))])
        }
        "what went in" | "what came out" => {
            Map::from_iter([("traceloop.span.kind".to_owned(), json!("llm"))])
        }
        _ => Map::from_iter([("traceloop.span.kind".to_owned(), json!("task"))]),
    };
    all.extend(said);
    let service = all.remove("service.name");
    let resource = service.map_or_else(|| json!({}), |name| json!({ "service.name": name }));
    let body = traces(&resource, &[span(&Value::Object(all), &json!({}))]);
    let mut reading = reading(Signal::Traces, &body);
    assert_eq!(reading.rejected, [], "{field}");
    let mut trace = reading.traces.remove(0);
    let becomes = match field {
        "execution" => Some(trace.execution.to_string()),
        field => became(&trace.spans.remove(0), field),
    };
    becomes.unwrap_or_else(|| "nothing".to_owned())
}

/// Said of events, which `spans.rs` tries.
const OF_EVENTS: [&str; 3] = ["error", "score", "score's number"];

#[test]
fn each_attribute_alone_becomes_what_it_says() {
    let cells = cells();
    let named: Vec<(&str, &str)> = cells
        .iter()
        .map(|cell| (&*cell.field, &*cell.attribute))
        .collect();
    let table = TABLE.iter().filter(|names| !OF_EVENTS.contains(&names.field));
    let table: Vec<(&str, &str)> = table
        .flat_map(|names| names.of.iter().map(|of| (names.field, *of)))
        .collect();
    assert_eq!(
        named, table,
        "a line for each attribute, in the order of the table"
    );
    for cell in &cells {
        let found = becomes(&cell.field, cell.attributes());
        assert_eq!(found, cell.becomes, "{} by {}", cell.field, cell.attribute);
    }
}

#[test]
fn the_first_that_is_present_counts() {
    let cells = cells();
    let mut tried = 0;
    for pair in cells.windows(2) {
        let [first, second] = pair else { unreachable!() };
        if first.field != second.field {
            continue;
        }
        let mut both = second.attributes();
        both.extend(first.attributes());
        let found = becomes(&first.field, both);
        assert_eq!(
            found, first.becomes,
            "{} before {}",
            first.attribute, second.attribute
        );
        // One that says nothing is as if it were not there.
        let mut empty = second.attributes();
        for (name, _) in first.attributes() {
            if !name.starts_with("gen_ai.operation") {
                empty.insert(name, json!(""));
            }
        }
        let found = becomes(&second.field, empty);
        assert_eq!(
            found, second.becomes,
            "{} after an empty {}",
            second.attribute, first.attribute
        );
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
}
