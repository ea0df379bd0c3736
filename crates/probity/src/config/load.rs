//! Puts the layers together and checks the result.

use std::collections::BTreeMap;
use std::path::Path;

use figment::Figment;
use figment::error::Kind as ErrorKind;
use figment::value::Value;

use super::layers::Layer;
use super::secret::{credential, of_variable};
use super::{Config, Kind, between, keys, variable, wrong};
use crate::failure::Failure;
use crate::global::Global;
use crate::levels::check_level;

/// The files that the program brings along, so that the binary alone behaves as its environment wants.
const BUILT_IN: [(&str, &str); 3] = [
    ("development", include_str!("../../../../config/development.toml")),
    ("test", include_str!("../../../../config/test.toml")),
    ("production", include_str!("../../../../config/production.toml")),
];

/// Settings in force.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The environment.
    pub environment: &'static str,
    /// What is in force.
    pub config: Config,
    /// Where each setting came from, by name.
    pub sources: BTreeMap<String, String>,
}

/// Loads the settings; `options` holds what the command line says, as key, option and value.
pub fn load(global: &Global, options: &[(&'static str, &'static str, &str)]) -> Result<Loaded, Failure> {
    let environment = variable("PROBITY_ENV").unwrap_or_else(|| "development".into());
    let Some((environment, built_in)) = BUILT_IN.into_iter().find(|(name, _)| *name == environment) else {
        return Err(wrong(format!(
            "PROBITY_ENV is {environment:?}: it must be development, test or production"
        )));
    };
    refuse_unknown_variables()?;
    let file_name = format!("{environment}.toml");
    let defaults = Layer::of("default", &Config::default()).map_err(wrong)?;
    let built_in_name = format!("built-in {file_name}");
    let built_in =
        Layer::toml(&built_in_name, built_in).map_err(|error| wrong(format!("{built_in_name}: {error}")))?;
    let mut base = Figment::from(defaults).merge(built_in);
    if let Some(layer) = file(&Path::new("config").join(&file_name))? {
        base = base.merge(layer);
    }
    let above = |figment: Figment| above_files(figment, global, options);
    // The data folder may hold a file too, but not say where it is itself.
    let data_dir = extract(&above(base.clone())?)?.data_dir;
    let path = data_dir.join(&file_name);
    if let Some(layer) = file(&path)? {
        if layer.sets("data_dir") {
            return Err(wrong(format!(
                "{}: data_dir cannot be set inside the data folder",
                path.display()
            )));
        }
        base = base.merge(layer);
    }
    let figment = above(base)?;
    let config = extract(&figment)?;
    let source = |name: &str| {
        figment
            .find_metadata(name)
            .map_or("default".into(), |found| found.name.to_string())
    };
    let names = keys().map(|key| key.name.to_owned());
    let names = names.chain(config.named_settings().into_iter().map(|(setting, _)| setting));
    let mut sources: BTreeMap<String, String> = names.map(|name| (name.clone(), source(&name))).collect();
    for rule in config.listed_rules() {
        // A list comes from one place as a whole.
        let list = rule.setting.split('[').next().unwrap_or_default();
        let from = source(list);
        sources.insert(rule.setting, from);
    }
    let loaded = Loaded {
        environment,
        config,
        sources,
    };
    check(&loaded, &figment)?;
    Ok(loaded)
}

fn file(path: &Path) -> Result<Option<Layer>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let name = path.display().to_string();
            Layer::toml(&name, &text)
                .map(Some)
                .map_err(|error| wrong(format!("{name}: {error}")))
        }
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(Failure::file("read", path, &error)),
    }
}

fn above_files(
    mut figment: Figment,
    global: &Global,
    options: &[(&'static str, &'static str, &str)],
) -> Result<Figment, Failure> {
    if let Some(secret) = credential("database.url")? {
        let value = Value::from(secret.text);
        figment = figment.merge(Layer::single(&secret.source, "database.url", value));
    }
    for key in keys() {
        for name in key.variables() {
            if key.name == "database.url" {
                if let Some(secret) = of_variable(&name)? {
                    let value = Value::from(secret.text);
                    figment = figment.merge(Layer::single(&secret.source, key.name, value));
                }
            } else if let Some(text) = variable(&name) {
                figment = figment.merge(Layer::single(&name, key.name, value(key.kind, text)));
            }
        }
    }
    if let Some(data_dir) = &global.data_dir {
        let value = Value::from(data_dir.to_string_lossy().into_owned());
        figment = figment.merge(Layer::single("--data-dir", "data_dir", value));
    }
    if let Some(url) = &global.database {
        figment = figment.merge(Layer::single(
            "--database",
            "database.url",
            Value::from(url.as_str()),
        ));
    }
    for (key, option, value) in options {
        figment = figment.merge(Layer::single(option, key, Value::from(*value)));
    }
    Ok(figment)
}

/// The value of a variable. A text that is not of the setting's kind stays a text, which is refused with its source later.
fn value(kind: Kind, text: String) -> Value {
    match kind {
        Kind::Number(..) => text.trim().parse::<u64>().map_or(Value::from(text), Value::from),
        Kind::Switch => text.trim().parse::<bool>().map_or(Value::from(text), Value::from),
        Kind::Text => Value::from(text),
    }
}

fn extract(figment: &Figment) -> Result<Config, Failure> {
    figment.extract().map_err(|error| {
        let source = error
            .metadata
            .as_ref()
            .map_or(String::new(), |metadata| format!("{}: ", metadata.name));
        let path = error.path.join(".");
        wrong(match &error.kind {
            ErrorKind::UnknownField(name, expected) => {
                // The path ends with the field itself where the layer's value is known.
                let name = if path.is_empty() || path == *name {
                    name.clone()
                } else {
                    path
                };
                let last = name.rsplit('.').next().unwrap_or_default();
                let meant = nearest(last, expected.iter().copied());
                format!(
                    "{source}unknown setting {name};{meant} known here: {}",
                    expected.join(", ")
                )
            }
            kind => format!("{source}{path}: {kind}"),
        })
    })
}

fn check(loaded: &Loaded, figment: &Figment) -> Result<(), Failure> {
    let source = |key: &str| loaded.sources.get(key).map_or("default", String::as_str);
    for key in keys() {
        let Kind::Number(min, max) = key.kind else {
            continue;
        };
        let value = figment.extract_inner::<u64>(key.name).unwrap_or(0);
        between(value, min, max)
            .map_err(|message| wrong(format!("{}: {} {message}", source(key.name), key.name)))?;
    }
    check_level(&loaded.config.log.level)
        .map_err(|error| wrong(format!("{}: log.level: {error}", source("log.level"))))?;
    let of_url = |message: &str| wrong(format!("{}: database.url: {message}", source("database.url")));
    let is_private = loaded.config.location()?.is_private();
    if !is_private.map_err(|error| of_url(&error.message))? && loaded.environment == "production" {
        return Err(of_url(
            "in production nothing goes to another machine unencrypted: use sslmode=verify-full, verify-ca or require",
        ));
    }
    loaded.config.rules().map(drop).map_err(|error| {
        let found = figment.find_metadata(error.source());
        error.failure(found.map_or("default", |found| &found.name))
    })
}

/// A misspelt variable would otherwise be passed over in silence, and with it, say, the database to use.
fn refuse_unknown_variables() -> Result<(), Failure> {
    let others = [
        "PROBITY_ENV",
        "PROBITY_SIGNING_KEY",
        "PROBITY_SIGNING_KEY_FILE",
        "PROBITY_DATABASE_URL_FILE",
    ];
    let known = |name: &str| {
        others.contains(&name)
            || keys().any(|key| key.variables().iter().any(|known| known == name))
            // Of the test suite.
            || ["PROBITY_TEST_", "PROBITY_BENCH_"].iter().any(|prefix| name.starts_with(prefix))
            || ["PROBITY_BIN", "PROBITY_VERIFY_BIN", "PROBITY_PG_BIN"].contains(&name)
            // Kubernetes and Docker set these for a service that is called probity.
            || name.contains("_SERVICE_") || name.ends_with("_PORT") || name.contains("_PORT_")
    };
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    match names
        .filter(|name| name.starts_with("PROBITY_"))
        .find(|name| !known(name))
    {
        Some(name) => {
            let known: Vec<String> = keys().flat_map(|key| key.variables()).collect();
            let meant = nearest(&name, known.iter().map(String::as_str));
            let message = format!("unknown environment variable {name};{meant}");
            Err(wrong(message.trim_end_matches(';')))
        }
        None => Ok(()),
    }
}

/// What was probably meant, as a part of a sentence; nothing where nothing is near.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let distance = |other: &&str| strsim::damerau_levenshtein(name, other);
    let near = known.filter(|other| distance(other) * 3 <= name.len());
    near.min_by_key(distance)
        .map_or_else(String::new, |meant| format!(" did you mean {meant}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The defaults, with a part of the example that stands there as a comment.
    fn example(begin: &str) -> Config {
        let text = include_str!("../../../../config/example.toml");
        let start = text.find(begin).unwrap();
        let lines = text[start..].lines().take_while(|line| line.starts_with('#'));
        let uncommented: Vec<&str> = lines.map(|line| &line[1..]).collect();
        let defaults = Layer::of("default", &Config::default()).unwrap();
        let example = Layer::toml("example.toml", &uncommented.join("\n")).unwrap();
        extract(&Figment::from(defaults).merge(example)).unwrap()
    }

    #[test]
    fn example_documents_every_key_with_its_default() {
        let text = include_str!("../../../../config/example.toml");
        let figment = Figment::from(Layer::toml("example.toml", text).unwrap());
        for key in keys() {
            assert!(figment.find_value(key.name).is_ok(), "{} is not there", key.name);
            for variable in key.variables() {
                assert!(text.contains(&variable), "{variable} is not named");
            }
        }
        // Without defaults below it: every key is there, and none is unknown.
        let mut config = extract(&figment).unwrap();
        config.database.url = None;
        assert_eq!(config, Config::default());
    }

    #[test]
    fn roles_of_the_example_hold() {
        let config = example("#[roles.");
        let rules = config.rules().unwrap();
        assert_eq!((config.roles.len(), rules.roles().len()), (3, 11));
    }

    #[test]
    fn limits_and_thresholds_of_the_example_hold() {
        let config = example("#[[custody.");
        let rules = config.rules().unwrap().custody;
        assert_eq!((rules.limits.len(), rules.thresholds.len()), (2, 1));
    }

    #[test]
    fn policies_of_the_example_hold() {
        let config = example("#[[retention]]");
        assert_eq!(config.rules().unwrap().retention.policies().len(), 2);
    }

    #[test]
    fn policies_of_approvals_of_the_example_hold() {
        let config = example("#[[governance.policies]]");
        assert_eq!(config.rules().unwrap().policies.list().len(), 3);
    }

    #[test]
    fn built_in_files_hold() {
        for (name, text) in BUILT_IN {
            let defaults = Layer::of("default", &Config::default()).unwrap();
            let figment = Figment::from(defaults).merge(Layer::toml(name, text).unwrap());
            assert!(extract(&figment).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_nearest_name_is_said() {
        let known = || ["listen", "log", "http", "pool_max"].into_iter();
        assert_eq!(nearest("lisen", known()), " did you mean listen?");
        assert_eq!(nearest("poolmax", known()), " did you mean pool_max?");
        assert_eq!(nearest("verbosity", known()), "");
        let defaults = Layer::of("default", &Config::default()).unwrap();
        let text = Layer::toml("x.toml", "[database]\npool_mx = 1").unwrap();
        let error = extract(&Figment::from(defaults).merge(text)).unwrap_err();
        let expected = "x.toml: unknown setting database.pool_mx; did you mean pool_max? known here: ";
        assert!(error.message.starts_with(expected), "{}", error.message);
    }

    #[test]
    fn unknown_settings_are_refused_by_name() {
        for (text, expected) in [
            ("lisen = \"x\"", "x.toml: unknown setting lisen;"),
            ("[http]\nbody = 1", "x.toml: unknown setting http.body;"),
            ("[log]\nformat = \"xml\"", "x.toml: log.format:"),
            ("[writer]\nqueue_max = \"many\"", "x.toml: writer.queue_max:"),
            (
                "[roles.trader]\npermision = []",
                "x.toml: unknown setting roles.trader.permision;",
            ),
            (
                "[[custody.limits]]\ntiers = 1",
                "x.toml: unknown setting custody.limits.0.tiers;",
            ),
            (
                "[[custody.thresholds]]\nquorum = 1",
                "x.toml: custody.thresholds.0",
            ),
            (
                "[[retention]]\naction = \"a\"\nkeep_day = 1",
                "x.toml: unknown setting retention.0.keep_day;",
            ),
            (
                "[roles.trader]\npermissions = \"audit:read\"",
                "x.toml: roles.trader.permissions:",
            ),
        ] {
            let defaults = Layer::of("default", &Config::default()).unwrap();
            let error =
                extract(&Figment::from(defaults).merge(Layer::toml("x.toml", text).unwrap())).unwrap_err();
            assert!(error.message.starts_with(expected), "{}", error.message);
        }
    }
}
