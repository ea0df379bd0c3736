//! `GET /v1/audit/consistency`

use evidence::consistency::ConsistencyProof;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Parameter, Reply, listed};
use crate::problem::Problem;

pub(crate) const DOC: Doc = Doc {
    id: "show_consistency",
    tag: "audit",
    summary: "The proof that the log only grew",
    description: "A consistency proof (RFC 6962 section 2.1.2) between the log at two sizes, with both roots: with \
                  the signed checkpoints of these sizes, `probity-verify` checks it offline.",
    parameters: &[&[
        Parameter::query("from", "The smaller size.", r#"{"type":"integer","minimum":1}"#).required(),
        Parameter::query(
            "to",
            "The larger size, at most that of the log now.",
            r#"{"type":"integer","minimum":1}"#,
        )
        .required(),
    ]],
    replies: &[Reply::new(
        "200",
        "The proof; hashes are in base64.",
        &[Content::typed::<ConsistencyProof>(
            r#"{"from":1,"to":2,"from_root":"ZIsvNQfmuMmbLpHJcqFB3l3YVCgXGYkoOe93PHXw8KI=","to_root":"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=","proof":["hqDQqMyQSOaKXOy3pZpmwVHnPUN8dFtEZp6TTZjQQDA="]}"#,
        )],
    )],
    problems: &[
        (
            "400",
            "invalid_field",
            "a size is missing or not a whole number, or `from` is 0 or larger than `to`",
        ),
        listed(&domain::code::NO_SUCH_TREE),
    ],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let needed = |name: &'static str| {
        query
            .number(name)?
            .ok_or_else(|| Problem::field(name, "must be given"))
    };
    let (from, to) = (needed("from")?, needed("to")?);
    if from == 0 {
        return Err(Problem::field(
            "from",
            "must be at least 1: every log extends the empty one",
        ));
    }
    if from > to {
        return Err(Problem::field("from", "must not be larger than to"));
    }
    json(&call.app.engine.consistency(from, to).await?)
}
