//! Whose an output of a transaction is: one spelling or another, freed, credited again, and several of one operation.

use super::*;
use crate::custody::chain::OutputKey;
use crate::custody::operation::steps::{Cancel, Complete, Fail, Report};
use crate::custody::operation::{ChainOutput, OnChain, Operation, OperationStatus, Transaction};

/// A deposit of an output.
pub(super) fn deposit(desk: &mut Desk, hash: &str, output: u64) -> CreateOperation {
    CreateOperation {
        chain: Some("bitcoin".to_owned()),
        tx_hash: Some(hash.to_owned()),
        output: Some(output),
        ..desk.new_operation(OperationKind::Deposit, desk.external(), desk.of(desk.ada), 7)
    }
}

/// The same under another id.
fn anew(desk: &mut Desk, command: &CreateOperation) -> CreateOperation {
    CreateOperation {
        id: Some(desk.id()),
        ..command.clone()
    }
}

fn on_chain(chain: &str, hash: &str, output: Option<u64>) -> OnChain {
    OnChain {
        chain: chain.to_owned(),
        tx_hash: hash.to_owned(),
        output,
        block: None,
        confirmations: None,
    }
}

fn fail() -> Step {
    Step::Fail(Fail {
        error: "reorganised away".to_owned(),
    })
}

/// The claims to an output, the first one first.
fn claims(desk: &Desk, key: &OutputKey) -> Vec<Uuid> {
    let of = |number| desk.world.facts.chain_outputs.get(&key.claim_id(number));
    let all = (1..).map_while(of).map(|sealed| sealed.row.operation_id);
    all.collect()
}

/// A completed deposit and its reversal.
fn reversed(desk: &mut Desk) -> (CreateOperation, Uuid) {
    let deposit = deposit(desk, HASH, 0);
    let made = desk.done(&deposit).operation;
    let reversal = CreateOperation {
        reverses: Some(made.id),
        ..desk.new_operation(OperationKind::Reversal, desk.of(desk.ada), desk.external(), 7)
    };
    desk.done(&reversal);
    (deposit, made.id)
}

#[test]
fn one_output_is_credited_once_however_its_hash_is_spelt() {
    let mut desk = Desk::new();
    let clerk = desk.clerk.clone();
    let first = deposit(&mut desk, &format!("0X{}", HASH.to_uppercase()), 0);
    let made = desk.done(&first).operation;
    assert_eq!(made.tx_hash.as_deref(), Some(HASH), "stored in its one form");
    for hash in [HASH.to_owned(), HASH.to_uppercase(), format!("0x{HASH}")] {
        for chain in ["bitcoin", "btc", "bitcoin-mainnet"] {
            let again = CreateOperation {
                chain: Some(chain.to_owned()),
                ..deposit(&mut desk, &hash, 0)
            };
            let state = desk.send(&clerk, &again).unwrap();
            assert_eq!(
                (state.replayed, state.operation.id),
                (true, made.id),
                "{hash} {chain}"
            );
            let more = CreateOperation {
                amount: units(8),
                ..anew(&mut desk, &again)
            };
            let refusal = desk.send(&clerk, &more).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.field.as_deref()),
                ("output_conflict", Some("amount"))
            );
        }
    }
    for hash in [format!(" {HASH}"), format!("{HASH}\u{a0}"), HASH[1..].to_owned()] {
        let bad = deposit(&mut desk, &hash, 1);
        let refusal = desk.send(&clerk, &bad).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("invalid_field", Some("tx_hash"))
        );
    }
    assert_eq!(desk.balance(desk.of(desk.ada)), (1_007, 0));
    // The same id with another spelling is the same content, and an approval for one is for the other.
    assert_eq!(desk.code(&first), "replayed");
    let spelt = CreateOperation {
        tx_hash: Some(HASH.to_owned()),
        ..first.clone()
    };
    assert_eq!(desk.code(&spelt), "replayed");
    assert_eq!(spelt.arguments(), first.arguments());
    // Nor does a step name it.
    let hold = waiting(desk.transfer(5));
    let hold = desk.done(&hold).operation.id;
    let report = Step::Report(Report {
        transaction: Transaction {
            chain: Some("btc".to_owned()),
            tx_hash: Some(HASH.to_uppercase()),
            output: Some(0),
            ..Transaction::default()
        },
    });
    assert_eq!(code(desk.step(hold, report)), "output_conflict");
}

/// A row as it was stored before hashes had one form: no claim belongs to it.
fn stored_as(desk: &mut Desk, row: &Operation, chain: &str, hash: &str) {
    let row = Operation {
        chain: Some(chain.to_owned()),
        tx_hash: Some(hash.to_owned()),
        ..row.clone()
    };
    desk.world.facts.operations.insert(row.id, sealed(row));
    desk.world.facts.chain_outputs.clear();
}

#[test]
fn what_was_stored_in_another_spelling_keeps_its_output() {
    let mut desk = Desk::new();
    let clerk = desk.clerk.clone();
    let first = deposit(&mut desk, HASH, 0);
    let first = desk.done(&first).operation;
    for old in [
        HASH.to_uppercase(),
        format!(" 0x{HASH} "),
        format!("0X{HASH}\u{a0}"),
    ] {
        stored_as(&mut desk, &first, "bitcoin", &old);
        let again = deposit(&mut desk, HASH, 0);
        let state = desk.send(&clerk, &again).unwrap();
        assert_eq!((state.replayed, state.operation.id), (true, first.id), "{old:?}");
        assert_eq!(
            state.operation.tx_hash,
            Some(old),
            "what is sealed stays as it is"
        );
    }
    // Two of one output are there already: whoever asks is answered with one of them, and nothing is added.
    let other = deposit(&mut desk, OTHER_HASH, 0);
    let other = desk.done(&other).operation;
    stored_as(&mut desk, &other, "btc", HASH);
    let again = deposit(&mut desk, &HASH.to_uppercase(), 0);
    let state = desk.send(&clerk, &again).unwrap();
    assert!(state.replayed && [first.id, other.id].contains(&state.operation.id));
    let next = deposit(&mut desk, HASH, 1);
    assert_eq!(desk.code(&next), "done");
}

/// A step that says again what is stored in another spelling changes nothing.
#[test]
fn a_step_leaves_the_spelling_that_is_stored() {
    let mut desk = Desk::new();
    let pending = waiting(deposit(&mut desk, HASH, 0));
    let row = desk.done(&pending).operation;
    stored_as(&mut desk, &row, "bitcoin", &HASH.to_uppercase());
    let says = |confirmations| {
        Step::Report(Report {
            transaction: Transaction {
                tx_hash: Some(HASH.to_owned()),
                confirmations,
                ..Transaction::default()
            },
        })
    };
    assert_eq!(code(desk.step(row.id, says(None))), "replayed");
    let state = desk.step(row.id, says(Some(3))).unwrap();
    assert_eq!(state.operation.tx_hash, Some(HASH.to_uppercase()));
    assert!(desk.world.facts.chain_outputs.is_empty(), "it names nothing new");
}

#[test]
fn what_came_to_nothing_frees_its_output() {
    let mut desk = Desk::new();
    let key = OutputKey::of("bitcoin", HASH, Some(0));
    let mut before = None;
    let mut made = Vec::new();
    let ends: [fn(&mut Desk, Uuid); 3] = [
        |desk, id| drop(desk.step(id, fail()).unwrap()),
        |desk, id| drop(desk.step(id, Step::Cancel(Cancel { reason: None })).unwrap()),
        // Nobody writes it down: the clock decides.
        |desk, _| desk.world.wait(60),
    ];
    for end in ends {
        let pending = CreateOperation {
            expires_at: Some(desk.world.now.plus_seconds(30)),
            ..waiting(deposit(&mut desk, HASH, 0))
        };
        let row = desk.done(&pending).operation;
        assert_eq!(row.replaces_id, before, "linked to the one before");
        let taken = CreateOperation {
            amount: units(8),
            ..anew(&mut desk, &pending)
        };
        assert_eq!(desk.code(&taken), "output_conflict");
        end(&mut desk, row.id);
        before = Some(row.id);
        made.push(row.id);
        // Its id still answers as it did.
        let again = desk.code(&pending);
        assert_eq!(again, "replayed");
    }
    let last = CreateOperation {
        block: Some(870_001),
        ..deposit(&mut desk, HASH, 0)
    };
    let row = desk.done(&last).operation;
    assert_eq!(
        (row.status, row.replaces_id),
        (OperationStatus::Completed, before)
    );
    made.push(row.id);
    assert_eq!(claims(&desk, &key), made);
    // A step takes a free output too, and is linked.
    let pending = waiting(deposit(&mut desk, OTHER_HASH, 0));
    let failed = desk.done(&pending).operation.id;
    desk.step(failed, fail()).unwrap();
    let unknown = CreateOperation {
        chain: None,
        tx_hash: None,
        output: None,
        ..waiting(deposit(&mut desk, HASH, 0))
    };
    let unknown = desk.done(&unknown).operation.id;
    let complete = Step::Complete(Complete {
        transaction: Transaction {
            chain: Some("bitcoin".to_owned()),
            tx_hash: Some(OTHER_HASH.to_owned()),
            output: Some(0),
            ..Transaction::default()
        },
    });
    let state = desk.step(unknown, complete).unwrap();
    assert_eq!(state.operation.replaces_id, Some(failed));
}

#[test]
fn what_was_reversed_is_credited_again_with_evidence_and_a_second_person() {
    let mut desk = Desk::new();
    let clerk = desk.clerk.clone();
    let (first, id) = reversed(&mut desk);
    assert_eq!(desk.balance(desk.of(desk.ada)), (1_000, 0));
    // Without evidence it is the same report again, or another one of the same output.
    let same = anew(&mut desk, &first);
    let state = desk.send(&clerk, &same).unwrap();
    assert_eq!((state.replayed, state.operation.id), (true, id));
    let more = CreateOperation {
        amount: units(8),
        ..same.clone()
    };
    assert_eq!(desk.code(&more), "output_conflict");
    let shown = CreateOperation {
        evidence: Some("in block 870,002 after all".to_owned()),
        ..more
    };
    let refusal = desk.send(&clerk, &shown).unwrap_err();
    assert_eq!(refusal.code, "approval_required");
    let rule = refusal.rule.unwrap();
    assert!(rule.rule.contains("two people"), "{}", rule.rule);
    let cora = desk.cora;
    let approval = desk.approval("operation.create", shown.arguments(), &[cora]);
    let approved = CreateOperation {
        approval: Some(approval),
        ..shown.clone()
    };
    let other = CreateOperation {
        evidence: Some("I say so".to_owned()),
        ..approved.clone()
    };
    assert_eq!(desk.code(&other), "approval_differs");
    let row = desk.done(&approved).operation;
    assert_eq!(row.replaces_id, Some(id));
    assert_eq!(row.evidence, shown.evidence);
    assert_eq!(desk.balance(desk.of(desk.ada)), (1_008, 0));
    assert_eq!(
        claims(&desk, &OutputKey::of("bitcoin", HASH, Some(0))),
        [id, row.id]
    );
    // And not once more.
    let again = CreateOperation {
        approval: None,
        ..anew(&mut desk, &approved)
    };
    assert_eq!(desk.code(&again), "replayed");
    let differs = CreateOperation {
        evidence: Some("once more".to_owned()),
        ..again
    };
    let refusal = desk.send(&clerk, &differs).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.field.as_deref()),
        ("output_conflict", Some("evidence"))
    );
    assert_eq!(desk.balance(desk.of(desk.ada)), (1_008, 0));
}

#[test]
fn evidence_is_for_what_was_reversed_alone() {
    let mut desk = Desk::new();
    let clerk = desk.clerk.clone();
    let evidence = |command| CreateOperation {
        evidence: Some("seen".to_owned()),
        ..command
    };
    let of_free = evidence(deposit(&mut desk, HASH, 0));
    let of_none = evidence(desk.transfer(5));
    for command in [of_free, of_none] {
        let refusal = desk.send(&clerk, &command).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("invalid_field", Some("evidence"))
        );
    }
    // A threshold that demands more is what counts.
    let (first, _) = reversed(&mut desk);
    desk.threshold(OperationKind::Deposit, "0.01", 2);
    let shown = evidence(anew(&mut desk, &first));
    let (cora, dora) = (desk.cora, desk.dora);
    let few = desk.approval("operation.create", shown.arguments(), &[cora]);
    let with = |approval| CreateOperation {
        approval: Some(approval),
        ..shown.clone()
    };
    assert_eq!(desk.code(&with(few)), "approval_quorum");
    let both = desk.approval("operation.create", shown.arguments(), &[cora, dora]);
    assert_eq!(desk.code(&with(both)), "done");
}

#[test]
fn each_of_several_transactions_is_of_one_operation() {
    let mut desk = Desk::new();
    let clerk = desk.clerk.clone();
    let both = CreateOperation {
        transactions: vec![
            on_chain("soroban", &OTHER_HASH.to_uppercase(), None),
            on_chain("bitcoin", HASH, Some(1)),
        ],
        ..deposit(&mut desk, HASH, 0)
    };
    let row = desk.done(&both).operation;
    let stored: Vec<_> = row.transactions.unwrap().0;
    assert_eq!(stored[0].tx_hash, OTHER_HASH);
    assert_eq!(desk.world.facts.chain_outputs.len(), 3);
    let claim = |claims: &ChainOutput| claims.operation_id == row.id;
    assert!(
        desk.world
            .facts
            .chain_outputs
            .values()
            .all(|sealed| claim(&sealed.row))
    );
    let again = anew(&mut desk, &both);
    assert_eq!(desk.code(&again), "replayed");
    // Whichever of them another names, first or beside another.
    let third = "c".repeat(64);
    for (chain, hash, output) in [
        ("stellar", OTHER_HASH.to_owned(), None),
        ("xlm", format!("0x{OTHER_HASH}"), None),
        ("bitcoin", HASH.to_uppercase(), Some(1)),
    ] {
        let first = CreateOperation {
            chain: Some(chain.to_owned()),
            output,
            ..deposit(&mut desk, &hash, 0)
        };
        assert_eq!(desk.code(&first), "output_conflict", "{chain} {hash}");
        let beside = CreateOperation {
            transactions: vec![on_chain(chain, &hash, output)],
            ..deposit(&mut desk, &third, 0)
        };
        let refusal = desk.send(&clerk, &beside).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("output_conflict", Some("transactions"))
        );
    }
    let less = CreateOperation {
        transactions: Vec::new(),
        ..anew(&mut desk, &both)
    };
    let refusal = desk.send(&clerk, &less).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("transactions"));
}

#[test]
pub(crate) fn a_step_names_the_transactions_beside_the_first() {
    let mut desk = Desk::new();
    let pending = waiting(deposit(&mut desk, HASH, 0));
    let id = desk.done(&pending).operation.id;
    let further = |list: Vec<OnChain>| {
        Step::Report(Report {
            transaction: Transaction {
                further: Some(list),
                ..Transaction::default()
            },
        })
    };
    let other = on_chain("stellar", OTHER_HASH, None);
    desk.step(id, further(vec![other.clone()])).unwrap();
    assert_eq!(code(desk.step(id, further(vec![other.clone()]))), "replayed");
    assert_eq!(
        code(desk.step(
            id,
            Step::Report(Report {
                transaction: Transaction::default()
            })
        )),
        "replayed",
        "they stay"
    );
    let theirs = CreateOperation {
        chain: Some("stellar".to_owned()),
        output: None,
        ..deposit(&mut desk, OTHER_HASH, 0)
    };
    assert_eq!(desk.code(&theirs), "output_conflict");
    // What was said by mistake is taken back, and free.
    let state = desk.step(id, further(Vec::new())).unwrap();
    assert_eq!(state.operation.transactions, None);
    assert_eq!(desk.code(&theirs), "done");
    assert_eq!(code(desk.step(id, further(vec![other]))), "output_conflict");
    let many = (0..9)
        .map(|output| on_chain("stellar", HASH, Some(output)))
        .collect();
    let twice = vec![
        on_chain("stellar", HASH, None),
        on_chain("xlm", &HASH.to_uppercase(), None),
    ];
    let bad = vec![on_chain("stellar", "x", None)];
    let of_none = vec![on_chain("", HASH, None)];
    let itself = vec![on_chain("btc", HASH, Some(0))];
    for (list, field) in [
        (many, "transactions"),
        (twice, "transactions[1].tx_hash"),
        (bad, "transactions[0].tx_hash"),
        (of_none, "transactions[0].chain"),
        (itself, "transactions[0].tx_hash"),
    ] {
        let refusal = desk.step(id, further(list)).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("invalid_field", Some(field))
        );
    }
    // Beside nothing there is nothing.
    let hold = waiting(desk.transfer(5));
    let hold = desk.done(&hold).operation.id;
    let refusal = desk
        .step(hold, further(vec![on_chain("stellar", HASH, None)]))
        .unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("transactions"));
}

#[test]
fn transactions_are_stored_and_read_exactly() {
    use crate::custody::operation::Transactions;
    use crate::record::{Field, Val};
    let all = Transactions(vec![
        OnChain {
            output: Some(u64::MAX >> 1),
            block: Some((1 << 53) + 1),
            confirmations: Some(0),
            ..on_chain("stellar", HASH, None)
        },
        on_chain("my-chain", "é\"\\", None),
    ]);
    assert_eq!(Transactions::of_val(all.to_val()), Ok(all));
    for broken in [
        "",
        "{}",
        "[1]",
        r#"[{"chain":"x"}]"#,
        r#"[{"chain":"x","tx_hash":"y","output":1}]"#,
    ] {
        assert!(
            Transactions::of_val(Val::Text(broken.to_owned())).is_err(),
            "{broken}"
        );
    }
}
