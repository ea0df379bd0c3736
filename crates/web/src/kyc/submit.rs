//! `POST /v1/kyc`

use domain::Command;
use domain::custody::kyc::{DocumentKind, NewDocument, SubmitKyc};
use domain::identity::Permission;
use evidence::json::from_hex;
use serde::Deserialize;

use super::{KycBody, located, record};
use crate::call::{Answer, Call, json, tagged};
use crate::id::Id;
use crate::openapi::{Content, Doc, Reply};
use crate::problem::Problem;
use crate::{custody, dry_run, idempotency, person};

pub(crate) const DOC: Doc = Doc {
    id: "submit_kyc",
    tag: "kyc",
    summary: "Submit a KYC record",
    description: "Which tier is asked for, on which documents. A document is kept elsewhere: here is its SHA-256. \
                  Someone else than who submitted it checks the documents and decides. A user has one pending record \
                  at most.",
    parameters: &[idempotency::HEADER, idempotency::DRY_RUN],
    body: Some(Content::json(
        r##"{"type":"object","required":["tier"],"additionalProperties":false,"properties":{"id":{"type":"string","format":"uuid","description":"Your own id: sending it again with the same content answers as the first time."},"user":{"type":"string","minLength":1,"maxLength":254,"default":"me","description":"Whom it is about: `me`, an id, or a name for who may read users."},"tier":{"type":"integer","minimum":0,"maximum":2},"documents":{"type":"array","maxItems":20,"items":{"type":"object","required":["kind","sha256"],"additionalProperties":false,"properties":{"kind":{"$ref":"#/components/schemas/DocumentKind"},"sha256":{"type":"string","pattern":"^[0-9a-f]{64}$","description":"In lower-case hex."}}}}}}"##,
        &[
            (
                "of one's own",
                r#"{"tier":1,"documents":[{"kind":"passport","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}"#,
            ),
            (
                "of somebody else",
                r#"{"user":"ann","tier":1,"documents":[{"kind":"identity_card","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}"#,
            ),
        ],
    )),
    replies: &[
        Reply {
            headers: &[
                ("ETag", "The record's version."),
                ("Location", "Where the record is."),
                idempotency::REPLAYED_HEADER,
            ],
            ..Reply::new(
                "201",
                "The record.",
                &[Content::new(
                    "application/json",
                    r##"{"$ref":"#/components/schemas/KycRecord"}"##,
                    super::example!(),
                )],
            )
        },
        dry_run::REPLY,
    ],
    problems: &[
        custody::UNKNOWN_USER,
        ("409", "user_erased", "the user was erased"),
        ("409", "kyc_pending", "the user has a pending record already"),
        ("409", "id_conflict", "the id is another record's"),
        idempotency::MALFORMED,
        idempotency::REUSED,
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    kind: String,
    sha256: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    id: Option<Id>,
    user: Option<String>,
    tier: u64,
    documents: Option<Vec<Document>>,
}

fn read(position: usize, document: &Document) -> Result<NewDocument, Problem> {
    let field = |name: &str| format!("documents[{position}].{name}");
    let sha256 = from_hex(&document.sha256).ok_or_else(|| {
        Problem::field(
            field("sha256"),
            "must be a SHA-256 as 64 digits of lower-case hex",
        )
    })?;
    Ok(NewDocument {
        kind: DocumentKind::read(&field("kind"), &document.kind)?,
        sha256,
    })
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry_run = idempotency::dry_run(&call.query(&DOC)?)?;
    let (input, key) = idempotency::input::<Input>(&mut call).await?;
    call.require_either(Permission::KycOwn, Permission::KycWrite)
        .await?;
    let documents = input.documents.unwrap_or_default();
    let documents = documents
        .iter()
        .enumerate()
        .map(|(position, document)| read(position, document));
    let command = Command::SubmitKyc(SubmitKyc {
        id: idempotency::id(input.id, key.as_ref())?,
        user: person::named(&call, "user", input.user.as_deref()).await?,
        tier: input.tier,
        documents: documents.collect::<Result<_, _>>()?,
    });
    if dry_run {
        let view = record(idempotency::try_one(&call, command, key.as_ref()).await?)?;
        let mut body = KycBody::of_view(&view);
        // These are not there either.
        body.documents.iter_mut().for_each(|document| document.id = None);
        return idempotency::dry(&body);
    }
    let engine = &call.app.engine;
    let answer = engine.submit(call.caller()?, call.origin(), command).await;
    let answer = answer.map_err(|error| idempotency::problem(error, key.as_ref()))?;
    let view = record(answer.reply)?;
    let response = tagged(json(&KycBody::of_view(&view))?, view.version);
    let response = located(response, view.record.id);
    Ok(idempotency::replayed(response, answer.entry.is_none()))
}
