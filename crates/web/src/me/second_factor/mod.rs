//! One's own second factor.

pub(crate) mod confirm;
pub(crate) mod enrol;
pub(crate) mod recovery_codes;
pub(crate) mod remove;

use serde::{Deserialize, Serialize};

use crate::openapi::Content;

/// What is asked for where the password must be given once more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    password: String,
}

const INPUT: Content = Content::json(
    r##"{"type":"object","required":["password"],"additionalProperties":false,"properties":{"password":{"$ref":"#/components/schemas/Password"}}}"##,
    &[("password", r#"{"password":"correct horse battery staple"}"#)],
);

/// Recovery codes, shown once.
#[derive(Serialize)]
struct Codes {
    recovery_codes: Vec<String>,
}

const CODES: &[Content] = &[Content::new(
    "application/json",
    r#"{"type":"object","required":["recovery_codes"],"properties":{"recovery_codes":{"type":"array","items":{"type":"string"},"description":"Each lets you in once where the second factor is lost. Shown now and never again."}}}"#,
    r#"{"recovery_codes":["7kq2-m4xw-9dtp-c3hv","b8rn-51fj-wz6y-g0es"]}"#,
)];

const WRONG: (&str, &str, &str) = ("403", "wrong_password", "the password is not right");
const TOO_MANY: (&str, &str, &str) = ("429", "too_many_logins", "too many wrong attempts");
const NONE: (&str, &str, &str) = ("409", "no_second_factor", "there is no second factor");
