//! One's own second factor.

pub(crate) mod confirm;
pub(crate) mod enrol;
pub(crate) mod recovery_codes;
pub(crate) mod remove;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::openapi::{Content, Listed, Shown, listed};
use crate::password::Password;

/// What is asked for where the password must be given once more.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    password: Password,
}

const INPUT: Content =
    Content::taken::<Input>(&[("password", r#"{"password":"correct horse battery staple"}"#)]);

/// Recovery codes, shown once.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Codes {
    /// Each lets you in once where the second factor is lost. Shown now and never again.
    recovery_codes: Vec<String>,
}

impl Shown for Codes {
    fn example() -> Codes {
        Codes {
            recovery_codes: ["7kq2-m4xw-9dtp-c3hv", "b8rn-51fj-wz6y-g0es"]
                .map(str::to_owned)
                .into(),
        }
    }
}

const CODES: &[Content] = &[Content::shown::<Codes>()];

const TOO_MANY: Listed = listed(&domain::code::TOO_MANY_LOGINS);
