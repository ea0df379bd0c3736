//! Where settings come from: each layer knows its name, so that every value can say whence it came.

use figment::value::{Dict, Map, Value};
use figment::{Error, Metadata, Profile, Provider};

/// Some settings from one place.
pub struct Layer {
    name: String,
    values: Dict,
}

impl Layer {
    /// Settings of a struct.
    pub fn of(name: &str, value: &impl serde::Serialize) -> Result<Layer, String> {
        let values = Value::serialize(value)
            .map_err(|error| error.to_string())?
            .into_dict()
            .unwrap_or_default();
        Ok(Layer {
            name: name.to_owned(),
            values,
        })
    }

    /// Settings of a TOML text; the error says where in it.
    pub fn toml(name: &str, text: &str) -> Result<Layer, String> {
        let values = toml::from_str(text).map_err(|error| error.to_string().trim().replace('\n', " "))?;
        Ok(Layer {
            name: name.to_owned(),
            values,
        })
    }

    /// One setting.
    pub fn single(name: &str, key: &str, value: Value) -> Layer {
        Layer {
            name: name.to_owned(),
            values: figment::util::nest(key, value).into_dict().unwrap_or_default(),
        }
    }

    /// Whether it sets this top-level key.
    pub fn sets(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}
