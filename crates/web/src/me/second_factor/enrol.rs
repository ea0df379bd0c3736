//! `POST /v1/me/second-factor`

use domain::Act;
use domain::identity::second_factor::EnrolSecondFactor;
use schemars::JsonSchema;
use serde::Serialize;

use super::{INPUT, Input, TOO_MANY};
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply, Shown};

pub(crate) const DOC: Doc = Doc {
    id: "enrol_second_factor",
    tag: "account",
    summary: "Begin to enrol a second factor",
    description: "Makes a secret for an authenticator app (TOTP, RFC 6238: SHA-1, 6 digits, 30 seconds). It counts once \
                  a code of it was confirmed.",
    body: Some(INPUT),
    replies: &[Reply::new(
        "200",
        "The secret, shown once.",
        &[Content::shown::<Output>()],
    )],
    problems: &[TOO_MANY],
    refusals: EnrolSecondFactor::REFUSALS,
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Output {
    /// In base32, to be typed in.
    secret: String,
    /// The same as an `otpauth://` address, for a QR code.
    uri: String,
}

impl Shown for Output {
    fn example() -> Output {
        let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
        Output {
            secret: secret.to_owned(),
            uri: format!("otpauth://totp/Probity:ann?secret={secret}&issuer=Probity"),
        }
    }
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let engine = &call.app.engine;
    let enrolled = engine.enrol_second_factor(call.caller()?, call.origin(), input.password.0);
    let enrolment = enrolled.await?;
    json(&Output {
        secret: enrolment.secret,
        uri: enrolment.uri,
    })
}
