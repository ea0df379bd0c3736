//! Lists and single rows of nouns: endpoint and documentation follow from what [`views`] says of them.

use domain::code;
use domain::governance::agent::NAME_LEN_MAX as AGENT_LEN_MAX;
use domain::identity::Permission;
use evidence::Timestamp;
use futures_util::future::BoxFuture;
use serde_json::json as value;
use uuid::Uuid;
use views::{Asked, Filter, Given, Noun, Page, Place, Reads, Show, Shown, Takes, Viewer};

use crate::audit::page;
use crate::call::{Answer, Call, id_of, json, tagged, with_type};
use crate::custody::{self, ACCOUNT_LEN_MAX, DECIMAL, DECIMAL_LEN_MAX, NAME_LEN_MAX, NAMED_LEN_MAX, absent};
use crate::endpoint::Access;
use crate::listed::OVERLOADED;
use crate::openapi::{Content, Doc, Listed, Parameter, Reply, kept, listed, version_header, words};
use crate::person;
use crate::problem::Problem;
use crate::query::Query;
use crate::{agents, users};

/// Who may call the endpoints that show a noun.
pub(crate) const fn access<N: Noun>() -> Access {
    match N::READ {
        Reads::Everyone | Reads::OwnOrNamed(..) => Access::Caller,
        Reads::Holders(permission) => Access::Read(permission),
        Reads::OwnOr(own, all, _) => Access::ReadOwnOr(own, all),
    }
}

/// The documentation of a list.
pub(crate) fn list_doc<N: Noun>() -> Doc {
    let mut parameters = vec![parameters::<N>(), page::PARAMETERS];
    let mut problems = problems::<N>();
    if let Some(usual) = N::ORDER {
        parameters.push(kept(vec![page::order_of(usual)]));
    }
    if N::Place::IN_LOG {
        problems.push(page::BEYOND_END);
    }
    if N::SEARCHED {
        problems.push(OVERLOADED);
    }
    if let Reads::OwnOrNamed(..) = N::READ {
        problems.extend([&code::PERMISSION_MISSING, &code::SCOPE_MISSING].map(listed));
    }
    Doc {
        id: N::LIST.id,
        tag: N::TAG,
        summary: N::LIST.summary,
        description: N::LIST.description,
        parameters: kept(parameters),
        body: None,
        replies: kept(vec![Reply {
            headers: &[page::LINK_HEADER],
            ..Reply::new("200", "A page.", const { &[Content::shown_here::<Page<N>>()] })
        }]),
        problems: kept(problems),
        ..Doc::EMPTY
    }
}

/// What may be wrong with a noun's filters.
pub(crate) fn problems<N: Noun>() -> Vec<Listed> {
    let mut problems = vec![custody::PARAMETER];
    for filter in N::FILTERS {
        problems.extend(match filter.takes() {
            Takes::User => Some(custody::UNKNOWN_USER),
            Takes::Asset => Some(custody::UNKNOWN_ASSET),
            Takes::Agent => Some(custody::UNKNOWN_AGENT),
            Takes::Balance => Some(custody::UNKNOWN_BALANCE),
            _ => None,
        });
    }
    problems.extend(N::REFUSALS.iter().map(|code| listed(code)));
    problems
}

/// A noun's filters as parameters.
pub(crate) fn parameters<N: Noun>() -> &'static [Parameter] {
    let of = |filter: &Filter| {
        let parameter = parameter::<N>(filter);
        if filter.required {
            parameter.required()
        } else {
            parameter
        }
    };
    kept(N::FILTERS.iter().map(of).collect())
}

fn parameter<N: Noun>(filter: &Filter) -> Parameter {
    let only = |more: &str| words(format!("Only {} {}{more}.", N::NAMES.1, filter.doc));
    let text = |chars_max: usize| value!({"type": "string", "maxLength": chars_max});
    let (doc, schema) = match filter.takes() {
        Takes::User => {
            let doc = only(if N::SHOWS_NAMES {
                ": `me`, id, user name or e-mail address"
            } else {
                ": `me`, an id, or a name for callers who may read users"
            });
            return Parameter::query(filter.name, doc, person::SCHEMA);
        }
        Takes::Role => (only(""), value!({"type": "string"})),
        Takes::Asset => (only(": code or id"), text(NAMED_LEN_MAX)),
        Takes::Agent => (only(": name or id"), text(AGENT_LEN_MAX)),
        Takes::Balance => (
            only(": its id, or with `asset` also `user:<id or name>`, `user:me` or `house:<name>`"),
            text(ACCOUNT_LEN_MAX),
        ),
        Takes::Amount => (
            only(": a decimal number"),
            value!({"type": "string", "maxLength": DECIMAL_LEN_MAX, "pattern": DECIMAL, "examples": ["0.5"]}),
        ),
        Takes::Word(list) => (only(""), value!({"enum": list})),
        Takes::Text(chars_max) => (only(""), text(chars_max)),
        Takes::Flag(flag) => {
            let mut schema = value!({"enum": ["true", "false"]});
            if let Some(usual) = flag.usual {
                schema["default"] = usual.to_string().into();
            }
            let doc = match flag.no {
                Some((_, no)) => format!("`true`: {}; `false`: {no}.", filter.doc),
                None => format!("`true`: {}.", filter.doc),
            };
            (words(doc), schema)
        }
        Takes::Either => (only(""), value!({"enum": ["true", "false"]})),
        Takes::Id => (only(""), value!({"type": "string", "format": "uuid"})),
        Takes::Time => return Parameter::query_of::<Timestamp>(filter.name, only("")),
        Takes::Action => (
            only(""),
            value!({"type": "string", "maxLength": 129, "pattern": "^[A-Za-z0-9._:/-]*[*]?$", "examples": ["order.*"]}),
        ),
        Takes::Address => (
            only(""),
            value!({"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]}),
        ),
    };
    Parameter::query(filter.name, doc, words(schema.to_string()))
}

/// Lists.
pub(crate) async fn list<N: Noun>(call: Call) -> Answer {
    let query = call.documented()?;
    let paging = page::read::<N::Place>(&query, page::order(&query, N::USUAL)?)?;
    let engine = &call.app.engine;
    page::within_log(engine, "cursor", paging.after.and_then(Place::entry)).await?;
    let asked = filters::<N>(&call, &query).await?;
    let viewer = Viewer::of(call.identity()?);
    let (page, next) = N::page_as_json(engine, viewer, &asked, paging)
        .await
        .map_err(Problem::of_read)?;
    let mut response = with_type("application/json", page);
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}

/// What it takes from a noun to read its filters; the rest is the same for all, and there once in the program.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    pub filters: &'static [Filter],
    /// The permission to read those of others.
    all: Permission,
    /// Whether whoever reads them is shown users' names.
    shows_names: bool,
}

impl Reading {
    pub const fn of<N: Noun>() -> Reading {
        Reading {
            filters: N::FILTERS,
            all: all::<N>(),
            shows_names: N::SHOWS_NAMES,
        }
    }

    /// What the filters were given as.
    async fn filters(self, call: &Call, query: &Query) -> Result<Asked, Problem> {
        let mut asked = Asked::default();
        for filter in self.filters {
            self.add(call, query, filter, &mut asked).await?;
        }
        Ok(asked.checked()?)
    }

    /// The same, with every problem beside what could be read in spite of it.
    pub fn each<'a>(self, call: &'a Call, query: &'a Query) -> BoxFuture<'a, (Asked, Vec<Problem>)> {
        Box::pin(async move {
            let (mut asked, mut problems) = (Asked::default(), Vec::new());
            for filter in self.filters {
                problems.extend(self.add(call, query, filter, &mut asked).await.err());
            }
            match asked.clone().checked() {
                Ok(asked) => (asked, problems),
                Err(problem) => {
                    asked.0.retain(|(name, _)| *name != problem.field);
                    problems.push(problem.into());
                    (asked, problems)
                }
            }
        })
    }

    async fn add(
        self,
        call: &Call,
        query: &Query,
        filter: &Filter,
        asked: &mut Asked,
    ) -> Result<(), Problem> {
        if let Some(text) = query.get(filter.name) {
            let given = self.read(call, query, filter, text, asked.id("asset")).await?;
            asked.0.push((filter.name, given));
        }
        Ok(())
    }

    async fn read(
        self,
        call: &Call,
        query: &Query,
        filter: &Filter,
        text: &str,
        asset: Option<Uuid>,
    ) -> Result<Given, Problem> {
        let name = filter.name;
        let at_most = |chars_max| query.text(name, chars_max).map(drop);
        Ok(match filter.takes() {
            Takes::User => {
                at_most(NAME_LEN_MAX)?;
                Given::Id(person::readable(call, name, text, self.all, self.shows_names).await?)
            }
            Takes::Role => Given::Text(users::role_named(call, text)?.to_string()),
            Takes::Asset => {
                at_most(NAME_LEN_MAX)?;
                Given::Id(call.app.engine.asset_named(text).await?.id)
            }
            Takes::Agent => {
                at_most(AGENT_LEN_MAX)?;
                Given::Id(agents::named(call, name, text).await?)
            }
            Takes::Balance => {
                at_most(ACCOUNT_LEN_MAX)?;
                Given::Id(custody::readable_balance(call, text, asset).await?)
            }
            Takes::Amount => {
                let engine = &call.app.engine;
                let asset = match asset {
                    Some(id) => Some(engine.asset_of(id).await?),
                    None => None,
                };
                Given::amount(name, text, asset.as_deref())?
            }
            Takes::Time => Given::Time(query.time(name)?.unwrap_or(Timestamp::EPOCH)),
            takes => takes.read(text).map_err(|must| Problem::field(name, must))?,
        })
    }
}

/// What a noun's filters were given as.
pub(crate) async fn filters<N: Noun>(call: &Call, query: &Query) -> Result<Asked, Problem> {
    Reading::of::<N>().filters(call, query).await
}

/// The permission to read those of others.
const fn all<N: Noun>() -> Permission {
    match N::READ {
        Reads::OwnOr(_, all, _) | Reads::OwnOrNamed(all, _) | Reads::Holders(all) => all,
        Reads::Everyone => Permission::UsersRead,
    }
}

/// The parameter that names one in a path.
pub(crate) fn path<N: Show>() -> &'static [Parameter] {
    kept(vec![match N::NAMED {
        None => Parameter::id(N::NAMES.0, value!(N::View::example())),
        Some(named) => {
            let schema = value!({"type": "string", "pattern": named.pattern, "examples": named.examples});
            Parameter::path("id", named.doc, words(schema.to_string()))
        }
    }])
}

/// What may be wrong with that.
pub(crate) fn unnamed<N: Show>() -> &'static [Listed] {
    let mut problems = vec![listed(N::UNKNOWN)];
    if N::NAMED.is_some_and(|named| !named.must.is_empty()) {
        problems.push(custody::PARAMETER);
    }
    kept(problems)
}

/// What names one in the path.
pub(crate) async fn named<N: Show>(call: &mut Call) -> Result<String, Problem> {
    let name = call.path().await?;
    match N::NAMED {
        Some(named) if !(named.good)(&name) => Err(Problem::field("id", format!("must be {}", named.must))),
        Some(_) => Ok(name),
        None => id_of("id", &name).map(|_| name),
    }
}

/// The problem of one that is not there.
pub(crate) fn missing<N: Show>(name: &str) -> Problem {
    absent(N::UNKNOWN, "id", format_args!("{} {name}", N::NAMES.0))
}

/// The documentation of showing one.
pub(crate) fn show_doc<N: Show>() -> Doc {
    let one = N::NAMES.0;
    let headers: &[_] = if N::TAGGED {
        kept(vec![version_header(one)])
    } else {
        &[]
    };
    Doc {
        id: N::SHOW.id,
        tag: N::TAG,
        summary: N::SHOW.summary,
        description: N::SHOW.description,
        parameters: kept(vec![path::<N>()]),
        body: None,
        replies: kept(vec![Reply {
            headers,
            ..Reply::new(
                "200",
                words(format!("The {one}.")),
                const { &[Content::shown::<N::Whole>()] },
            )
        }]),
        problems: unnamed::<N>(),
        ..Doc::EMPTY
    }
}

/// Shows one.
pub(crate) async fn show<N: Show>(mut call: Call) -> Answer {
    call.documented()?;
    shown::<N>(&mut call).await
}

/// The one of this name, and its version.
pub(crate) async fn found<N: Show>(call: &Call, name: &str) -> Result<(N::Whole, u64), Problem> {
    let viewer = Viewer::of(call.identity()?);
    let found = N::find(&call.app.engine, viewer, name)
        .await
        .map_err(Problem::of_read)?;
    if found.is_none() && !N::HIDDEN {
        // Who may not read all learns of no one else's, not even which there are.
        call.require(all::<N>()).await?;
    }
    found.ok_or_else(|| missing::<N>(name))
}

/// Shows the one in the path.
pub(crate) async fn shown<N: Show>(call: &mut Call) -> Answer {
    let name = named::<N>(call).await?;
    let (whole, version) = found::<N>(call, &name).await?;
    let response = json(&whole)?;
    Ok(if N::TAGGED {
        tagged(response, version)
    } else {
        response
    })
}
