//! What goes with a user of approvals: what they asked for, and what was said of it; and what they said when they voted.

use super::request::CONTENT_SALT;
use crate::prelude::*;

/// Erases what an approval of the user holds with what its votes say, or what a vote of the user says. False where it is neither.
pub(crate) fn erase(
    change: &mut Change<'_>,
    facts: &Facts,
    user: Uuid,
    id: Uuid,
    (number, ctx): (u32, &Context),
) -> bool {
    let asked = facts
        .approvals
        .get(&id)
        .filter(|found| found.row.requested_by == Some(user));
    if let Some(before) = asked {
        // Their former contents are what is to be forgotten: no image before.
        change.overwrite(
            before,
            before.row.erased(ctx.now, ctx.salt(CONTENT_SALT + number)),
        );
        let mut votes: Vec<_> = facts
            .votes
            .values()
            .filter(|vote| vote.row.approval_id == id)
            .collect();
        votes.sort_unstable_by_key(|vote| vote.row.id);
        for vote in votes {
            change.overwrite(vote, vote.row.erased());
        }
        return true;
    }
    let cast = facts.votes.get(&id).filter(|found| found.row.user_id == user);
    if let Some(before) = cast {
        change.overwrite(before, before.row.erased());
    }
    cast.is_some()
}
