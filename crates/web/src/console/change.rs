//! Forms of changes: shown from what the API says of them, and sent on to the API.

use axum::extract::{FromRequestParts as _, Path};
use console::components::{Field, Input};
use console::{ChangePage, Secret, SecretsPage};
use domain::code::APPROVAL_REQUIRED;
use http::StatusCode;
use http::header::{HeaderName, IF_MATCH};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::call::{Answer, Call};
use crate::console::api::{self, Answered};
use crate::console::form::Form;
use crate::console::place::title;
use crate::console::problem::beside;
use crate::console::refusals::{self, Refused};
use crate::console::{consequences, frame, operation, redirect};
use crate::credential;
use crate::endpoint::Verb;
use crate::problem::Problem;
use crate::query::Fields;

/// Fields that a form has beside those of the body. No member of a body begins so.
const KEY: &str = "_key";
const VERSION: &str = "_version";
const TYPED: &str = "_name";

/// A member that takes one of the installation's roles.
const ROLE: &str = "role";

/// The form that asks for a run of a job.
const RUN: &str = "/v1/jobs/{job}/run";

/// Members of answers that are shown once.
const SECRETS: [&str; 6] = [
    "key",
    "one_time_password",
    "invitation",
    "secret",
    "uri",
    "recovery_codes",
];

/// A form of this request, and what its path names.
struct Asked<'a> {
    form: &'a Form,
    /// The variables of the path.
    path: Vec<(String, String)>,
}

/// What is known of the one that a form is about.
#[derive(Default)]
struct Known {
    /// What people call it.
    name: Option<String>,
    /// Whether its row is another one than its entry wrote.
    by_hand: bool,
}

impl Asked<'_> {
    /// A template with what the path names.
    fn filled(&self, template: &str) -> String {
        self.path.iter().fold(template.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), &console::encoded(value))
        })
    }

    /// What it is about, where that is one thing.
    fn name(&self) -> Option<&str> {
        self.path.first().map(|(_, value)| value.as_str())
    }

    /// What that is called.
    fn called(&self, call: &Call) -> String {
        let list = self.form.list();
        let known = call.app.site.lists.iter().find(|known| known.path == list);
        match (self.name(), known) {
            (Some(name), _) => name.to_owned(),
            (None, Some(known)) => frame::called(list, known.names.1),
            (None, None) => "My account".to_owned(),
        }
    }

    /// What is known of the one that it is about, as far as the reader may know it.
    async fn known(&self, call: &Call) -> Result<Known, Problem> {
        let path = self.form.list();
        let principal = call.identity().ok().map(|identity| &identity.principal);
        // Who may not read it does not ask for it here: that would be refused, and an entry.
        let mut lists = principal
            .into_iter()
            .flat_map(|principal| call.app.site.lists_for(principal));
        let list = lists.find(|known| known.path == path && known.shows);
        let Some((name, list)) = self.name().zip(list) else {
            return Ok(Known::default());
        };
        let one = api::one(call, list.api, name).await?;
        let id = one.body["id"].as_str().and_then(|id| id.parse().ok());
        let by_hand = match views::table_of(list.key).zip(id) {
            Some((table, id)) => call.app.engine.row_doubt(table, id).await?.is_some(),
            None => false,
        };
        Ok(Known {
            name: one.name().map(|name| name.trim().to_owned()),
            by_hand,
        })
    }

    /// Where the page of what it is about is, or its list.
    fn about(&self, call: &Call) -> String {
        self.place(call, self.name())
    }

    /// The same by the id of what it is about.
    fn about_id(&self, call: &Call, id: &str) -> String {
        self.place(call, self.name().map(|_| id))
    }

    fn place(&self, call: &Call, name: Option<&str>) -> String {
        let list = self.form.list();
        let shows = call
            .app
            .site
            .lists
            .iter()
            .any(|known| known.path == list && known.shows);
        match name {
            Some(name) if shows => format!("{list}/{}", console::encoded(name)),
            _ if call.app.site.lists.iter().any(|known| known.path == list) => list.to_owned(),
            _ if frame::OPERATION.iter().any(|(path, _)| *path == list) => list.to_owned(),
            _ => "/account".to_owned(),
        }
    }
}

/// The form at this path.
async fn asked(call: &mut Call) -> Result<(usize, Vec<(String, String)>), Problem> {
    let path = Path::<Vec<(String, String)>>::from_request_parts(&mut call.parts, &()).await;
    let Path(path) = path.map_err(|_| Problem::unknown_path())?;
    let template = call.template();
    let form = call.app.site.forms.iter().position(|form| form.path == template);
    Ok((form.ok_or_else(Problem::unknown_path)?, path))
}

/// Shows a form. What the address gives stands in its fields.
pub(crate) async fn show(mut call: Call) -> Answer {
    let (form, path) = asked(&mut call).await?;
    let asked = Asked {
        form: &call.app.site.forms[form],
        path,
    };
    let given = Fields::parse(call.parts.uri.query().unwrap_or_default())?;
    let mut fields: Vec<Field> = Vec::new();
    let mut version = None;
    let mut now = Value::Null;
    if asked.form.if_match || asked.form.verb == Verb::Patch {
        let one = asked.filled(asked.form.api);
        let one = one
            .rsplit_once('/')
            .filter(|_| asked.form.verb != Verb::Patch)
            .map_or(one.as_str(), |(one, _)| one);
        let shown = api::call(&call, Verb::Get, one, &[], None).await?;
        version = shown.tag().map(str::to_owned);
        now = shown.body;
    }
    for spec in &asked.form.fields {
        let typed = spec.typed(&given);
        let is_kept = asked.form.verb == Verb::Patch && typed.is_empty();
        fields.push(spec.field(if is_kept {
            spec.shown(&now[&spec.name])
        } else {
            typed
        }));
    }
    if asked.form.key {
        fields.push(hidden(KEY, new_key()));
    }
    if let Some(version) = version.filter(|_| asked.form.if_match) {
        fields.push(hidden(VERSION, version));
    }
    add_name(&mut fields, confirmation(&call, &asked).await?.as_deref(), "");
    page(&call, &asked, fields, None).await
}

/// What a form shows and sends along, and nobody sees.
fn hidden(name: &str, value: String) -> Field {
    Field::new(name, name, Input::Hidden).value(value)
}

/// A key by which a form that is sent twice does once what it does.
fn new_key() -> String {
    Uuid::now_v7().to_string()
}

/// The name that is typed in for what cannot be undone: what people call it, or else what names it in the address.
async fn confirmation(call: &Call, asked: &Asked<'_>) -> Result<Option<String>, Problem> {
    let Some(name) = asked.name().filter(|_| asked.form.is_final()) else {
        return Ok(None);
    };
    let known = asked.known(call).await?.name;
    Ok(Some(known.unwrap_or_else(|| name.to_owned())))
}

fn add_name(fields: &mut Vec<Field>, name: Option<&str>, typed: &str) {
    if let Some(name) = name {
        let field = Field::new(TYPED, format!("Type {name} to confirm"), Input::Line);
        fields.push(field.required().value(typed));
    }
}

async fn page(call: &Call, asked: &Asked<'_>, mut fields: Vec<Field>, refused: Option<&Refused>) -> Answer {
    let form = asked.form;
    refusals::name_people(call, &mut fields).await?;
    for field in fields.iter_mut().filter(|field| field.name == ROLE) {
        field.input = Input::Words(frame::roles(call));
    }
    let mut frame = frame::of(call, form.title).await;
    let about = asked.about(call);
    // The place in the navigation is that of what it is about.
    frame.path.clone_from(&about);
    let known = asked.known(call).await?;
    // What would be refused whatever is sent is not asked for.
    let lacks = match (form.api, asked.name()) {
        (RUN, Some(job)) => operation::lacks(call, job)?.map(|what| format!("This job cannot run: {what}.")),
        _ if known.by_hand => Some(
            "Somebody changed this in the database, around this program. No command relies on it until it is put back.".to_owned(),
        ),
        _ => None,
    };
    let marked = fields.iter().any(|field| field.problem.is_some());
    let told = match refused {
        _ if marked => Some("Nothing was done: see what is marked below.".to_owned()),
        refused => refused.map(|refused| refused.says.clone()),
    };
    let will = consequences::of(call, form.api, asked.name()).await?;
    let page = ChangePage {
        title: match &known.name {
            Some(name) => format!("{}: {name}", form.title),
            None => form.title.to_owned(),
        },
        about: Some((about.clone(), known.name.unwrap_or_else(|| asked.called(call)))),
        description: form.description.clone(),
        will,
        action: asked.filled(form.path),
        fields,
        danger: form.is_final(),
        blocked: lacks.is_some(),
        problem: lacks.or(told),
        entry: refused.and_then(|refused| refused.entry.clone()),
        help: refused
            .and_then(|refused| refused.help.clone())
            .or_else(|| refusals::what_was_found(call).filter(|_| known.by_hand)),
        back: about,
        button: form.title.to_owned(),
    };
    let mut response = frame::answer(&frame, &console::change(&page));
    if let Some(refused) = refused {
        *response.status_mut() = match refused.status {
            // The reader is signed in; it is the form that was not good.
            StatusCode::UNAUTHORIZED => StatusCode::UNPROCESSABLE_ENTITY,
            status => status,
        };
    }
    Ok(response)
}

/// Sends a form on, and shows what came of it.
pub(crate) async fn submit(mut call: Call) -> Answer {
    credential::from_our_pages(&call.parts)?;
    let (form, path) = asked(&mut call).await?;
    let given = call.form().await?;
    let call = &call;
    let asked = Asked {
        form: &call.app.site.forms[form],
        path,
    };
    let zone = frame::zone(&call.parts);
    let (mut body, mut fields) = (Map::new(), Vec::new());
    for spec in &asked.form.fields {
        let mut field = spec.field(spec.typed(&given));
        match spec.read(&given, &zone) {
            Ok(Some(value)) => drop(body.insert(spec.name.clone(), value)),
            Ok(None) => {}
            Err(problem) => field.problem = Some(problem),
        }
        fields.push(field);
    }
    let sent = [KEY, VERSION].map(|name| (name, given.get(name)));
    for (name, value) in sent.iter().filter(|(_, value)| !value.is_empty()) {
        fields.push(hidden(name, value.clone()));
    }
    let typed = given.get(TYPED);
    let name = confirmation(call, &asked).await?;
    add_name(&mut fields, name.as_deref(), &typed);
    let typed = typed.trim();
    let confirmed = name.is_none_or(|name| name == typed || asked.name() == Some(typed));
    if !confirmed && let Some(field) = fields.last_mut() {
        field.problem = Some("is not the name that is asked for".to_owned());
    }
    if fields.iter().any(|field| field.problem.is_some()) {
        let mut response = page(call, &asked, fields, None).await?;
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(response);
    }
    let mut headers: Vec<(HeaderName, &str)> = Vec::new();
    for (name, value) in &sent {
        match *name {
            _ if value.is_empty() => {}
            KEY => headers.push((HeaderName::from_static("idempotency-key"), value)),
            _ => headers.push((IF_MATCH, value)),
        }
    }
    let body = (!asked.form.fields.is_empty()).then_some(Value::Object(body));
    let path = asked.filled(asked.form.api);
    let answered = api::call(call, asked.form.verb, &path, &headers, body.as_ref()).await?;
    if answered.status.is_success() {
        return done(call, &asked, &answered).await;
    }
    if answered.status.is_client_error() {
        // It was not done, and the key stands for what was sent: what is sent next may be something else.
        for key in fields.iter_mut().filter(|field| field.name == KEY) {
            key.value = new_key();
        }
    }
    let refused = refusals::of(
        call,
        asked.form,
        &asked.filled(asked.form.path),
        &answered,
        body.as_ref(),
    )
    .await?;
    if answered.body["line"].is_u64() {
        // What was sent is not what is taken: something is left out.
        for (spec, field) in asked.form.fields.iter().zip(&mut fields) {
            if spec.required && field.value.is_empty() {
                field.problem = Some(spec.missing().to_owned());
            }
        }
    }
    if let Some(name) = answered.said("field") {
        let detail = match answered.said("code") {
            // What helps stands on top, with its link.
            Some(code) if code == APPROVAL_REQUIRED.name => "is needed for this",
            _ => answered.detail(),
        };
        beside(&mut fields, vec![Problem::field(name, detail)]);
    }
    page(call, &asked, fields, Some(&refused)).await
}

/// To the page of what was made or changed, unless something is shown once.
async fn done(call: &Call, asked: &Asked<'_>, answered: &Answered) -> Answer {
    let form = asked.form;
    let made = answered.location();
    let next = match (&made, form.verb) {
        _ if call.caller().is_err() => "/sign-in".to_owned(),
        (Some(made), _) => made.clone(),
        // It is not there any more.
        (None, Verb::Delete) => form.list().to_owned(),
        // Its name may be gone now.
        _ => match answered.body["user"]["id"].as_str().filter(|_| form.is_final()) {
            Some(id) => asked.about_id(call, id),
            None => asked.about(call),
        },
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let lines: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Some(lines.join("\n"))
        }
        _ => None,
    };
    let secrets: Vec<Secret> = SECRETS
        .iter()
        .filter_map(|name| {
            Some(Secret {
                label: title(&name.replace('_', " ")),
                text: text(&answered.body[*name])?,
            })
        })
        .collect();
    if secrets.is_empty() {
        return Ok(redirect::to(&next));
    }
    let next = if form.api.ends_with("/second-factor") {
        "/me/second-factor/confirm".to_owned()
    } else {
        next
    };
    let frame = frame::of(call, form.title).await;
    let page = SecretsPage {
        title: form.title.to_owned(),
        secrets,
        next,
    };
    Ok(frame::answer(&frame, &console::secrets(&page)))
}
