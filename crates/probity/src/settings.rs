//! `probity config`: what is in force, and where it came from.

use serde_json::json;

use crate::config::{KEYS, location, variable};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::table::{self, Elide, column};

/// Prints the settings.
pub fn run(context: &Context) -> Result<Exit, Failure> {
    let loaded = &context.settings;
    let values = serde_json::to_value(&loaded.config).map_err(std::io::Error::from)?;
    let mut rows = Vec::new();
    for key in KEYS {
        let pointer = format!("/{}", key.name.replace('.', "/"));
        let value = match key.name {
            "database.url" => location::shown(&loaded.config.location()?).into(),
            _ => values.pointer(&pointer).cloned().unwrap_or_default(),
        };
        let source = loaded.sources.get(key.name).cloned().unwrap_or_default();
        rows.push((key.name, value, source));
    }
    rows.push(if variable("PROBITY_SIGNING_KEY").is_some() {
        ("signing_key", "(hidden)".into(), "PROBITY_SIGNING_KEY".to_owned())
    } else {
        let path = engine::keyfile::path(&loaded.config.data_dir)
            .display()
            .to_string();
        ("signing_key", path.into(), "default".to_owned())
    });
    if context.json() {
        let values: Vec<_> = rows
            .iter()
            .map(|(key, value, source)| json!({ "key": key, "value": value, "source": source }))
            .collect();
        output::json(&json!({ "environment": loaded.environment, "settings": values }))?;
        return Ok(Exit::Ok);
    }
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let cells: Vec<_> = rows
        .iter()
        .map(|(key, value, source)| vec![(*key).to_owned(), text(value), source.clone()])
        .collect();
    let columns = [
        column("setting", Elide::Never),
        column("value", Elide::Start),
        column("from", Elide::Start),
    ];
    context.remark(&format!("Environment: {} (PROBITY_ENV)\n", loaded.environment));
    output::line(&table::lines(&columns, &cells, table::width()).join("\n"))?;
    Ok(Exit::Ok)
}
