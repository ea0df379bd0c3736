//! `probity config`: what is in force, and where it came from.

use serde_json::{Value, json};

use crate::config::{Loaded, keys, signing_key};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::table::{self, Elide, column};

/// The settings in force but for rules: name, value, and where it came from. Secrets are hidden.
fn rows(loaded: &Loaded) -> Result<Vec<(String, Value, String)>, Failure> {
    let values = serde_json::to_value(&loaded.config).map_err(std::io::Error::from)?;
    let mut rows = Vec::new();
    for key in keys() {
        let pointer = format!("/{}", key.name.replace('.', "/"));
        let value = match key.name {
            "database.url" => loaded.config.location()?.shown().into(),
            _ => values.pointer(&pointer).cloned().unwrap_or_default(),
        };
        let source = loaded.sources.get(key.name).cloned().unwrap_or_default();
        rows.push((key.name.to_owned(), value, source));
    }
    for (key, value) in loaded.config.named_settings() {
        let source = loaded.sources.get(&key).cloned().unwrap_or_default();
        rows.push((key, value, source));
    }
    rows.push(if let Some(found) = signing_key()? {
        ("signing_key".to_owned(), "(hidden)".into(), found.source)
    } else {
        let path = engine::keyfile::path(&loaded.config.data_dir)
            .display()
            .to_string();
        ("signing_key".to_owned(), path.into(), "default".to_owned())
    });
    Ok(rows)
}

/// A value for people.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(words) => words
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

/// The settings in force as the console shows them, rules in words.
pub fn configured(loaded: &Loaded) -> Result<Vec<web::Configured>, Failure> {
    let rows = rows(loaded)?.into_iter();
    let settings = rows.map(|(name, value, source)| web::Configured::new(name, text(&value), source));
    let rules = loaded.config.listed_rules().into_iter().map(|rule| {
        let source = loaded.sources.get(&rule.setting).cloned().unwrap_or_default();
        web::Configured::new(rule.setting, rule.words, source)
    });
    Ok(settings.chain(rules).collect())
}

/// Prints the settings.
pub fn run(context: &Context) -> Result<Exit, Failure> {
    let loaded = &context.settings;
    let mut rows = rows(loaded)?;
    let rules = loaded.config.listed_rules();
    let rules: Vec<_> = rules
        .into_iter()
        .map(|rule| {
            let source = loaded.sources.get(&rule.setting).cloned().unwrap_or_default();
            (rule, source)
        })
        .collect();
    if context.json() {
        rows.extend(
            rules
                .into_iter()
                .map(|(rule, source)| (rule.setting, rule.value, source)),
        );
        let values: Vec<_> = rows
            .iter()
            .map(|(key, value, source)| json!({ "key": key, "value": value, "source": source }))
            .collect();
        output::json(&json!({ "environment": loaded.environment, "settings": values }))?;
        return Ok(Exit::Ok);
    }
    let cells: Vec<_> = rows
        .iter()
        .map(|(key, value, source)| vec![key.clone(), text(value), source.clone()])
        .collect();
    let columns = [
        column("setting", Elide::Never),
        column("value", Elide::Start).weighing(2),
        column("from", Elide::Start),
    ];
    context.remark(&format!("Environment: {} (PROBITY_ENV)\n", loaded.environment));
    let mut lines = table::lines(&columns, &cells, table::width());
    if !rules.is_empty() {
        // They are sentences, which no column is wide enough for.
        lines.push(String::new());
        let pairs: Vec<_> = rules
            .iter()
            .map(|(rule, source)| (rule.setting.as_str(), format!("{} ({source})", rule.words)))
            .collect();
        lines.extend(table::pairs(&pairs, table::width()));
    }
    output::line(&lines.join("\n"))?;
    Ok(Exit::Ok)
}
