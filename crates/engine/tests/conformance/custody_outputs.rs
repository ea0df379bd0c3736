//! Outputs of transactions: spelling, reorganisations, several of one operation, and two processes at once.

crate::on_both!(
    a_reorganisation_from_the_first_report_to_the_credit,
    one_output_is_credited_once_by_whatever_process_and_spelling,
    an_operation_names_several_transactions,
    a_block_with_its_hashes_spelt_otherwise_is_the_same_block
);

mod cases {
    use domain::Caller;
    use domain::custody::OperationKind::{Deposit, Reversal, Transfer, Withdrawal};
    use domain::custody::OperationStatus::{Completed, Failed, Pending};
    use domain::custody::operation::{OnChain, Step, Transaction};
    use domain::identity::{Role, Scope};
    use engine::Engine;
    use engine::custody::{NewOperation, Proposal, StepKind, TransactionInput};
    use futures_util::future::join_all;
    use store::custody::OperationFilter;
    use store::query::Order;
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::{
        asset, done, make, make_as, new, pending, request_approval, step, step_as, units, vote,
    };
    use crate::people::{code, person, session_of};
    use crate::support::{Bed, create_key, create_user, operator, two};
    use domain::custody::operation::steps::{Complete, Fail, Report, Start};

    fn hash(pair: &str) -> String {
        pair.repeat(32)
    }

    fn of(hash: &str, output: u64, block: u64) -> TransactionInput {
        TransactionInput {
            tx_hash: Some(hash.into()),
            output: Some(output),
            block: Some(block),
            ..TransactionInput::default()
        }
    }

    async fn list(engine: &Engine, filter: OperationFilter) -> Vec<Uuid> {
        let (found, next) = engine
            .operations(&filter, Order::Ascending, None, 100)
            .await
            .unwrap();
        assert_eq!(next, None);
        found.into_iter().map(|view| view.operation.id).collect()
    }

    /// Bob's balance, a clerk's key, and cyd who approves.
    async fn world(bed: &Bed) -> (Engine, Caller, Caller) {
        let engine = bed.open().await;
        asset(&engine, "BTC", 8, Some("bitcoin")).await;
        person(&engine, "ann", Role::ADMIN).await;
        person(&engine, "bob", Role::USER).await;
        let cyd = person(&engine, "cyd", Role::COMPLIANCE).await.id;
        let clerk = create_key(&engine, "ann", vec![Scope::Custody, Scope::Governance]).await;
        let cyd = session_of(&engine, cyd).await;
        (engine, clerk, cyd)
    }

    /// The walk-through of `docs/custody.md`, step by step.
    pub async fn a_reorganisation_from_the_first_report_to_the_credit(bed: Bed) {
        let (engine, clerk, cyd) = world(&bed).await;
        let (tx, other) = (hash("4a"), hash("0e"));
        // 1. Seen in a block, and not deep enough yet.
        let seen = |block| NewOperation {
            transaction: of(&tx, 0, block),
            ..pending(Deposit, "-", "user:bob", "0.5")
        };
        let first = make_as(&engine, &clerk, seen(870_000)).await.unwrap().operation;
        let again = make_as(&engine, &clerk, seen(870_000)).await.unwrap();
        assert!(again.replayed && again.operation.id == first.id);
        // 2. The block is gone: the deposit failed, and its output is free.
        let error = "block 870000 was reorganised away".to_owned();
        let failed = step_as(
            &engine,
            &clerk,
            first.id,
            StepKind::Other(Step::Fail(Fail { error })),
        );
        assert_eq!(failed.await.unwrap().operation.status, Failed);
        // 3. The same output in another block: a new deposit, linked to the old one.
        let second = make_as(&engine, &clerk, seen(870_001)).await.unwrap();
        assert!(!second.replayed);
        let second = second.operation;
        assert_eq!(
            (second.status, second.replaces_id, second.block),
            (Pending, Some(first.id), Some(870_001))
        );
        let complete = Step::Complete(Complete {
            transaction: Transaction {
                confirmations: Some(6),
                ..Transaction::default()
            },
        });
        step_as(&engine, &clerk, second.id, StepKind::Other(complete))
            .await
            .unwrap();
        assert_eq!(units(&engine, "user:bob").await.0, 50_000_000);
        // 4. A deeper reorganisation takes it away after all: what was credited is reversed.
        let back = NewOperation {
            reverses: Some(second.id),
            ..NewOperation::new(Reversal)
        };
        let reversal = make_as(&engine, &clerk, back).await.unwrap().operation;
        assert_eq!(units(&engine, "user:bob").await.0, 0);
        let view = engine.operation(second.id).await.unwrap().unwrap();
        assert_eq!(view.reversed_by, Some(reversal.id));
        let reversed = |reversed| OperationFilter {
            kind: Some(Deposit),
            reversed: Some(reversed),
            ..OperationFilter::default()
        };
        assert_eq!(list(&engine, reversed(true)).await, [second.id]);
        assert_eq!(list(&engine, reversed(false)).await, [first.id]);
        // 5. And back again in a third block: with evidence, and somebody else's approval.
        let credit = NewOperation {
            transaction: of(&tx.to_uppercase(), 0, 870_004),
            ..new(Deposit, "-", "user:bob", "0.5")
        };
        let plain = make_as(&engine, &clerk, credit.clone()).await;
        assert_eq!(
            code(plain),
            "output_conflict",
            "it is no report of the same deposit"
        );
        let shown = NewOperation {
            evidence: Some("three nodes have block 870004, 12 deep".into()),
            ..credit
        };
        assert_eq!(
            code(make_as(&engine, &clerk, shown.clone()).await),
            "approval_required"
        );
        let proposal = Proposal::Operation(Box::new(shown.clone()));
        let approval = request_approval(&engine, &clerk, proposal, None).await;
        done(&engine, &cyd, vote(&engine, approval, true).await).await;
        let approved = NewOperation {
            approval: Some(approval),
            ..shown
        };
        let third = make_as(&engine, &clerk, approved.clone())
            .await
            .unwrap()
            .operation;
        assert_eq!((third.status, third.replaces_id), (Completed, Some(second.id)));
        assert_eq!(units(&engine, "user:bob").await.0, 50_000_000);
        assert!(make_as(&engine, &clerk, approved).await.unwrap().replayed);
        // All of them are found by the transaction, in the order in which they came to be what they are.
        let of_tx = OperationFilter {
            tx_hash: Some(tx.clone()),
            ..OperationFilter::default()
        };
        assert_eq!(list(&engine, of_tx).await, [first.id, second.id, third.id]);
        let none = OperationFilter {
            tx_hash: Some(other),
            ..OperationFilter::default()
        };
        assert!(list(&engine, none).await.is_empty());
        close(engine).await;
        assert_eq!(assert_intact(&bed.options()).await.notes, []);
    }

    pub async fn one_output_is_credited_once_by_whatever_process_and_spelling(bed: Bed) {
        let options = two(&bed).await;
        let one = Engine::open(options[0].clone()).await.unwrap();
        let other = Engine::open(options[1].clone()).await.unwrap();
        asset(&one, "BTC", 8, Some("bitcoin")).await;
        create_user(&one, "bob", Role::USER).await.unwrap();
        let mut free = Vec::new();
        for number in 0..24_u64 {
            let tx = format!("{:064x}", 0xabc_def0 + number);
            if number % 2 == 0 {
                // Of every second one there is a deposit that failed: both take its place.
                let waits = NewOperation {
                    transaction: of(&tx, number, 1),
                    ..pending(Deposit, "-", "user:bob", "1")
                };
                let id = make(&one, waits).await.unwrap().operation.id;
                let error = "gone".to_owned();
                step(&other, id, StepKind::Other(Step::Fail(Fail { error })))
                    .await
                    .unwrap();
            }
            free.push(tx);
        }
        let mut tasks = Vec::new();
        for (tx, number) in free.iter().zip(0_u64..) {
            let spelt = [tx.clone(), tx.to_uppercase(), format!("0x{tx}")];
            for (engine, spelt) in [&one, &other, &one, &other].into_iter().zip(spelt.iter().cycle()) {
                let deposit = NewOperation {
                    transaction: of(spelt, number, 2),
                    ..new(Deposit, "-", "user:bob", "1")
                };
                tasks.push(make(engine, deposit));
            }
        }
        let made = join_all(tasks).await;
        let fresh = made
            .iter()
            .filter(|made| !made.as_ref().unwrap().replayed)
            .count();
        assert_eq!((made.len(), fresh), (96, 24));
        assert_eq!(units(&one, "user:bob").await.0, 24 * 100_000_000);
        for engine in [one, other] {
            close(engine).await;
        }
        assert_intact(&options[0]).await;
    }

    fn beside(chain: &str, hash: &str) -> OnChain {
        OnChain {
            chain: chain.into(),
            tx_hash: hash.into(),
            output: None,
            block: None,
            confirmations: None,
        }
    }

    pub async fn an_operation_names_several_transactions(bed: Bed) {
        let (engine, clerk, _) = world(&bed).await;
        let (bitcoin, soroban) = (hash("4a"), hash("50"));
        let both = NewOperation {
            transaction: TransactionInput {
                further: vec![
                    beside("soroban", &soroban.to_uppercase()),
                    beside("", &hash("4b")),
                ],
                ..of(&bitcoin, 0, 1)
            },
            ..new(Deposit, "-", "user:bob", "2")
        };
        let made = make_as(&engine, &clerk, both.clone()).await.unwrap().operation;
        assert!(make_as(&engine, &clerk, both).await.unwrap().replayed);
        let shown = engine.operation(made.id).await.unwrap().unwrap().operation;
        let shown: Vec<_> = shown.transactions.unwrap().0;
        assert_eq!(
            shown,
            [beside("soroban", &soroban), beside("bitcoin", &hash("4b"))]
        );
        for spelt in [
            bitcoin.clone(),
            soroban.clone(),
            format!("0X{}", soroban.to_uppercase()),
            hash("4b"),
        ] {
            let filter = OperationFilter {
                tx_hash: Some(spelt.clone()),
                ..OperationFilter::default()
            };
            assert_eq!(list(&engine, filter).await, [made.id], "{spelt}");
        }
        let stolen = NewOperation {
            transaction: TransactionInput {
                chain: Some("stellar".into()),
                output: None,
                ..of(&soroban, 0, 1)
            },
            ..new(Deposit, "-", "user:bob", "2")
        };
        assert_eq!(
            code(make_as(&engine, &clerk, stolen.clone()).await),
            "output_conflict"
        );
        // A withdrawal of the house gets its two when it is sent, and lets go the one that was a mistake.
        let sent = new(Withdrawal, "house:omnibus", "-", "1");
        make(&engine, new(Transfer, "user:bob", "house:omnibus", "1"))
            .await
            .unwrap();
        let sent = make_as(&engine, &clerk, sent).await.unwrap().operation.id;
        let start = |further: &str| {
            Step::Start(Start {
                transaction: Transaction {
                    tx_hash: Some(hash("77")),
                    further: Some(vec![beside("stellar", further)]),
                    ..Transaction::default()
                },
                approval: None,
            })
        };
        let taken = step_as(&engine, &clerk, sent, StepKind::Other(start(&soroban))).await;
        assert_eq!(code(taken), "output_conflict");
        step_as(&engine, &clerk, sent, StepKind::Other(start(&hash("51"))))
            .await
            .unwrap();
        let report = |transaction| Step::Report(Report { transaction });
        let other = report(Transaction {
            further: Some(vec![beside("stellar", &hash("52"))]),
            ..Transaction::default()
        });
        step_as(&engine, &clerk, sent, StepKind::Other(other.clone()))
            .await
            .unwrap();
        let again = step_as(&engine, &clerk, sent, StepKind::Other(other)).await;
        assert!(again.unwrap().replayed);
        let named = |hash: String| OperationFilter {
            tx_hash: Some(hash),
            ..OperationFilter::default()
        };
        assert!(list(&engine, named(hash("51"))).await.is_empty());
        assert_eq!(list(&engine, named(hash("52"))).await, [sent]);
        // Another output of the transaction that it names already is looked up too.
        let other = NewOperation {
            transaction: of(&hash("77"), 5, 1),
            ..new(Deposit, "-", "user:bob", "1")
        };
        make_as(&engine, &clerk, other).await.unwrap();
        let output = report(Transaction {
            output: Some(5),
            ..Transaction::default()
        });
        assert_eq!(
            code(step_as(&engine, &clerk, sent, StepKind::Other(output)).await),
            "output_conflict"
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn a_block_with_its_hashes_spelt_otherwise_is_the_same_block(bed: Bed) {
        let engine = bed.open().await;
        let line = |tx: &str, vout: u64, sats: u64| {
            format!(
                "{{\"txid\":\"{tx}\",\"block_height\":9,\"coinbase\":false,\"outputs\":[{{\"vout\":{vout},\"sats\":{sats},\
                 \"address\":\"bc1qx\",\"script\":null}}]}}\n"
            )
        };
        let import = async |text: String| {
            engine
                .import_bitcoin_block(&operator(), "BTC", text.as_bytes(), &mut |_, _| {})
                .await
                .unwrap()
        };
        let first = import(line(&hash("ab"), 0, 5) + &line(&hash("cd"), 1, 6)).await;
        assert_eq!((first.added, first.rejected), (2, 0));
        let upper = import(line(&hash("AB"), 0, 5) + &line(&format!("0x{}", hash("cd")), 1, 6)).await;
        assert_eq!((upper.added, upper.already_there), (0, 2));
        let bad = import(line(&format!("{} ", hash("ab")), 7, 5) + &line("abc", 0, 5)).await;
        assert_eq!((bad.added, bad.rejected), (0, 2), "{:?}", bad.rejections);
        let asset = engine.asset_named("BTC").await.unwrap();
        assert_eq!(engine.supply(&asset).await.unwrap().supply.units(), 11);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
