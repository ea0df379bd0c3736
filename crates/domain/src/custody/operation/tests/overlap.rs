//! A transaction as a whole, and its outputs.

use super::outputs::deposit;
use super::*;

/// The transaction as a whole and one of its outputs are of the same coins: one of them is credited.
#[test]
fn a_transaction_as_a_whole_and_its_outputs_exclude_each_other() {
    let mut desk = Desk::new();
    let clerk = desk.clerk.clone();
    for (first, second) in [(Some(0), None), (None, Some(0))] {
        let hash = if first.is_some() {
            HASH.to_owned()
        } else {
            HASH.replace('f', "e")
        };
        let of = |desk: &mut Desk, output: Option<u64>| CreateOperation {
            output,
            ..deposit(desk, &hash, 0)
        };
        let command = of(&mut desk, first);
        let made = desk.done(&command).operation;
        let other = of(&mut desk, second);
        let refusal = desk.send(&clerk, &other).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("output_conflict", Some("output"))
        );
        // Nor once it was reversed, with no second person.
        let reversal = CreateOperation {
            reverses: Some(made.id),
            ..desk.new_operation(OperationKind::Reversal, desk.of(desk.ada), desk.external(), 7)
        };
        desk.done(&reversal);
        let other = of(&mut desk, second);
        assert_eq!(code(desk.send(&clerk, &other)), "output_conflict");
        // Another output of it is another matter, and so is what goes out by the same transaction.
        if first.is_some() {
            let next = of(&mut desk, Some(1));
            desk.done(&next);
        }
    }
}
