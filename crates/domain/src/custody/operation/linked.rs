//! Operations that stand or fall together.

use super::create::create_one;
use super::new::CreateOperation;
use super::{results, unmade};
use crate::prelude::*;

/// Makes operations that stand or fall together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateLinked {
    /// They, in their order.
    pub operations: Vec<CreateOperation>,
}

impl Act for CreateLinked {
    act! { action: OPERATION_CREATE, changes_access: false, target: none, refusals: = results::CREATE_CODES }

    fn needs(&self, rules: &Rules, needs: &mut Needs) {
        self.operations.iter().for_each(|one| one.needs(rules, needs));
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let mut facts = facts.clone();
        let mut states = Vec::with_capacity(self.operations.len());
        let mut drafts = Vec::with_capacity(self.operations.len());
        let mut link = None;
        for (position, command) in self.operations.iter().enumerate() {
            let number = u32::try_from(position * 1_000).unwrap_or(u32::MAX);
            let (state, mut made) = create_one(&facts, command, link, by.who, &ctx.part(number))
                // One that was refused before says itself which of the chain it was.
                .map_err(|refusal| {
                    let position = refusal.position.map_or(position, usize::from);
                    at(refusal, position)
                })?;
            link = link.or(Some(state.operation.id));
            facts.apply(&made);
            drafts.append(&mut made);
            states.push(state);
        }
        Ok(Decision {
            reply: Reply::Operations(states),
            drafts,
        })
    }

    fn weight(&self) -> usize {
        self.operations.len().max(1)
    }

    /// A chain that came with a key is known again by its first operation, so that another request with the key is
    /// seen to be another, however long it is.
    fn unmade(&self, facts: &Facts, refusal: &Refusal) -> Unmade {
        let position = refusal.position.map(usize::from);
        let Some(refused) = position.and_then(|position| self.operations.get(position)) else {
            return Unmade::default();
        };
        let first = self.operations.first().and_then(|first| first.id);
        let free = |id: &Uuid| facts.operations.get(id).is_none() && !facts.entries.contains_key(id);
        let keyed = first.filter(|id| refused.request.is_some() && free(id));
        unmade::of(facts, refused, refusal, keyed.or(refused.id))
    }
}

/// Names the position of what was refused in a list.
fn at(mut refusal: Refusal, position: usize) -> Refusal {
    refusal.field = Some(match refusal.field {
        Some(field) => format!("[{position}].{field}"),
        None => format!("[{position}]"),
    });
    refusal.position = u16::try_from(position).ok();
    refusal
}
