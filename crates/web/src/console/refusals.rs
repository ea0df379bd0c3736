//! What a form was refused for, as people read it: in words, with the entry that records it, and with what may help.

use console::components::Field;
use domain::code;
use domain::identity::Permission;
use http::StatusCode;
use serde_json::Value;
use views::Cell;

use crate::call::Call;
use crate::console::api::Answered;
use crate::console::banners::FINDINGS;
use crate::console::form::Form;
use crate::console::{approved, frame, phrases};
use crate::listed::TAMPERED;
use crate::problem::Problem;

/// Why a form was not done.
pub(crate) struct Refused {
    pub status: StatusCode,
    /// In words.
    pub says: String,
    /// The entry that records it: where it is, for who may read it, and its index.
    pub entry: Option<(Option<String>, u64)>,
    /// What may help: words, and where.
    pub help: Option<(String, String)>,
}

/// What a form at this place was refused for. `body` is what was sent.
pub(crate) async fn of(
    call: &Call,
    form: &Form,
    place: &str,
    answered: &Answered,
    body: Option<&Value>,
) -> Result<Refused, Problem> {
    let code = answered.said("code").unwrap_or_default();
    let again = || ("Open the form again".to_owned(), place.to_owned());
    let principal = &call.identity().ok().map(|identity| &identity.principal);
    let holds = |permission| principal.is_some_and(|principal| principal.holds(permission));
    let (mut says, mut help) = (said(answered), None);
    if code == code::IDEMPOTENCY_KEY_REUSED.name {
        "This form was sent before with other content, and that was decided then. What stands here now was not done. If it is \
         to be done too, send it again."
            .clone_into(&mut says);
    } else if code == code::VERSION_MISMATCH.name {
        "Somebody else changed it meanwhile, so nothing was done. Open the form again to see what it is now."
            .clone_into(&mut says);
        help = Some(again());
    } else if code == TAMPERED.1 {
        says.push_str(" Nothing was done.");
        help = what_was_found(call);
    } else if code == code::APPROVAL_REQUIRED.name {
        let mut asks = principal
            .iter()
            .flat_map(|principal| call.app.site.forms_for(principal));
        if asks.any(|form| form.path == approved::ASK) {
            help = approved::asked_for(form, place, body)
                .map(|address| ("Ask for an approval".to_owned(), address));
            says.push_str(" Once it is granted, send this form again with its id as approval.");
        } else {
            says.push_str(" Somebody who may ask for approvals (approvals:request) asks for one.");
        }
    }
    let entry = answered.body["entry"].as_u64().map(|index| {
        let href = holds(Permission::AuditRead).then(|| format!("/audit/entries/{index}"));
        (href, index)
    });
    let mut texts = vec![&mut says];
    with_names(call, &mut texts).await?;
    Ok(Refused {
        status: answered.status,
        says,
        entry,
        help,
    })
}

/// Where everything is named that was changed by hand, for who may read it.
pub(crate) fn what_was_found(call: &Call) -> Option<(String, String)> {
    let principal = &call.identity().ok()?.principal;
    let found = || ("What the last verification found".to_owned(), FINDINGS.to_owned());
    principal.holds(Permission::OperateRead).then(found)
}

/// A problem of the API in words.
fn said(answered: &Answered) -> String {
    let detail = answered.detail();
    let field = answered
        .said("field")
        .map(|field| format!("{field}: "))
        .unwrap_or_default();
    let lifted = answered
        .said("lifted_by")
        .map(|who| format!(" What lifts this: {who}."))
        .unwrap_or_default();
    phrases::said(&format!("{field}{detail}.{lifted}").replace("..", "."))
}

/// Puts names in the place of ids, where this reader may know them.
async fn with_names(call: &Call, texts: &mut [&mut String]) -> Result<(), Problem> {
    if call.identity().is_err() {
        return Ok(());
    }
    let cells: Vec<Cell> = texts
        .iter()
        .map(|text| Cell::Sentence((**text).clone()))
        .collect();
    let names = frame::names(call, cells.iter()).await?;
    for (text, cell) in texts.iter_mut().zip(&cells) {
        **text = names.text(cell, |_, _| String::new());
    }
    Ok(())
}

/// The same in what is wrong with fields.
pub(crate) async fn name_people(call: &Call, fields: &mut [Field]) -> Result<(), Problem> {
    let mut texts: Vec<&mut String> = fields
        .iter_mut()
        .filter_map(|field| field.problem.as_mut())
        .collect();
    if texts.is_empty() {
        return Ok(());
    }
    with_names(call, &mut texts).await
}
