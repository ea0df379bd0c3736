//! `POST /v1/destinations`

use domain::Command;
use domain::custody::destination::AddDestination;
use domain::identity::Permission;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use views::DestinationView;

use super::{destination, shown};
use crate::call::{Answer, Call, json_with};
use crate::id::Id;
use crate::openapi::{Content, Doc, Reply};
use crate::{custody, dry_run, idempotency, person};

pub(crate) const DOC: Doc = Doc {
    id: "add_destination",
    tag: "destinations",
    summary: "Add a destination",
    description: "Where a user may withdraw an asset to. It can be used once the installation's cooling-off time has \
                  passed, at `usable_at`: time to notice one that somebody else added.",
    parameters: &[idempotency::HEADER, idempotency::DRY_RUN],
    body: Some(Content::json(
        r#"{"type":"object","required":["asset","address"],"additionalProperties":false,"properties":{"id":{"type":"string","format":"uuid","description":"Your own id: sending it again with the same content answers as the first time."},"user":{"type":"string","minLength":1,"maxLength":254,"default":"me","description":"Whose: `me`, an id, or a name for who may read users."},"asset":{"type":"string","minLength":1,"maxLength":36,"description":"Code or id of the asset."},"address":{"type":"string","minLength":1,"maxLength":128,"pattern":"^[!-~]+$","description":"As the asset's chain writes it."},"label":{"type":"string","minLength":1,"maxLength":100}}}"#,
        &[
            (
                "of one's own",
                r#"{"asset":"BTC","address":"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq","label":"cold wallet"}"#,
            ),
            (
                "of somebody else",
                r#"{"user":"ann","asset":"BTC","address":"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"}"#,
            ),
        ],
    )),
    replies: &[
        Reply {
            headers: &[
                ("Location", "Where the destination is."),
                idempotency::REPLAYED_HEADER,
            ],
            ..Reply::new("201", "The destination.", &[Content::shown::<DestinationView>()])
        },
        dry_run::REPLY,
    ],
    problems: &[
        custody::UNKNOWN_USER,
        custody::UNKNOWN_ASSET,
        ("409", "user_erased", "the user was erased"),
        (
            "409",
            "destination_exists",
            "the address is a destination of the user already",
        ),
        ("409", "id_conflict", "the id is another destination's"),
        idempotency::MALFORMED,
        idempotency::REUSED,
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    id: Option<Id>,
    user: Option<String>,
    asset: String,
    address: String,
    label: Option<String>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry_run = idempotency::dry_run(&call.query(&DOC)?)?;
    let (input, key) = idempotency::input::<Input>(&mut call).await?;
    call.require_either(Permission::CustodyOwn, Permission::CustodyWrite)
        .await?;
    let engine = &call.app.engine;
    let command = Command::AddDestination(AddDestination {
        id: idempotency::id(input.id, key.as_ref())?,
        user: person::named(&call, "user", input.user.as_deref()).await?,
        asset: engine.asset_named(&input.asset).await?.id,
        address: input.address,
        label: input.label,
    });
    if dry_run {
        let row = destination(idempotency::try_one(&call, command, key.as_ref()).await?)?;
        return idempotency::dry(&shown(&call, row).await?);
    }
    let answer = engine.submit(call.caller()?, call.origin(), command).await;
    let answer = answer.map_err(|error| idempotency::problem(error, key.as_ref()))?;
    let body = shown(&call, destination(answer.reply)?).await?;
    let mut response = json_with(StatusCode::CREATED, &body)?;
    if let Ok(value) = HeaderValue::try_from(format!("/v1/destinations/{}", body.id)) {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(idempotency::replayed(response, answer.entry.is_none()))
}
