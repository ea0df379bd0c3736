//! `probity audit hold`: a file per verb.

mod create;
mod release;

use domain::audit::hold::LegalHold;
use engine::Answer;
use views::HoldView;

use crate::failure::Failure;
use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::{Printout, json, verbs};

verbs! {
    /// What can be done about legal holds.
    HoldCommand {
        /// Set a legal hold: nothing that it covers is erased or pruned until somebody else releases it
        #[command(
            after_help = "It covers the entries for which everything is true that is given; --actor and --target are \
                what 'probity audit list' finds by.\n\n\
                Example:\n  probity audit hold create --user ann --from 2026-11-01 --reason 'case 93'"
        )]
        Create(create::CreateArgs),
        /// List legal holds, oldest first
        #[command(after_help = "Example:\n  probity audit hold list --released")]
        List(ListArgs<LegalHold>) => nouns::list,
        /// Show a legal hold: what it covers, who set it and why
        #[command(after_help = "Example:\n  probity audit hold show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(ShowArgs<LegalHold>) => nouns::show,
        /// Release a legal hold that somebody else set
        #[command(
            after_help = "A person decides, and not the one who set it.\n\n\
                Example:\n  probity audit hold release 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --as cleo --reason 'case closed'"
        )]
        Release(release::ReleaseArgs),
    }
}

/// A hold as it is now, in a sentence.
fn printout(answer: &Answer<(LegalHold, u64)>) -> Result<Printout, Failure> {
    let (hold, version) = &answer.reply;
    let view = json(&HoldView::of(hold.clone(), *version))?;
    let sentence = format!("The legal hold is {}.", hold.status.as_str());
    Ok(Printout::sentence(answer, view, &sentence).with(&[("Id", hold.id.to_string())]))
}
