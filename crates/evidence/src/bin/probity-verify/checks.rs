//! The checks: read what the command line names, run the library, tell what was proved and what was not.

use std::path::Path;

use evidence::bundle::{BundleChecker, BundleError, BundleFault, BundleSummary};
use evidence::receipt::{self, CheckedReceipt, ConsistencyProof};
use evidence::{Entry, entry};
use serde_json::json;
use tlog::{Checkpoint, VerifierKey};

use crate::approval;
use crate::args::Check;
use crate::input::{self, ENTRY_MAX, SMALL_MAX};
use crate::review;
use crate::verdict::{Failure, Proof};

/// Runs the check that was asked for.
pub fn run(check: &Check) -> Result<Proof, Failure> {
    match check {
        Check::Receipt { receipt, entry, key } => check_receipt(receipt, entry, &input::key(&key.key)?),
        Check::Consistency { old, new, proof, key } => {
            check_consistency(old, new, proof, &input::key(&key.key)?)
        }
        Check::Bundle { file, review, key } => check_bundle(file, *review, input::key(&key.key)?),
        Check::Checkpoint { file, key } => check_checkpoint(file, &input::key(&key.key)?),
    }
}

/// The key as it is told to people: name and key id, which is how checkpoints name it too.
fn signer(key: &VerifierKey) -> String {
    format!("{}+{:08x}", key.name(), key.key_id())
}

fn check_receipt(receipt: &Path, entry: &Path, key: &VerifierKey) -> Result<Proof, Failure> {
    input::one_stdin(&[receipt, entry])?;
    let receipt = input::text(receipt, SMALL_MAX)?;
    let entry = input::text(entry, ENTRY_MAX)?;
    let entry =
        entry::parse(&entry).map_err(|error| Failure::DoesNotHold(format!("not an entry: {error}")))?;
    let checked = receipt::check(&receipt, &entry, key).map_err(Failure::does_not_hold)?;
    Ok(receipt_proof(&checked, &entry, key))
}

fn receipt_proof(checked: &CheckedReceipt, entry: &Entry, key: &VerifierKey) -> Proof {
    let CheckedReceipt {
        index,
        size,
        root,
        origin,
    } = checked;
    let mut proved = vec![
        format!(
            "entry {index} is in the log {origin} of size {size}, signed by {}",
            signer(key)
        ),
        format!("at {}: {}, {}", entry.at, entry.action, entry.outcome.as_str()),
    ];
    let mut not_proved = Vec::new();
    if entry.is_gone() {
        let gone = if entry.pruned { "pruned" } else { "erased" };
        proved.push("the leaf and the list of changes fit together".to_owned());
        not_proved.push(format!(
            "payload {gone}: only the leaf and the list of changes were checked"
        ));
    } else {
        proved.push("all that the entry shows is what its leaf commits to".to_owned());
    }
    let facts = json!({
        "check": "receipt", "origin": origin, "size": size, "root": root.to_base64(), "signed_by": signer(key),
        "index": index, "id": entry.id, "at": entry.at, "action": entry.action, "outcome": entry.outcome,
        "erased": entry.erased, "pruned": entry.pruned,
    });
    Proof {
        proved,
        not_proved,
        reviewed: Vec::new(),
        facts,
    }
}

fn check_consistency(old: &Path, new: &Path, proof: &Path, key: &VerifierKey) -> Result<Proof, Failure> {
    input::one_stdin(&[old, new, proof])?;
    let old = input::text(old, SMALL_MAX)?;
    let new = input::text(new, SMALL_MAX)?;
    let proof: ConsistencyProof = serde_json::from_str(&input::text(proof, SMALL_MAX)?)
        .map_err(|error| Failure::DoesNotHold(format!("not a consistency proof: {error}")))?;
    let checked = receipt::check_consistency(&old, &new, &proof, key).map_err(Failure::does_not_hold)?;
    let (origin, from, to) = (&checked.origin, checked.from, checked.to);
    let proved = vec![
        format!("the log {origin} of size {to} extends that of size {from}: nothing was changed or removed"),
        format!("both checkpoints are signed by {}", signer(key)),
    ];
    let facts = json!({
        "check": "consistency", "origin": origin, "signed_by": signer(key), "from": from, "to": to,
        "from_root": checked.from_root.to_base64(), "to_root": checked.to_root.to_base64(),
    });
    Ok(Proof {
        proved,
        not_proved: Vec::new(),
        reviewed: Vec::new(),
        facts,
    })
}

fn check_bundle(file: &Path, review: bool, key: VerifierKey) -> Result<Proof, Failure> {
    let signer = signer(&key);
    let mut reader = input::open(file)?;
    let mut checker = BundleChecker::new(key);
    let mut bytes = Vec::new();
    let mut number = 0_u64;
    while input::next_line(&mut *reader, &mut bytes).map_err(|error| input::unreadable(file, &error))? {
        number += 1;
        // A line that was read up to the bound may end inside a character: its length comes first.
        if bytes.len() > evidence::bundle::LINE_MAX {
            let error = BundleError {
                line: number,
                fault: BundleFault::TooLong,
            };
            return Err(Failure::does_not_hold(error));
        }
        let line = std::str::from_utf8(&bytes)
            .map_err(|_| Failure::DoesNotHold(format!("line {number}: not UTF-8 text")))?;
        checker.line(line).map_err(Failure::does_not_hold)?;
    }
    let summary = checker.finish().map_err(Failure::does_not_hold)?;
    let mut proof = bundle_proof(&summary, &signer);
    if let Some(approval) = &summary.approval {
        let (proved, not_proved) = approval::told(approval);
        proof.proved.extend(proved);
        proof.not_proved.extend(not_proved);
        proof.facts["approval"] = approval::facts(approval);
    }
    if review {
        let answers = review::answers(&summary);
        proof.facts["review"] = review::facts(&answers);
        proof.reviewed = answers
            .iter()
            .map(|(question, worth, answer)| format!("{question}? {}: {answer}", worth.as_str()))
            .collect();
        let whole = review::worth(&answers).as_str();
        proof
            .reviewed
            .push(format!("the whole, which is its weakest answer: {whole}"));
    }
    Ok(proof)
}

fn bundle_proof(summary: &BundleSummary, signer: &str) -> Proof {
    let BundleSummary {
        origin,
        size,
        root,
        created_at,
        entries,
        erased,
        pruned,
        first_index,
        last_index,
        missing_steps,
        end_gone,
        execution,
        approval: _,
    } = summary;
    let noun = if *entries == 1 { "entry is" } else { "entries are" };
    let mut proved = vec![format!(
        "{entries} {noun} in the log {origin} of size {size}, signed by {signer}"
    )];
    let span = first_index
        .zip(*last_index)
        .map(|(first, last)| format!("{first} to {last}"));
    let mut not_proved = Vec::new();
    match span {
        _ if summary.whole_log() => proved.push("these are all entries of the log".to_owned()),
        Some(span) if summary.without_gap() => {
            proved.push(format!("index {span}, without a gap"));
            not_proved.push("that nothing else matches the bundle's filter".to_owned());
        }
        span => {
            proved.extend(span.map(|span| format!("index {span}, with gaps")));
            not_proved.push("that nothing else matches the bundle's filter".to_owned());
        }
    }
    for (count, gone) in [(*erased, "erased"), (*pruned, "pruned")] {
        if count > 0 {
            not_proved.push(format!(
                "the payload of {count} of them, which is {gone}: only the leaf and the list of changes were checked"
            ));
        }
    }
    match execution {
        Some((execution, Some(steps))) => {
            let all = match steps {
                0 => "that there are no steps".to_owned(),
                1 => "the only step".to_owned(),
                _ => format!("all {steps} steps"),
            };
            proved.push(format!("{all} of execution {execution}, as its end says"));
        }
        Some((execution, None)) => {
            let why = if *end_gone {
                "what its end says is erased or pruned"
            } else {
                "its end is not here"
            };
            not_proved.push(format!("how many steps execution {execution} has: {why}"));
        }
        None => {}
    }
    for missing in missing_steps {
        let (execution, said, found) = (missing.execution, missing.said, missing.found);
        not_proved.push(format!(
            "all steps of execution {execution}: it has {said}, as its end says, and here are {found}"
        ));
    }
    let missing = missing_steps
        .iter()
        .map(|missing| json!({"execution": missing.execution, "said": missing.said, "found": missing.found}));
    let missing: Vec<_> = missing.collect();
    let facts = json!({
        "check": "bundle", "origin": origin, "size": size, "root": root.to_base64(), "signed_by": signer,
        "entries": entries, "erased": erased, "pruned": pruned, "first_index": first_index, "last_index": last_index,
        "without_gap": summary.without_gap(), "whole_log": summary.whole_log(), "created_at": created_at,
        "missing_steps": missing,
    });
    Proof {
        proved,
        not_proved,
        reviewed: Vec::new(),
        facts,
    }
}

fn check_checkpoint(file: &Path, key: &VerifierKey) -> Result<Proof, Failure> {
    let note = input::text(file, SMALL_MAX)?;
    let Checkpoint {
        origin, size, root, ..
    } = Checkpoint::open(&note, key)
        .map_err(|error| Failure::DoesNotHold(format!("the checkpoint does not hold: {error}")))?;
    let proved = vec![
        format!("the log {origin} had {size} entries, signed by {}", signer(key)),
        format!("root {}", root.to_base64()),
    ];
    let not_proved = vec!["what the entries are; receipts and bundles prove that".to_owned()];
    let facts = json!({
        "check": "checkpoint", "origin": origin, "size": size, "root": root.to_base64(), "signed_by": signer(key),
    });
    Ok(Proof {
        proved,
        not_proved,
        reviewed: Vec::new(),
        facts,
    })
}
