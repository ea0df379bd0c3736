//! Requests as a line for the shell. `$URL` is where the server is, `$KEY` an API key, `$SESSION` the token of a login.

use std::fmt::Write as _;

use serde_json::Value;

use super::schema::Schemas;
use super::{items, members, text};

/// A `curl` command for an operation; `body` is its media type and its content.
pub(super) fn command(
    schemas: Schemas,
    verb: &str,
    path: &str,
    operation: &Value,
    body: Option<(&str, &str)>,
) -> String {
    let mut command = String::from("curl ");
    // Any 2xx answer that does not end wants no buffer, and one of bytes wants a file.
    let media = |wanted: &str| {
        members(operation, "responses")
            .flat_map(|(_, response)| members(response, "content"))
            .any(|(media, _)| media.starts_with(wanted))
    };
    if media("text/event-stream") {
        command.push_str("-N ");
    }
    if media("application/octet-stream") {
        command.push_str("--output answer.bin ");
    }
    if !(verb == "GET" || verb == "POST" && body.is_some()) {
        let _ = write!(command, "-X {verb} ");
    }
    let _ = write!(command, "\"$URL{}\"", target(schemas, path, operation));
    if let Some(variable) = credential(operation) {
        let _ = write!(command, " \\\n  -H \"Authorization: Bearer ${variable}\"");
    }
    for (name, value) in required(schemas, operation, "header") {
        let _ = write!(command, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
    }
    if let Some((media, content)) = body {
        let _ = write!(command, " \\\n  -H 'Content-Type: {media}'");
        let _ = write!(command, " \\\n  --data {}", quoted(content));
    }
    command
}

/// The variable of the credential that an operation takes: a key wherever one is enough.
fn credential(operation: &Value) -> Option<&'static str> {
    let ways = operation["security"].as_array();
    if ways.is_some_and(Vec::is_empty) {
        return None;
    }
    let for_people = ways.is_some_and(|ways| {
        let session = |way: &Value| way.get("session").is_some();
        ways.iter().any(session) && ways.iter().all(|way| way.get("api_key").is_none())
    });
    Some(if for_people { "SESSION" } else { "KEY" })
}

/// Names and examples of the parameters in this place that must be given.
fn required<'a>(
    schemas: Schemas<'a>,
    operation: &'a Value,
    place: &'static str,
) -> impl Iterator<Item = (&'a str, String)> {
    let parameters = items(operation, "parameters").iter();
    parameters
        .filter(move |parameter| parameter["required"] == true && parameter["in"] == place)
        .filter_map(move |parameter| Some((text(parameter, "name"), schemas.example(&parameter["schema"])?)))
}

/// The path and the query, with an example for each parameter that must be given.
fn target(schemas: Schemas, path: &str, operation: &Value) -> String {
    let mut path = path.to_owned();
    let mut query = String::new();
    for (name, value) in required(schemas, operation, "path") {
        path = path.replace(&format!("{{{name}}}"), &encoded(&value));
    }
    for (name, value) in required(schemas, operation, "query") {
        query.push(if query.is_empty() { '?' } else { '&' });
        let _ = write!(query, "{}={}", encoded(name), encoded(&value));
    }
    path + &query
}

/// Percent-encoding (RFC 3986) of all that means something to a URL or a shell.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A word that the shell takes as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(verb: &str, operation: &Value, body: Option<(&str, &str)>) -> String {
        command(Schemas::of(&json!({})), verb, "/x/{id}", operation, body)
    }

    #[test]
    fn a_read_names_what_must_be_given() {
        let operation = json!({
            "parameters": [
                {"in": "path", "name": "id", "required": true, "schema": {"examples": ["a b/\"$c\""]}},
                {"in": "query", "name": "size", "required": true, "schema": {"minimum": 1}},
                {"in": "query", "name": "limit", "required": false, "schema": {"default": 50}},
            ],
            "security": [],
        });
        assert_eq!(
            of("GET", &operation, None),
            r#"curl "$URL/x/a%20b/%22%24c%22?size=1""#
        );
    }

    #[test]
    fn a_body_survives_the_shell() {
        let command = of("POST", &json!({}), Some(("application/json", r#"{"a":"it's"}"#)));
        assert_eq!(
            command,
            "curl \"$URL/x/{id}\" \\\n  -H \"Authorization: Bearer $KEY\" \\\n  -H 'Content-Type: application/json' \
             \\\n  --data '{\"a\":\"it'\\''s\"}'"
        );
        assert!(of("DELETE", &json!({"security": []}), None).starts_with("curl -X DELETE "));
        assert!(of("POST", &json!({"security": []}), None).starts_with("curl -X POST "));
    }

    #[test]
    fn what_only_a_person_does_takes_a_session() {
        let session = [json!({"session": []}), json!({"session_cookie": []})];
        let both = [json!({"session": []}), json!({"api_key": ["sessions:write"]})];
        for (ways, variable) in [(session, "$SESSION"), (both, "$KEY")] {
            let command = of("POST", &json!({"security": ways}), None);
            assert!(
                command.ends_with(&format!("-H \"Authorization: Bearer {variable}\"")),
                "{command}"
            );
        }
    }

    /// Each command of the page can be pasted: nothing in it is left to be filled in, and nothing needed is missing.
    #[test]
    fn commands_are_whole() {
        let document = crate::openapi::document();
        for (path, operations) in members(&document, "paths") {
            for (verb, operation) in operations.as_object().into_iter().flatten() {
                let command = command(
                    Schemas::of(&document),
                    &verb.to_uppercase(),
                    path,
                    operation,
                    None,
                );
                assert!(!command.contains('{'), "{command}");
                for parameter in items(operation, "parameters") {
                    if parameter["in"] == "header" && parameter["required"] == true {
                        assert!(
                            command.contains(&format!("-H '{}: ", text(parameter, "name"))),
                            "{command}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn streams_are_not_buffered_and_bytes_not_printed() {
        let with = |media: &str| json!({"security": [], "responses": {"200": {"content": {media: {}}}}});
        assert!(of("GET", &with("text/event-stream"), None).starts_with("curl -N \"$URL"));
        assert!(of("GET", &with("application/octet-stream"), None).starts_with("curl --output answer.bin "));
    }
}
