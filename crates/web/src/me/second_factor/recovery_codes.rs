//! `POST /v1/me/second-factor/recovery-codes`

use super::{CODES, Codes, INPUT, Input, TOO_MANY};
use crate::call::{Answer, Call, json};
use crate::openapi::{Doc, Reply};
use domain::Act;
use domain::identity::second_factor::RenewRecoveryCodes;

pub(crate) const DOC: Doc = Doc {
    id: "renew_recovery_codes",
    tag: "account",
    summary: "New recovery codes",
    description: "The former ones no longer work.",
    body: Some(INPUT),
    replies: &[Reply::new("200", "The recovery codes, shown once.", CODES)],
    problems: &[TOO_MANY],
    refusals: RenewRecoveryCodes::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let engine = &call.app.engine;
    let renewed = engine.new_recovery_codes(call.caller()?, call.origin(), input.password.0);
    json(&Codes {
        recovery_codes: renewed.await?,
    })
}
