//! From a form that needs an approval to the form that asks for one; and, once that is granted, to the form that carries it out.

use console::Action;
use domain::action::{self, Action as Verb};
use domain::approval::ApprovalStatus;
use serde_json::{Map, Value, json};
use views::ApprovalView;

use crate::call::Call;
use crate::console::form::Form;
use crate::problem::Problem;

/// The form that asks for an approval.
pub(crate) const ASK: &str = "/approvals/new";
/// Most characters of an address; what is longer is typed anew.
const ADDRESS_LEN_MAX: usize = 6_000;
/// The member that has the operation that a form is about, where its path names that.
const OPERATION: &str = "operation";
/// Members that no approval binds.
const NOT_BOUND: [&str; 1] = ["approval"];

/// Endpoints that take an approval: which action it is for, and the members of the body that it binds; none stands for all.
const TAKE: [(&str, &Verb, Option<&[&str]>); 3] = [
    ("/v1/operations", &action::OPERATION_CREATE, None),
    ("/v1/operations/{id}/start", &action::OPERATION_START, Some(&[])),
    (
        "/v1/operations/{id}/resolve",
        &action::OPERATION_RESOLVE,
        Some(&["outcome", "evidence"]),
    ),
];

/// Where the form is that asks for the approval of what was sent.
pub(crate) fn asked_for(form: &Form, place: &str, body: Option<&Value>) -> Option<String> {
    let (_, action, bound) = TAKE.iter().find(|(api, ..)| *api == form.api)?;
    let mut arguments: Map<String, Value> = body.and_then(Value::as_object).cloned().unwrap_or_default();
    arguments.retain(|name, _| {
        bound.is_none_or(|bound| bound.contains(&&**name)) && !NOT_BOUND.contains(&&**name)
    });
    if form.is_of_one() {
        arguments.insert(OPERATION.to_owned(), json!(place.split('/').nth(2)?));
    }
    let arguments = Value::Object(arguments).to_string();
    let query = console::query([("action", action.name), ("arguments", arguments.as_str())]);
    address(ASK, &query)
}

/// The form that carries out what was granted to this reader, with everything that is bound in its fields.
pub(crate) fn carries_out(call: &Call, view: &ApprovalView) -> Result<Option<Action>, Problem> {
    let identity = call.identity()?;
    if view.status != ApprovalStatus::Granted || view.requested_by != Some(identity.user.id) {
        return Ok(None);
    }
    let take = TAKE.iter().find(|(_, action, _)| action.name == view.action);
    let mut forms = call.app.site.forms_for(&identity.principal);
    let form = take.and_then(|(api, ..)| forms.find(|form| form.api == *api));
    // As people read it, it is typed in: accounts by names, amounts in units.
    let shown = view.shown.as_ref().and_then(Value::as_object);
    Ok(form
        .zip(shown.or(view.arguments.as_ref()))
        .and_then(|(form, arguments)| {
            let of = arguments.get(OPERATION).and_then(Value::as_str);
            let given = form.fields.iter().filter_map(|field| {
                let value = field.shown(&typed(arguments.get(&field.name)?));
                Some((field.name.as_str(), value))
            });
            let mut given: Vec<(&str, String)> = given.collect();
            given.push(("approval", view.id.to_string()));
            let query = console::query(given.iter().map(|(name, value)| (*name, value.as_str())));
            Some(Action {
                label: form.title.to_owned(),
                href: address(&form.path.replace("{id}", of.unwrap_or_default()), &query)?,
                danger: false,
            })
        }))
}

/// What is typed for something that an approval shows with all that is known of it: an account, or what has an id.
fn typed(value: &Value) -> Value {
    let member = |name: &str| value.get(name).filter(|found| found.is_string()).cloned();
    let named = member("name").map(|name| format!("user:{}", name.as_str().unwrap_or_default()).into());
    named
        .or_else(|| member("account"))
        .or_else(|| member("id"))
        .unwrap_or_else(|| value.clone())
}

fn address(path: &str, query: &str) -> Option<String> {
    Some(format!("{path}{query}")).filter(|address| address.len() <= ADDRESS_LEN_MAX)
}
