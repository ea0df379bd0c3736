//! Requests that change something. Each says what it takes, what it is for, and which command that is; the rest is the
//! same for all and stands here: read, prepare, submit or try, show. [`documented`] is their documentation.

pub(crate) mod documented;

use axum::extract::{FromRequestParts, Path};
use domain::Act;
use domain::action::Demand;
use domain::code::Code;
use domain::{Command, Reply as CommandReply};
use engine::custody::OperationId;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::call::{Answer, Call, id_of, if_match, if_match_given, json_with, tagged};
use crate::endpoint::Access;
use crate::id::Id;
use crate::idempotency;
use crate::openapi::{Content, Parameter};
use crate::problem::Problem;

/// What every change is written with.
pub(crate) mod prelude {
    pub(crate) use domain::Command;
    pub(crate) use schemars::JsonSchema;
    pub(crate) use serde::Deserialize;

    pub(crate) use super::{Asked, Change, IfMatch, Says, Way};
    pub(crate) use crate::id::Id;
    pub(crate) use crate::problem::Problem;
}

/// A request that changes something. The type is its body.
pub(crate) trait Change: DeserializeOwned + JsonSchema + Send + 'static {
    /// What it is about.
    type Of: Subject;
    /// The command that it is, which says who may do it.
    type Act: Act;

    /// What its documentation says, and what it takes beside its body.
    const SAYS: Says;
    /// Further variables of its path.
    const PATH: &'static [Parameter] = &[];

    /// The command that it asks for.
    fn command(self, asked: &Asked<'_>) -> impl Future<Output = Result<Command, Problem>> + Send;
}

/// What a change is about: how it is named in a path, and how answers show it.
pub(crate) trait Subject: Sized + Send + Sync + 'static {
    /// As answers show it.
    type View<'a>: Serialize + Send;

    /// What it is called.
    const NAME: &'static str;
    /// Its group in the documentation.
    const TAG: &'static str;
    /// The path of its list.
    const LIST: &'static str;
    /// The code of the problem of one that is not there.
    const UNKNOWN: &'static Code;
    /// As answers show it.
    const SHOWN: Content;
    /// Its variable in paths, where that is not its id.
    const PATH: Option<Parameter> = None;
    /// Whether it has an entity tag.
    const TAGGED: bool = true;
    /// The status of the answer where it had been made before.
    const MADE_BEFORE: StatusCode = StatusCode::CREATED;
    /// Whether the answer to a change says that it had been made before.
    const REPEATS: bool = false;

    /// The id of what the path names.
    fn meant(_: &Call, text: &str) -> impl Future<Output = Result<Uuid, Problem>> + Send {
        std::future::ready(id_of("id", text))
    }

    /// What a command answered with, if that is one.
    fn of(call: &Call, reply: CommandReply) -> impl Future<Output = Result<Option<Self>, Problem>> + Send;
    /// Its id, and its version.
    fn version(&self) -> (Uuid, u64);
    /// Whether it had been made before, for an answer that this entry records.
    fn before(&self, entry: Option<u64>) -> bool {
        entry.is_none()
    }
    /// As the caller may see it.
    fn view<'a>(&'a self, call: &'a Call) -> impl Future<Output = Result<Self::View<'a>, Problem>> + Send;

    /// Leaves out the ids of what is not there yet.
    fn unmade(_: &mut Self::View<'_>) {}

    /// A problem without what the caller may not see.
    fn redacted(_: &Call, problem: Problem) -> Problem {
        problem
    }
}

/// What the documentation of a change says, and what it takes beside its body.
pub(crate) struct Says {
    /// Name of the operation, for generated clients.
    pub id: &'static str,
    /// One line.
    pub summary: &'static str,
    /// As many as it takes.
    pub description: &'static str,
    /// Examples of the body, by name; where there are none, it takes no body.
    pub examples: &'static [(&'static str, &'static str)],
    /// What may be wrong before there is a command: names that are looked up.
    pub problems: &'static [&'static Code],
    /// What becomes of what it is about.
    pub way: Way,
    /// Whether it takes `dry_run`.
    pub tries: bool,
    /// Whether it takes `If-Match`.
    pub if_match: IfMatch,
    /// Whether the permission is checked before the body is read: where something is looked up before the command is
    /// decided, of which those who may not do it must not learn.
    pub checked_first: bool,
}

impl Says {
    /// A change of what the path names.
    pub const CHANGES: Says = Says {
        id: "",
        summary: "",
        description: "",
        examples: &[],
        problems: &[],
        way: Way::Changes,
        tries: true,
        if_match: IfMatch::No,
        checked_first: false,
    };

    /// The making of something.
    pub const MAKES: Says = Says {
        way: Way::Makes,
        ..Says::CHANGES
    };
}

/// What becomes of what a change is about. What is made may be named by an `Idempotency-Key`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// What the path names is changed.
    Changes,
    /// It is made.
    Makes,
    /// It is made out of what the path names.
    MakesOf,
}

impl Way {
    const fn makes(self) -> bool {
        !matches!(self, Way::Changes)
    }

    const fn of_one(self) -> bool {
        !matches!(self, Way::Makes)
    }
}

/// Whether a change takes the version that the caller has seen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// It does not.
    No,
    /// It may be given: what the change depends on is a state, which is checked anyway.
    May,
    /// It must be given.
    Must,
}

/// Who may call a change: whom its verb allows. What depends on what it is about is checked where it is decided.
pub(crate) const fn access<C: Change>() -> Access {
    match <C::Act as Act>::ACTION.demand {
        Demand::Permission(permission) => Access::Command(permission),
        Demand::OwnOr(own, all) => Access::OwnOr(own, all),
        Demand::OwnSessionOr(all) => Access::OwnSessionOr(all),
        Demand::Vote(custody, other) => Access::Vote(custody, other),
        Demand::Session => Access::Session,
        Demand::SecondFactor => Access::SecondFactor,
        Demand::Credentials | Demand::System => Access::Credentials,
    }
}

/// What a request brought beside its body.
pub(crate) struct Asked<'a> {
    /// The request.
    pub call: &'a Call,
    /// What the path names.
    pub id: Uuid,
    /// The version that it depends on.
    pub version: Option<u64>,
    /// What its `Idempotency-Key` names.
    pub key: Option<OperationId>,
    path: Vec<(String, String)>,
}

impl Asked<'_> {
    /// The id of what is made: the caller's own, or the one that follows from the key.
    pub fn own_id(&self, own: Option<Id>) -> Result<Option<Uuid>, Problem> {
        idempotency::id(own, self.key.as_ref())
    }

    /// The id that a further variable of the path holds.
    pub fn in_path(&self, name: &'static str) -> Result<Uuid, Problem> {
        let found = self.path.iter().find(|(known, _)| known == name);
        id_of(name, found.map_or("", |(_, text)| text))
    }
}

/// Carries out a change, or says what would come of it.
pub(crate) async fn handle<C: Change>(mut call: Call) -> Answer {
    let query = call.documented()?;
    let dry = C::SAYS.tries && idempotency::dry_run(&query)?;
    if C::SAYS.checked_first {
        call.require_of_route().await?;
    }
    let path = Path::<Vec<(String, String)>>::from_request_parts(&mut call.parts, &()).await;
    let Path(path) = path.map_err(|_| Problem::unknown_path())?;
    let id = match path.first() {
        Some((_, text)) if C::SAYS.way.of_one() => C::Of::meant(&call, text).await?,
        _ => Uuid::nil(),
    };
    let version = match C::SAYS.if_match {
        IfMatch::No => None,
        IfMatch::May => if_match_given(&call.parts)?,
        IfMatch::Must => if_match(&call.parts)?,
    };
    let (input, bytes) = call.input_and_bytes::<C>().await?;
    let key = if C::SAYS.way.makes() {
        idempotency::of(&call, &bytes)?
    } else {
        None
    };
    let call = &call;
    let asked = Asked {
        call,
        id,
        version,
        key,
        path,
    };
    let command = input
        .command(&asked)
        .await
        .map_err(|problem| C::Of::redacted(call, problem))?;
    debug_assert_eq!(command.action(), <C::Act as Act>::ACTION);
    let key = asked.key.as_ref();
    if dry {
        let reply = idempotency::try_one(call, command, key).await;
        let subject: C::Of = subject(call, reply.map_err(|problem| C::Of::redacted(call, problem))?).await?;
        let mut view = subject.view(call).await?;
        if C::SAYS.way.makes() {
            C::Of::unmade(&mut view);
        }
        return idempotency::dry(&view);
    }
    let answer = call
        .app
        .engine
        .submit(call.caller()?, call.origin(), command)
        .await;
    let answer = answer.map_err(|error| C::Of::redacted(call, idempotency::problem(error, key)))?;
    let subject: C::Of = subject(call, answer.reply).await?;
    shown(call, &subject, C::SAYS.way.makes(), subject.before(answer.entry)).await
}

async fn subject<S: Subject>(call: &Call, reply: CommandReply) -> Result<S, Problem> {
    let found = S::of(call, reply).await?;
    found.ok_or_else(|| Problem::internal(&format_args!("no {} was answered with", S::NAME)))
}

/// The answer that shows what was changed or made, now or before.
pub(crate) async fn shown<S: Subject>(call: &Call, subject: &S, made: bool, before: bool) -> Answer {
    let status = match (made, before) {
        (false, _) => StatusCode::OK,
        (true, false) => StatusCode::CREATED,
        (true, true) => S::MADE_BEFORE,
    };
    let mut response = json_with(status, &subject.view(call).await?)?;
    let (id, version) = subject.version();
    if S::TAGGED {
        response = tagged(response, version);
    }
    if made && let Ok(value) = HeaderValue::try_from(format!("{}/{id}", S::LIST)) {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(idempotency::replayed(response, before && (made || S::REPEATS)))
}
