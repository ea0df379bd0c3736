//! What a bundle proves of an approval, in sentences.

use evidence::bundle::{Deed, ProvedApproval};
use serde_json::{Value, json};

/// Longest text of arguments and results that is repeated, in bytes.
const TEXT_MAX: usize = 4_096;

/// Sentences of what is proved, and of what is not.
pub type Told = (Vec<String>, Vec<String>);

/// Who did something, and when.
fn by(deed: &Deed) -> String {
    let actor = &deed.by;
    let name = actor.name.as_deref().unwrap_or("somebody whose name is gone");
    let id = actor
        .id
        .as_deref()
        .map_or_else(String::new, |id| format!(" ({id})"));
    let behalf = actor.on_behalf_of.as_deref();
    let behalf = behalf.map_or_else(String::new, |user| format!(" on behalf of user {user}"));
    let at = deed.at;
    format!(
        "{} {name}{id}{behalf} at {at}, entry {}",
        actor.kind.as_str(),
        deed.index
    )
}

fn shortened(text: &str) -> String {
    if text.len() <= TEXT_MAX {
        return text.to_owned();
    }
    format!("({} bytes: see its entry)", text.len())
}

/// What the entries say of an approval.
pub fn told(proved: &ProvedApproval) -> Told {
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    asked(proved, &mut yes, &mut no);
    ruled(proved, &mut yes, &mut no);
    decided(proved, &mut yes, &mut no);
    done(proved, &mut yes, &mut no);
    if proved.complete {
        no.push("that nothing was done with the approval after the last entry here".to_owned());
    } else {
        no.push(
            "that nothing else was done with the approval: entries between those here are missing".to_owned(),
        );
    }
    if proved.gone > 0 {
        no.push(format!(
            "what {} entries about it said: that is erased or pruned",
            proved.gone
        ));
    }
    (yes, no)
}

fn asked(proved: &ProvedApproval, yes: &mut Vec<String>, no: &mut Vec<String>) {
    let id = proved.approval;
    match &proved.request {
        Some(deed) => yes.push(format!("approval {id} was asked for by {}", by(deed))),
        None => no.push(format!(
            "who asked for approval {id}: its first entry is not here"
        )),
    }
    match (proved.text("action"), proved.text("arguments")) {
        (Some(action), Some(arguments)) => {
            yes.push(format!(
                "it is for {action} with exactly {}",
                shortened(arguments)
            ));
        }
        _ => no.push("what it is for: that is not here, or is erased or pruned".to_owned()),
    }
}

fn ruled(proved: &ProvedApproval, yes: &mut Vec<String>, no: &mut Vec<String>) {
    let (Some(verdict), Some(digest)) = (proved.text("verdict"), proved.text("policy_digest")) else {
        no.push("under which policies: no entry here says it".to_owned());
        return;
    };
    let rule = match proved.number("policy_rule") {
        Some(rule) => format!("rule {rule}, counted from 0, decides"),
        None => "none is about it".to_owned(),
    };
    yes.push(format!(
        "under the policies with SHA-256 {digest} ({rule}): {verdict}"
    ));
    match proved.policies {
        Some(index) => yes.push(format!("these policies are in entry {index}")),
        None if proved.without_policies => {
            yes.push("there were no policies: this is the digest of an empty list".to_owned());
        }
        None => no.push("what these policies say: the entry that has them is not here".to_owned()),
    }
}

fn decided(proved: &ProvedApproval, yes: &mut Vec<String>, no: &mut Vec<String>) {
    for vote in &proved.votes {
        let way = match vote.approve {
            Some(true) => "for it",
            Some(false) => "against it",
            None => "in a way that is erased or pruned",
        };
        let factor = match vote.second_factor {
            Some(true) => ", with a second factor",
            Some(false) => ", without a second factor",
            None => "",
        };
        let reason = vote.reason.as_deref();
        let reason = reason.map_or_else(String::new, |reason| format!(": {}", shortened(reason)));
        yes.push(format!("voted {way}{factor}: {}{reason}", by(&vote.deed)));
    }
    let Some((status, deed)) = &proved.decided else {
        no.push("that it was decided: no entry here says it".to_owned());
        return;
    };
    let how = match (proved.is_by_policies(), status.as_str()) {
        (true, "granted") => " by the policies, without a vote",
        (true, _) => " by the policies: denied",
        _ => "",
    };
    yes.push(format!("{status}{how} at {}, entry {}", deed.at, deed.index));
    if proved.has_votes() == Some(false) {
        let (quorum, id) = (proved.number("quorum").unwrap_or(0), proved.approval);
        no.push(match status.as_str() {
            "granted" => format!(
                "all {quorum} votes that approval {id} needed: {} that say so are here",
                proved.votes_for()
            ),
            _ => format!("which vote was against approval {id}: none that says so is here"),
        });
    }
}

fn done(proved: &ProvedApproval, yes: &mut Vec<String>, no: &mut Vec<String>) {
    match &proved.used {
        Some(deed) if proved.complete => yes.push(format!("used once, by {}", by(deed))),
        Some(deed) => yes.push(format!("used by {}", by(deed))),
        None => no.push("that it was used: no entry here says it".to_owned()),
    }
    match (&proved.reported, proved.text("outcome")) {
        (Some(deed), Some(outcome)) => {
            let result = proved.text("result");
            let result = result.map_or_else(String::new, |result| format!(", with {}", shortened(result)));
            yes.push(format!("reported as {outcome}{result}, by {}", by(deed)));
            no.push("that what was reported is true: it is the word of who used it".to_owned());
        }
        _ => no.push("what came of it: no entry here says it".to_owned()),
    }
}

/// The same for programs.
pub fn facts(proved: &ProvedApproval) -> Value {
    let deed = |deed: &Deed| {
        json!({
            "index": deed.index, "at": deed.at, "by": deed.by, "recorded_by": deed.recorded_by, "action": deed.action,
        })
    };
    let votes = proved.votes.iter().map(|vote| {
        json!({
            "approve": vote.approve, "second_factor": vote.second_factor, "reason": vote.reason, "deed": deed(&vote.deed),
        })
    });
    json!({
        "approval": proved.approval,
        "row": proved.row,
        "request": proved.request.as_ref().map(deed),
        "votes": votes.collect::<Vec<_>>(),
        "decided": proved.decided.as_ref().map(|(status, done)| json!({"status": status, "deed": deed(done)})),
        "used": proved.used.as_ref().map(deed),
        "reported": proved.reported.as_ref().map(deed),
        "policies": proved.policies,
        "without_policies": proved.without_policies,
        "complete": proved.complete,
        "gone": proved.gone,
    })
}
