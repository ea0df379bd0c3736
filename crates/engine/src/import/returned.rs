//! Lines that an import did not take: how `FILE.rejected` holds them, and how they come back once they are mended.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::batch::Rejection;

/// What marks a line of such a file, and its version.
const MARK: &str = "probity/1";

/// The line of the report.
pub(crate) fn line(rejection: &Rejection) -> String {
    let text = String::from_utf8_lossy(&rejection.bytes);
    let mut line = json!({
        "line": rejection.number,
        "reason": rejection.reason,
        "rejected": MARK,
        "text": text,
    });
    if std::str::from_utf8(&rejection.bytes).is_err() {
        line["base64"] = BASE64.encode(&rejection.bytes).into();
    }
    if rejection.cut {
        line["cut"] = true.into();
    }
    if let Some(place) = &rejection.place {
        line["place"] = evidence::json::hex(place).into();
    }
    line.to_string()
}

/// The event in a line of such a file, and the place that it had where it was rejected; any other line is left as it
/// is. An error says why the line cannot be taken.
pub(crate) fn unwrap(bytes: &mut Vec<u8>) -> Result<Option<[u8; 32]>, String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(None);
    };
    if !text.contains(MARK) {
        return Ok(None);
    }
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(text) else {
        return Ok(None);
    };
    if members.get("rejected").and_then(Value::as_str) != Some(MARK) {
        return Ok(None);
    }
    let place = members
        .get("place")
        .and_then(Value::as_str)
        .and_then(evidence::json::from_hex::<32>);
    let base64 = members.get("base64").and_then(Value::as_str);
    let original = base64.and_then(|text| BASE64.decode(text).ok());
    *bytes = match members.remove("text") {
        Some(Value::String(text)) => match original {
            // Not mended: what is not UTF-8 must not come in with its bytes changed.
            Some(original) if String::from_utf8_lossy(&original) == text => original,
            _ => text.into_bytes(),
        },
        Some(event @ Value::Object(_)) => evidence::json::canonical(&event).into_bytes(),
        _ => return Err("text: must be the text of the event, or the event itself".to_owned()),
    };
    if members.contains_key("cut") {
        return Err("only the beginning of it is here: take the event from the original file".to_owned());
    }
    Ok(place)
}
