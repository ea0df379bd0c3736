//! `POST /v1/kyc`

use domain::code;
use domain::custody::kyc::{DOCUMENTS_MAX, DocumentKind, NewDocument, SubmitKyc, TIER_MAX};
use engine::custody::KycView;
use evidence::json::{from_hex, objects_or_null};

use crate::change::prelude::*;
use crate::{custody, person};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Submit {
    /// Your own id: sending it again with the same content answers as the first time.
    id: Option<Id>,
    /// Whom it is about: `me`, an id, or a name for callers who may read users.
    #[schemars(length(min = 1, max = custody::NAME_LEN_MAX), extend("default" = "me"))]
    user: Option<String>,
    #[schemars(range(max = TIER_MAX))]
    tier: u64,
    #[schemars(length(max = DOCUMENTS_MAX))]
    #[serde(default, deserialize_with = "objects_or_null")]
    documents: Option<Vec<Document>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Document {
    #[schemars(with = "DocumentKind")]
    kind: String,
    /// In lower-case hex.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    sha256: String,
}

impl Document {
    fn read(&self, position: usize) -> Result<NewDocument, Problem> {
        let field = |name: &str| format!("documents[{position}].{name}");
        let sha256 = from_hex(&self.sha256).ok_or_else(|| {
            Problem::field(
                field("sha256"),
                "must be a SHA-256 as 64 digits of lower-case hex",
            )
        })?;
        Ok(NewDocument {
            kind: DocumentKind::read(&field("kind"), &self.kind)?,
            sha256,
        })
    }
}

impl Change for Submit {
    type Of = KycView;
    type Act = SubmitKyc;

    const SAYS: Says = Says {
        id: "submit_kyc",
        summary: "Submit a KYC record",
        description: "Which tier is asked for, on which documents. A document is kept elsewhere: here is its SHA-256. \
                      Someone else than who submitted it checks the documents and decides. A user has one pending \
                      record at most.",
        examples: &[
            (
                "of one's own",
                r#"{"tier":1,"documents":[{"kind":"passport","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}"#,
            ),
            (
                "of somebody else",
                r#"{"user":"ann","tier":1,"documents":[{"kind":"identity_card","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}"#,
            ),
        ],
        problems: &[&code::UNKNOWN_USER],
        checked_first: true,
        ..Says::MAKES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let documents = self.documents.unwrap_or_default();
        let documents = documents.iter().enumerate();
        Ok(SubmitKyc {
            id: asked.own_id(self.id)?,
            user: person::named(asked.call, "user", self.user.as_deref()).await?,
            tier: self.tier,
            documents: documents
                .map(|(position, document)| document.read(position))
                .collect::<Result<_, _>>()?,
        }
        .into())
    }
}
