//! Every code of a new operation, and that the first in the order of the table is the one named.

use std::collections::BTreeSet;

use super::*;
use crate::custody::operation::{Request, results};

/// A request that is about to be sent.
struct Case {
    desk: Desk,
    command: CreateOperation,
    caller: Caller,
}

/// Breaks one rule. Of each group only one can be broken.
type Break = (&'static str, &'static str, fn(&mut Case));

fn case() -> Case {
    let mut desk = Desk::new();
    let command = desk.transfer(5);
    let caller = desk.clerk.clone();
    Case {
        desk,
        command,
        caller,
    }
}

impl Case {
    fn code(mut self) -> &'static str {
        code(self.desk.send(&self.caller, &self.command))
    }

    /// Makes it a reversal of this.
    fn reverse(&mut self, reverses: Uuid) {
        self.command.kind = OperationKind::Reversal;
        (self.command.debit, self.command.credit) = (self.command.credit, self.command.debit);
        self.command.reverses = Some(reverses);
    }

    fn withdraw(&mut self, destination: Uuid) {
        self.command.kind = OperationKind::Withdrawal;
        self.command.waits = true;
        self.command.credit = self.desk.external();
        self.command.destination = Some(destination);
    }

    /// An approval that these gave for the command, by whoever asks.
    fn approve(&mut self, quorum: u64, voters: &[Uuid]) {
        self.desk.threshold(self.command.kind, "0", quorum);
        let arguments = self.command.arguments();
        let approval = self.desk.approval("operation.create", arguments, voters);
        self.command.approval = Some(approval);
    }
}

const BREAKS: &[Break] = &[
    ("permission_missing", "caller", |case| {
        case.caller = case.desk.world.key("ben", &[Scope::Custody]);
    }),
    ("scope_missing", "caller", |case| {
        case.caller = case.desk.world.key("root", &[Scope::Read]);
    }),
    ("idempotency_key_reused", "request", |case| {
        let mut first = case.desk.transfer(1);
        let key = |digest| Request {
            first: first.id.unwrap(),
            digest: [digest; 32],
        };
        let (mine, other) = (key(1), key(2));
        first.request = Some(mine);
        let row = case
            .desk
            .world
            .facts
            .operations
            .values()
            .next()
            .unwrap()
            .row
            .clone();
        let row = super::super::Operation {
            id: mine.first,
            request: Some(mine.digest.to_vec()),
            ..row
        };
        case.desk.world.facts.operations.insert(row.id, sealed(row));
        case.command.request = Some(other);
    }),
    ("id_conflict", "id", |case| {
        let row = case.desk.world.facts.operations.values().next().unwrap();
        case.command.id = Some(row.row.id);
        case.command.reference = Some("another".to_owned());
    }),
    ("refused_before", "id", |case| {
        let mut refused = case.desk.transfer(1_000_000);
        refused.reference = Some("refused".to_owned());
        case.desk.code(&refused);
        let entry = case.desk.world.facts.entries.get_mut(&refused.id.unwrap());
        case.command.id = refused.id;
        // Some other rule may have refused it, so that nothing was remembered: then it is put there.
        let erased = entry.map(|entry| entry.payload = None);
        if erased.is_none() {
            let known = case.desk.world.facts.entries.values().next().unwrap().clone();
            let known = KnownEntry {
                id: refused.id.unwrap(),
                action: "operation.create".to_owned(),
                payload: None,
                ..known
            };
            case.desk.world.facts.entries.insert(known.id, known);
        }
    }),
    ("output_conflict", "output", |case| {
        let row = case
            .desk
            .world
            .facts
            .operations
            .values()
            .next()
            .unwrap()
            .row
            .clone();
        let row = super::super::Operation {
            id: case.desk.id(),
            reference: Some("reported".to_owned()),
            chain: Some("bitcoin".to_owned()),
            tx_hash: Some(HASH.to_owned()),
            ..row
        };
        case.desk.world.facts.operations.insert(row.id, sealed(row));
        case.command.chain = Some("bitcoin".to_owned());
        case.command.tx_hash = Some(HASH.to_owned());
        case.command.output = None;
    }),
    ("invalid_field", "input", |case| {
        case.command.reference = Some(String::new());
    }),
    ("unknown_asset", "asset", |case| {
        let asset = Uuid::from_u128(0xdead);
        (case.command.debit.asset, case.command.credit.asset) = (asset, asset);
    }),
    ("unknown_user", "kind", |case| {
        case.command.credit.owner = Owner::User(Uuid::from_u128(0xdead));
    }),
    ("unknown_operation", "kind", |case| {
        case.reverse(Uuid::from_u128(0xdead));
    }),
    ("already_reversed", "kind", |case| {
        let original = case
            .desk
            .world
            .facts
            .operations
            .values()
            .next()
            .unwrap()
            .row
            .clone();
        let row = super::super::Operation {
            id: case.desk.id(),
            kind: OperationKind::Reversal,
            reverses_id: Some(original.id),
            ..original.clone()
        };
        case.desk.world.facts.operations.insert(row.id, sealed(row));
        case.reverse(original.id);
    }),
    ("not_reversible", "kind", |case| {
        let row = case
            .desk
            .world
            .facts
            .operations
            .values()
            .next()
            .unwrap()
            .row
            .clone();
        let row = super::super::Operation {
            id: case.desk.id(),
            debit_posted: None,
            ..row
        };
        let id = row.id;
        case.desk.world.facts.operations.insert(row.id, sealed(row));
        case.reverse(id);
    }),
    ("reversal_differs", "kind", |case| {
        // Deposits, of another amount.
        let id = case.desk.world.facts.operations.values().next().unwrap().row.id;
        case.reverse(id);
    }),
    ("unknown_destination", "kind", |case| {
        case.withdraw(Uuid::from_u128(0xdead));
    }),
    ("destination_cooling_off", "kind", |case| {
        let destination = case.desk.destination(60);
        case.withdraw(destination);
    }),
    ("debit_closed", "debit", |case| {
        let now = case.desk.world.now;
        let debit = case.desk.of(case.desk.ada);
        case.desk.bend(debit, |row| row.closed_at = Some(now));
    }),
    ("credit_closed", "credit", |case| {
        let now = case.desk.world.now;
        let credit = case.desk.of(case.desk.ben);
        case.desk.bend(credit, |row| row.closed_at = Some(now));
    }),
    ("limit_unreadable", "limit", |case| {
        case.desk.limit(2, OperationKind::Transfer, "0.001");
    }),
    ("tier_limit", "tier", |case| {
        case.desk.limit(0, OperationKind::Transfer, "0.04");
    }),
    ("approval_required", "approval", |case| {
        case.desk.threshold(OperationKind::Transfer, "0.04", 1);
    }),
    ("approval_not_needed", "approval", |case| {
        case.command.approval = Some(Uuid::from_u128(1));
    }),
    ("unknown_approval", "approval", |case| {
        case.desk.threshold(OperationKind::Transfer, "0.04", 1);
        case.command.approval = Some(Uuid::from_u128(0xdead));
    }),
    ("approval_not_own", "approval", |case| {
        let (ada, cora) = (case.desk.world.key("ada", &[Scope::Custody]), case.desk.cora);
        case.desk.threshold(OperationKind::Transfer, "0.04", 1);
        let arguments = case.command.arguments();
        let approval = case
            .desk
            .approval_of(&ada, "operation.create", arguments, &[cora]);
        case.command.approval = Some(approval);
    }),
    ("approval_differs", "approval", |case| {
        let cora = case.desk.cora;
        case.approve(1, &[cora]);
        case.command.metadata = Some("{}".to_owned());
    }),
    ("approval_not_granted", "approval", |case| case.approve(1, &[])),
    ("approval_quorum", "approval", |case| {
        let cora = case.desk.cora;
        case.approve(2, &[cora]);
    }),
    ("insufficient_funds", "funds", |case| {
        let debit = case.desk.of(case.desk.ada);
        case.desk.bend(debit, |row| row.posted = units(4));
    }),
    ("above_maximum", "maximum", |case| {
        let credit = case.desk.of(case.desk.ben);
        case.desk.bend(credit, |row| row.maximum = Some(units(1_004)));
    }),
    ("amount_overflow", "overflow", |case| {
        let credit = case.desk.of(case.desk.ben);
        case.desk.bend(credit, full);
    }),
];

#[test]
fn nothing_broken() {
    assert_eq!(case().code(), "done");
}

#[test]
fn every_code_has_its_case() {
    let tested: BTreeSet<_> = BREAKS.iter().map(|(code, ..)| *code).collect();
    let listed: BTreeSet<_> = results::CREATE.iter().map(|(code, _)| code.name).collect();
    assert_eq!(tested, listed);
    for (expected, _, spoil) in BREAKS {
        let mut case = case();
        spoil(&mut case);
        let (code, stays) = results::CREATE
            .iter()
            .find(|(code, _)| code.name == *expected)
            .unwrap();
        let refusal = case.desk.send(&case.caller, &case.command).unwrap_err();
        assert_eq!(refusal.code, *expected, "{refusal}");
        assert_eq!(refusal.kind, code.kind, "{expected}");
        assert_eq!(refusal.final_for_id, *stays, "{expected}");
    }
}

#[test]
fn the_first_broken_rule_is_named() {
    let place = |code: &str| results::CREATE.iter().position(|(known, _)| known.name == code);
    for (first, group, spoil) in BREAKS {
        for (second, other, spoil_too) in BREAKS {
            if group == other || place(first) > place(second) {
                continue;
            }
            let mut case = case();
            // The one that depends on the whole command comes last.
            spoil_too(&mut case);
            spoil(&mut case);
            assert_eq!(case.code(), *first, "with {second}");
        }
    }
}

/// Whatever refused an id for the state of things, the same answer comes again when the state has changed.
#[test]
pub(crate) fn a_refused_id_stays_refused() {
    for (result, stays) in results::CREATE {
        let (expected, _, spoil) = BREAKS.iter().find(|(name, ..)| *name == result.name).unwrap();
        let mut case = case();
        spoil(&mut case);
        let first = case.desk.send(&case.caller, &case.command).unwrap_err();
        // A desk where nothing is wrong, that knows the entries of the other.
        let fresh = Desk::new();
        let mut again = Desk {
            numbers: 1_000,
            ..fresh
        };
        again.world.facts.entries = case.desk.world.facts.entries.clone();
        again.clerk = again.world.key("root", &[Scope::Custody]);
        let remembered = again.world.facts.entries.get(&case.command.id.unwrap());
        if !stays {
            let refusal = remembered.is_some_and(|entry| entry.outcome != evidence::Outcome::Success);
            assert!(!refusal || *expected == "refused_before", "{expected}");
            continue;
        }
        assert_eq!(
            remembered.map(|entry| &*entry.action),
            Some("operation.create"),
            "{expected}"
        );
        let clerk = again.clerk.clone();
        let second = again.send(&clerk, &case.command).unwrap_err();
        assert_eq!(
            (second.code, &second.message, &second.rule),
            (first.code, &first.message, &first.rule)
        );
        assert_eq!((second.kind, &second.field), (first.kind, &first.field));
        let changed = CreateOperation {
            amount: units(6),
            ..case.command
        };
        assert_eq!(code(again.send(&clerk, &changed)), "id_conflict", "{expected}");
    }
}

#[test]
fn shapes() {
    let shapes: &[Spoil] = &[
        ("amount", |command, _| command.amount = units(0)),
        ("amount", |command, _| command.amount = units(-1)),
        ("credit", |command, _| command.credit.asset = Uuid::nil()),
        ("credit", |command, _| command.credit = command.debit),
        ("credit", |command, desk| command.credit = desk.external()),
        ("debit", |command, desk| command.debit = desk.external()),
        ("debit", |command, _| command.kind = OperationKind::Deposit),
        ("debit", |command, _| command.kind = OperationKind::Mint),
        ("credit", |command, _| command.kind = OperationKind::Burn),
        ("credit", |command, _| command.kind = OperationKind::Withdrawal),
        ("pending", |command, desk| {
            (command.kind, command.credit) = (OperationKind::Withdrawal, desk.external());
        }),
        ("destination", |command, desk| {
            (command.kind, command.credit, command.waits) =
                (OperationKind::Withdrawal, desk.external(), true);
        }),
        ("reverses", |command, _| command.kind = OperationKind::Reversal),
        ("pending", |command, _| {
            (command.kind, command.reverses, command.waits) =
                (OperationKind::Reversal, Some(Uuid::nil()), true);
        }),
        ("reverses", |command, _| command.reverses = Some(Uuid::nil())),
        ("destination", |command, _| {
            command.destination = Some(Uuid::nil());
        }),
        ("tx_hash", |command, _| command.chain = Some("bitcoin".to_owned())),
        ("tx_hash", |command, _| command.tx_hash = Some(HASH.to_owned())),
        ("output", |command, _| command.output = Some(0)),
        ("output", |command, _| command.block = Some(0)),
        ("chain", |command, _| {
            (command.chain, command.tx_hash) = (Some("Bitcoin".to_owned()), Some(HASH.to_owned()));
        }),
        ("chain", |command, _| {
            (command.chain, command.tx_hash) = (Some("c".repeat(33)), Some(HASH.to_owned()));
        }),
        ("tx_hash", |command, _| {
            (command.chain, command.tx_hash) = (Some("bitcoin".to_owned()), Some("f".repeat(129)));
        }),
        ("reference", |command, _| {
            command.reference = Some("r".repeat(201));
        }),
        ("reference", |command, _| {
            command.reference = Some("a\nb".to_owned());
        }),
        ("metadata", |command, _| {
            command.metadata = Some("m".repeat(4_097));
        }),
        ("expires_at", |command, desk| {
            command.expires_at = Some(desk.world.now.plus_seconds(9));
        }),
        ("expires_at", |command, desk| {
            (command.waits, command.expires_at) = (true, Some(desk.world.now));
        }),
    ];
    let mut desk = Desk::new();
    let clerk = desk.clerk.clone();
    for (field, change) in shapes {
        let mut command = desk.transfer(5);
        change(&mut command, &desk);
        let refusal = desk.send(&clerk, &command).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("invalid_field", Some(*field)),
            "{refusal}"
        );
    }
    let longest = CreateOperation {
        chain: Some("c".repeat(32)),
        tx_hash: Some("f".repeat(64)),
        reference: Some("é".repeat(200)),
        metadata: Some("m".repeat(4_096)),
        ..desk.transfer(5)
    };
    assert_eq!(desk.code(&longest), "done");
}
