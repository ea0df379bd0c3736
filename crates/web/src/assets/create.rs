//! `POST /v1/assets`

use domain::custody::asset::CreateAsset;
use domain::{Command, Reply as CommandReply};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;

use super::{AssetBody, example};
use crate::call::{Answer, Call, json_with};
use crate::id::Id;
use crate::idempotency;
use crate::openapi::{Content, Doc, Reply};
use crate::problem::Problem;

pub(crate) const DOC: Doc = Doc {
    id: "create_asset",
    tag: "custody",
    summary: "Make an asset",
    description: "With its house accounts: `omnibus`, `fees`, `suspense`, and `external`, which stands for the world \
                  outside. An asset never changes.",
    parameters: &[idempotency::HEADER, idempotency::DRY_RUN],
    body: Some(Content::json(
        r#"{"type":"object","required":["code","name","scale"],"additionalProperties":false,"properties":{"id":{"type":"string","format":"uuid","description":"Your own id: sent again with the same content it is answered as the first time."},"code":{"type":"string","minLength":1,"maxLength":16,"pattern":"^[A-Za-z0-9._-]+$","description":"Unique in any case."},"name":{"type":"string","minLength":1,"maxLength":100},"scale":{"type":"integer","minimum":0,"maximum":18,"description":"Digits after the point."},"chain":{"type":"string","minLength":1,"maxLength":32,"pattern":"^[a-z0-9-]+$","description":"The chain that it lives on."}}}"#,
        &[(
            "bitcoin",
            r#"{"code":"BTC","name":"Bitcoin","scale":8,"chain":"bitcoin"}"#,
        )],
    )),
    replies: &[
        Reply {
            headers: &[("Location", "Where the asset is.")],
            ..Reply::new(
                "201",
                "The asset.",
                &[Content::new(
                    "application/json",
                    r##"{"$ref":"#/components/schemas/Asset"}"##,
                    example!(),
                )],
            )
        },
        Reply {
            headers: &[idempotency::REPLAYED_HEADER],
            ..Reply::new(
                "200",
                "It had been made before; or, in a dry run, what would be made.",
                &[Content::new(
                    "application/json",
                    r##"{"$ref":"#/components/schemas/Asset"}"##,
                    example!(),
                )],
            )
        },
    ],
    problems: &[
        ("409", "code_taken", "another asset has this code"),
        ("409", "id_conflict", "the id is there with other content"),
        idempotency::MALFORMED,
        idempotency::REUSED,
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    id: Option<Id>,
    code: String,
    name: String,
    scale: u64,
    chain: Option<String>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let dry = idempotency::dry_run(&query)?;
    let (input, key) = idempotency::input::<Input>(&mut call).await?;
    let command = Command::CreateAsset(CreateAsset {
        id: idempotency::id(input.id, key.as_ref())?,
        code: input.code,
        name: input.name,
        scale: input.scale,
        chain: input.chain,
    });
    let key = key.as_ref();
    let unexpected = |other: CommandReply| Problem::internal(&format_args!("answered with {other:?}"));
    if dry {
        return match idempotency::try_one(&call, command, key).await? {
            CommandReply::Asset(asset) => idempotency::dry(&AssetBody::of(&asset)),
            other => Err(unexpected(other)),
        };
    }
    let engine = &call.app.engine;
    let answer = engine.submit(call.caller()?, call.origin(), command).await;
    let answer = answer.map_err(|error| idempotency::problem(error, key))?;
    let asset = match answer.reply {
        CommandReply::Asset(asset) => asset,
        other => return Err(unexpected(other)),
    };
    let replayed = answer.entry.is_none();
    let status = if replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let mut response = json_with(status, &AssetBody::of(&asset))?;
    if let Ok(value) = HeaderValue::try_from(format!("/v1/assets/{}", asset.id)) {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(idempotency::replayed(response, replayed))
}
