//! The documentation of requests that change something.

use domain::Act;
use http::StatusCode;

use super::{Change, IfMatch, Subject};
use crate::dry_run::{self, DryRun};
use crate::idempotency;
use crate::openapi::{Content, Doc, Parameter, Reply, Shape, kept, listed, version_header, words};

/// The documentation of a change.
pub(crate) fn doc<C: Change>() -> Doc {
    let says = C::SAYS;
    let name = C::Of::NAME;
    let id = || Parameter::id(name, C::Of::SHOWN.example.value());
    let (mut parameters, mut problems) = (Vec::new(), Vec::new());
    if says.way.of_one() {
        parameters.push(kept(vec![C::Of::PATH.unwrap_or_else(id)]));
        problems.push(listed(C::Of::UNKNOWN));
    }
    parameters.push(C::PATH);
    if says.if_match != IfMatch::No {
        parameters.push(kept(vec![if_match(says.if_match)]));
    }
    if says.way.makes() {
        parameters.push(idempotency::HEADER);
    }
    if says.tries {
        parameters.push(idempotency::DRY_RUN);
    }
    Doc {
        id: says.id,
        tag: C::Of::TAG,
        summary: says.summary,
        description: says.description,
        parameters: kept(parameters),
        body: (!says.examples.is_empty()).then(|| Content::taken::<C>(says.examples)),
        replies: kept(replies::<C>()),
        problems: kept(problems),
        refusals: kept([says.problems, <C::Act as Act>::REFUSALS].concat()),
    }
}

fn replies<C: Change>() -> Vec<Reply> {
    let (says, name) = (C::SAYS, C::Of::NAME);
    let shown = kept(vec![C::Of::SHOWN]);
    let or_dry = kept(vec![Content {
        schema: Shape::AnyOf(kept(vec![C::Of::SHOWN.schema, Shape::of::<DryRun>()])),
        ..C::Of::SHOWN
    }]);
    let mut headers = Vec::new();
    if C::Of::TAGGED {
        headers.push(version_header(name));
    }
    if !says.way.makes() {
        if C::Of::REPEATS {
            headers.push(idempotency::REPLAYED_HEADER);
        }
        let dry = if says.tries {
            "; with `dry_run`, as it would be, without its id"
        } else {
            ""
        };
        let again = if C::Of::REPEATS {
            " The same again changes nothing."
        } else {
            ""
        };
        let description = format!("The {name} as it is now{dry}.{again}");
        let shown = if says.tries { or_dry } else { shown };
        return vec![Reply {
            headers: kept(headers),
            ..Reply::new("200", words(description), shown)
        }];
    }
    headers.push(("Location", words(format!("Where the {name} is."))));
    let again = C::Of::MADE_BEFORE == StatusCode::CREATED;
    if again {
        headers.push(idempotency::REPLAYED_HEADER);
    }
    let made = Reply {
        headers: kept(headers),
        ..Reply::new("201", words(format!("The {name}.")), shown)
    };
    let other = if again {
        dry_run::REPLY
    } else {
        Reply {
            headers: &[idempotency::REPLAYED_HEADER],
            ..Reply::new(
                "200",
                "It had been made before; or, in a dry run, what would be made.",
                or_dry,
            )
        }
    };
    vec![made, other]
}

fn if_match(which: IfMatch) -> Parameter {
    let header = Parameter::header(
        "If-Match",
        "The `ETag` that you read, or `*` for any version: what somebody else changed meanwhile is then not overlooked.",
        r#"{"type":"string","examples":["\"1\""]}"#,
    );
    if which == IfMatch::Must {
        header.required()
    } else {
        header
    }
}
