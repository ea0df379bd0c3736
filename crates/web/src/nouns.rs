//! Lists and single rows of nouns: endpoint and documentation follow from what [`views`] says of them.

use domain::code;
use domain::identity::Permission;
use views::{Filter, Given, Kind, Noun, Page, Reads, Show, Shown, Viewer};

use crate::audit::page;
use crate::call::{Answer, Call, json, tagged};
use crate::custody::{self, NAME_LEN_MAX, absent};
use crate::endpoint::Access;
use crate::openapi::{Content, Doc, Parameter, Reply, kept, listed, version_header, words};
use crate::person;
use crate::problem::Problem;
use crate::query::Query;
use crate::users;

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
    let filters: Vec<Parameter> = N::FILTERS.iter().map(parameter::<N>).collect();
    let mut problems = vec![custody::PARAMETER];
    for filter in N::FILTERS {
        match filter.kind {
            Kind::User(_) => problems.push(custody::UNKNOWN_USER),
            Kind::Asset(_) => problems.push(custody::UNKNOWN_ASSET),
            _ => {}
        }
    }
    if let Reads::OwnOrNamed(..) = N::READ {
        problems.extend([&code::PERMISSION_MISSING, &code::SCOPE_MISSING].map(listed));
    }
    Doc {
        id: N::LIST.id,
        tag: N::TAG,
        summary: N::LIST.summary,
        description: N::LIST.description,
        parameters: kept(vec![kept(filters), page::PARAMETERS]),
        body: None,
        replies: kept(vec![Reply {
            headers: &[page::LINK_HEADER],
            ..Reply::new("200", "A page.", const { &[Content::shown_here::<Page<N>>()] })
        }]),
        problems: kept(problems),
        ..Doc::EMPTY
    }
}

/// A filter as a parameter.
fn parameter<N: Noun>(filter: &Filter) -> Parameter {
    let only = |more: &str| words(format!("Only {} {}{more}.", N::NAMES.1, filter.doc));
    match filter.kind {
        Kind::User(_) if N::SHOWS_NAMES => Parameter::query(
            filter.name,
            only(": `me`, id, user name or e-mail address"),
            person::SCHEMA,
        ),
        Kind::User(_) => Parameter::query(
            filter.name,
            only(": `me`, an id, or a name for callers who may read users"),
            person::SCHEMA,
        ),
        Kind::Asset(_) => Parameter::query(
            filter.name,
            only(": code or id"),
            r#"{"type":"string","maxLength":36}"#,
        ),
        Kind::Word(list, _) => Parameter::query(
            filter.name,
            only(""),
            words(serde_json::json!({"enum": list}).to_string()),
        ),
        Kind::Role(_) => Parameter::query(filter.name, only(""), r#"{"type":"string"}"#),
        Kind::Text(chars_max, _) => Parameter::query(
            filter.name,
            only(""),
            words(serde_json::json!({"type": "string", "maxLength": chars_max}).to_string()),
        ),
        Kind::Flag(flag) => {
            let mut schema = serde_json::json!({"enum": ["true", "false"]});
            if let Some(usual) = flag.usual {
                schema["default"] = usual.to_string().into();
            }
            Parameter::query(
                filter.name,
                words(match flag.no {
                    Some((_, no)) => format!("`true`: {}; `false`: {no}.", filter.doc),
                    None => format!("`true`: {}.", filter.doc),
                }),
                words(schema.to_string()),
            )
        }
    }
}

/// Lists.
pub(crate) async fn list<N: Noun>(call: Call) -> Answer {
    let query = call.documented()?;
    let (after, limit) = page::of_ids(&query)?;
    let mut given = Vec::new();
    for filter in N::FILTERS {
        given.extend(
            read::<N>(&call, &query, filter)
                .await?
                .map(|value| (filter.name, value)),
        );
    }
    let viewer = Viewer::of(call.identity()?);
    let page: Page<N> = views::list(&call.app.engine, viewer, given, after, Some(limit)).await?;
    let mut response = json(&page)?;
    page::link(&mut response, &call.parts.uri, page.next.as_deref());
    Ok(response)
}

/// What a filter was given as.
async fn read<N: Noun>(call: &Call, query: &Query, filter: &Filter) -> Result<Option<Given>, Problem> {
    let name = filter.name;
    Ok(match filter.kind {
        Kind::User(_) => match query.text(name, NAME_LEN_MAX)? {
            Some(text) => Some(Given::Id(
                person::readable(call, name, &text, all::<N>(), N::SHOWS_NAMES).await?,
            )),
            None => None,
        },
        Kind::Role(_) => match query.get(name) {
            Some(text) => Some(Given::Text(users::role_named(call, text)?.to_string())),
            None => None,
        },
        Kind::Asset(_) => match query.text(name, NAME_LEN_MAX)? {
            Some(text) => Some(Given::Id(call.app.engine.asset_named(&text).await?.id)),
            None => None,
        },
        Kind::Word(..) => query.get(name).map(|word| Given::Text(word.to_owned())),
        Kind::Text(chars_max, _) => query.text(name, chars_max)?.map(Given::Text),
        Kind::Flag(_) => query
            .read(name, "true or false", |text| text.parse().ok())?
            .map(Given::Flag),
    })
}

/// The permission to read those of others.
fn all<N: Noun>() -> Permission {
    match N::READ {
        Reads::OwnOr(_, all, _) | Reads::OwnOrNamed(all, _) | Reads::Holders(all) => all,
        Reads::Everyone => Permission::UsersRead,
    }
}

/// The documentation of showing one.
pub(crate) fn show_doc<N: Show>() -> Doc {
    let one = N::NAMES.0;
    let example = serde_json::to_value(N::View::example()).unwrap_or_default();
    let path = Parameter::id(one, example);
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
        parameters: kept(vec![kept(vec![path])]),
        body: None,
        replies: kept(vec![Reply {
            headers,
            ..Reply::new(
                "200",
                words(format!("The {one}.")),
                const { &[Content::shown::<N::Whole>()] },
            )
        }]),
        problems: kept(vec![listed(N::UNKNOWN)]),
        ..Doc::EMPTY
    }
}

/// Shows one.
pub(crate) async fn show<N: Show>(mut call: Call) -> Answer {
    call.documented()?;
    let one = N::NAMES.0;
    let id = call.id(one).await?;
    if !N::HIDDEN {
        let row = call.app.engine.row::<N>(id).await?;
        let viewer = Viewer::of(call.identity()?);
        // Who may not read all learns of no one else's, not even which there are.
        if !row.is_some_and(|row| views::may_read(&row.row, viewer)) {
            call.require(all::<N>()).await?;
        }
    }
    let viewer = Viewer::of(call.identity()?);
    let found = views::show::<N>(&call.app.engine, viewer, id).await?;
    let (whole, version) = found.ok_or_else(|| absent(N::UNKNOWN, "id", format_args!("{one} {id}")))?;
    let response = json(&whole)?;
    Ok(if N::TAGGED {
        tagged(response, version)
    } else {
        response
    })
}
