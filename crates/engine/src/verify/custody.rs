//! Balances against operations: every movement goes on from the one before it, and what is posted and held at the end
//! is what the movements and the open operations say.

use std::collections::HashMap;

use domain::custody::Amount;
use domain::custody::chain::OutputKey;
use store::Conn;
use store::custody::{MOVEMENTS_WINDOW, Movement};
use uuid::Uuid;

use super::{FINDINGS_MAX, Finding, Findings};
use crate::error::Error;

/// Rows read at a time.
const PAGE: u32 = 5_000;

/// What the operations say of the balances.
#[derive(Default)]
struct Followed {
    posted: HashMap<Uuid, Amount>,
    held: HashMap<Uuid, Amount>,
}

/// Checks movements in their order, then every balance against them.
pub(super) async fn check(conn: &mut Conn, size: u64, findings: &mut Findings) -> Result<(), Error> {
    let mut followed = Followed::default();
    let mut from = 0;
    while from < size {
        match store::custody::movements(conn, from).await {
            Ok(movements) => movements
                .iter()
                .for_each(|movement| followed.movement(movement, findings)),
            // A row that does not read was named when it was checked; what follows from it cannot be.
            Err(error) => return unreadable(error, findings),
        }
        from += MOVEMENTS_WINDOW;
    }
    let mut after = None;
    loop {
        let page = match store::custody::open_holds(conn, after, PAGE).await {
            Ok(page) => page,
            Err(error) => return unreadable(error, findings),
        };
        after = page.last().map(|(id, _, _)| *id);
        for (_, debit, held) in &page {
            let sum = followed.held.entry(*debit).or_insert(Amount::ZERO);
            *sum = sum.plus(*held).unwrap_or(*sum);
        }
        if page.len() < PAGE as usize {
            break;
        }
    }
    check_balances(conn, &followed, findings).await
}

fn unreadable(error: store::Error, findings: &mut Findings) -> Result<(), Error> {
    if error.kind == store::ErrorKind::Data {
        findings.add(Finding::new(
            "operations",
            format!("balances cannot be followed: {}", error.message),
        ));
        return Ok(());
    }
    Err(error.into())
}

impl Followed {
    fn movement(&mut self, movement: &Movement, findings: &mut Findings) {
        let Movement { amount, posted, .. } = movement;
        let before = |id| self.posted.get(&id).copied().unwrap_or(Amount::ZERO);
        let debit = before(movement.debit).minus(*amount);
        let credit = before(movement.credit).plus(*amount);
        for (side, expected, stored) in [("debit", debit, posted.0), ("credit", credit, posted.1)] {
            if expected != Some(stored) {
                let expected = expected.map_or_else(|| "too much".to_owned(), |amount| amount.to_string());
                let what = format!(
                    "the {side} balance has {stored} after the movement, {expected} follows from the one before it"
                );
                findings.add(
                    Finding::new("operations", what)
                        .id(movement.id)
                        .entry(movement.entry),
                );
            }
        }
        self.posted.insert(movement.debit, posted.0);
        self.posted.insert(movement.credit, posted.1);
    }
}

async fn check_balances(conn: &mut Conn, followed: &Followed, findings: &mut Findings) -> Result<(), Error> {
    let mut after = None;
    loop {
        let page = match store::custody::all_holdings(conn, after, PAGE).await {
            Ok(page) => page,
            Err(error) => return unreadable(error, findings),
        };
        after = page.last().map(|holding| holding.id);
        for holding in &page {
            let of = |sums: &HashMap<Uuid, Amount>| sums.get(&holding.id).copied().unwrap_or(Amount::ZERO);
            let (posted, held) = (of(&followed.posted), of(&followed.held));
            if holding.posted != posted {
                let what = format!(
                    "posted is {}, {posted} follows from the movements",
                    holding.posted
                );
                findings.add(Finding::new("balances", what).id(holding.id));
            }
            if holding.held != held {
                let what = format!("held is {}, {held} is what open operations hold", holding.held);
                findings.add(Finding::new("balances", what).id(holding.id));
            }
        }
        if page.len() < PAGE as usize {
            return Ok(());
        }
    }
}

/// Operations that are of one output, made while outputs were known by the spelling of their hashes.
pub(super) async fn notes(conn: &mut Conn) -> Result<Vec<Finding>, Error> {
    let twins = match store::custody::twins(conn).await {
        Ok(twins) => twins,
        // A row that does not read was named when it was checked.
        Err(error) if error.kind == store::ErrorKind::Data => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let note = |(key, id): &(OutputKey, Uuid)| {
        let output = key
            .output
            .map_or_else(|| "all of".to_owned(), |output| format!("output {output} of"));
        let what = format!(
            "names {output} transaction {} on {}, as another operation does: one of them may have to be reversed",
            key.tx_hash, key.chain
        );
        Finding::new("operations", what).id(id)
    };
    Ok(twins.iter().take(FINDINGS_MAX).map(note).collect())
}
