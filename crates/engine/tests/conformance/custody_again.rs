//! The same request again: with an own id, with an `Idempotency-Key`, after a refusal, and as a dry run.

crate::on_both!(
    refused_ids_stay_refused,
    a_refusal_sent_many_times_is_recorded_once,
    other_content_names_the_field,
    keys_of_single_requests,
    keys_of_lists,
    keys_of_chains,
    a_dry_run_writes_nothing
);

mod cases {
    use domain::Origin;
    use domain::custody::OperationKind::{Deposit, Mint, Transfer};
    use domain::identity::Role;
    use engine::custody::{Made, NewOperation, OperationId};
    use engine::{Engine, EntryKey, Error};
    use futures_util::future::join_all;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::{asset, make, new, pending, units};
    use crate::people::code;
    use crate::support::{Bed, create_user, operator};

    async fn world(bed: &Bed) -> Engine {
        let engine = bed.open().await;
        asset(&engine, "BTC", 8, Some("bitcoin")).await;
        for name in ["ann", "bob"] {
            create_user(&engine, name, Role::USER).await.unwrap();
        }
        make(&engine, new(Deposit, "-", "user:ann", "10")).await.unwrap();
        engine
    }

    async fn end(bed: &Bed, engine: Engine) {
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + number)
    }

    /// From ann to bob, of this id.
    fn pay(number: u128, amount: &str) -> NewOperation {
        NewOperation {
            id: Some(id(number)),
            ..new(Transfer, "user:ann", "user:bob", amount)
        }
    }

    fn refusal(answer: Result<Made, Error>) -> domain::Refusal {
        match answer {
            Err(Error::Refused { refusal, .. }) => refusal,
            other => panic!("{other:?}"),
        }
    }

    pub async fn refused_ids_stay_refused(bed: Bed) {
        let engine = world(&bed).await;
        let first = refusal(make(&engine, pay(1, "11")).await);
        assert_eq!(first.code, "insufficient_funds");
        make(&engine, new(Deposit, "-", "user:ann", "5")).await.unwrap();
        let again = refusal(make(&engine, pay(1, "11")).await);
        assert_eq!(
            (again.code, &again.message, &again.field),
            (first.code, &first.message, &first.field)
        );
        assert_eq!(again.rule, first.rule);
        assert_eq!(
            (first.before, again.before.map(|before| before.id)),
            (None, Some(id(1)))
        );
        let other = refusal(make(&engine, pay(1, "1")).await);
        assert_eq!((other.code, other.field.as_deref()), ("id_conflict", Some("id")));
        // Another id is another request.
        make(&engine, pay(2, "11")).await.unwrap();
        assert_eq!(code(make(&engine, pay(1, "11")).await), "insufficient_funds");
        // What is no matter of state does not stick: it is put right and sent again.
        let wrong = NewOperation {
            expires_at: Some(crate::people::now()),
            ..pay(3, "1")
        };
        assert_eq!(code(make(&engine, wrong).await), "invalid_field");
        make(&engine, pay(3, "1")).await.unwrap();
        // Once what was said is erased, the id is still refused.
        let entry = engine.entry(EntryKey::Id(id(1))).await.unwrap().unwrap();
        crate::support::erase(&engine, vec![entry.index]).await.unwrap();
        assert_eq!(code(make(&engine, pay(1, "11")).await), "refused_before");
        end(&bed, engine).await;
    }

    pub async fn a_refusal_sent_many_times_is_recorded_once(bed: Bed) {
        let engine = world(&bed).await;
        let next = *engine.size().borrow();
        // At the same time, so that several are decided in one batch, and others while it is committed.
        let asked = (0..200).map(|_| make(&engine, pay(1, "11")));
        for answer in join_all(asked).await {
            match answer {
                Err(Error::Refused { refusal, entry }) => {
                    assert_eq!((refusal.code, entry), ("insufficient_funds", Some(next)));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(*engine.size().borrow(), next + 1);
        end(&bed, engine).await;
    }

    pub async fn other_content_names_the_field(bed: Bed) {
        let engine = world(&bed).await;
        let first = || NewOperation {
            reference: Some("one".into()),
            ..pay(1, "1")
        };
        make(&engine, first()).await.unwrap();
        assert!(make(&engine, first()).await.unwrap().replayed);
        let spoilt = [
            (
                "amount",
                NewOperation {
                    amount: Some("1.1".into()),
                    ..first()
                },
            ),
            (
                "debit",
                NewOperation {
                    debit: Some("user:bob".into()),
                    credit: Some("user:ann".into()),
                    ..first()
                },
            ),
            (
                "credit",
                NewOperation {
                    credit: Some("house:fees".into()),
                    ..first()
                },
            ),
            (
                "kind",
                NewOperation {
                    kind: Mint,
                    ..first()
                },
            ),
            (
                "pending",
                NewOperation {
                    pending: Some(true),
                    ..first()
                },
            ),
            (
                "reference",
                NewOperation {
                    reference: None,
                    ..first()
                },
            ),
            (
                "metadata",
                NewOperation {
                    metadata: serde_json::from_value(json!({"a": 1})).unwrap(),
                    ..first()
                },
            ),
        ];
        for (field, new) in spoilt {
            let refusal = refusal(make(&engine, new).await);
            assert_eq!(
                (refusal.code, refusal.field.as_deref()),
                ("id_conflict", Some(field))
            );
        }
        assert_eq!(units(&engine, "user:bob").await.0, 100_000_000, "once");
        end(&bed, engine).await;
    }

    fn key(name: &str, body: &Value) -> OperationId {
        OperationId::new("ann".into(), "operations", name, body)
    }

    async fn with_key(engine: &Engine, name: &str, amount: &str) -> Result<Made, Error> {
        let new = new(Transfer, "user:ann", "user:bob", amount);
        let key = key(name, &json!({"amount": amount}));
        engine
            .create_operation(&operator(), Origin::default(), new, Some(&key))
            .await
    }

    pub async fn keys_of_single_requests(bed: Bed) {
        let engine = world(&bed).await;
        let made = with_key(&engine, "k", "1").await.unwrap();
        let again = with_key(&engine, "k", "1").await.unwrap();
        assert!(again.replayed && again.operation == made.operation);
        let other = refusal(with_key(&engine, "k", "2").await);
        assert_eq!(
            (other.code, other.field.as_deref()),
            ("idempotency_key_reused", Some("Idempotency-Key"))
        );
        // The key of a refused request is taken too.
        assert_eq!(code(with_key(&engine, "r", "100").await), "insufficient_funds");
        make(&engine, new(Deposit, "-", "user:ann", "100")).await.unwrap();
        assert_eq!(code(with_key(&engine, "r", "100").await), "insufficient_funds");
        assert_eq!(code(with_key(&engine, "r", "1").await), "idempotency_key_reused");
        // Another caller's key, and one for another purpose, are other keys.
        for (caller, purpose) in [("bob", "operations"), ("ann", "captures")] {
            let body = json!({"amount": "1"});
            let key = OperationId::new(caller.into(), purpose, "k", &body);
            let new = new(Transfer, "user:ann", "user:bob", "1");
            let made = engine
                .create_operation(&operator(), Origin::default(), new, Some(&key))
                .await;
            assert!(!made.unwrap().replayed);
        }
        assert_eq!(units(&engine, "user:bob").await.0, 300_000_000);
        end(&bed, engine).await;
    }

    /// Codes of a list that is sent under a key; `=` marks one that is linked with the next.
    async fn list(engine: &Engine, name: &str, amounts: &[&str]) -> Vec<&'static str> {
        let key = key(name, &json!(amounts));
        let new = amounts.iter().map(|amount| NewOperation {
            linked: amount.ends_with('='),
            ..new(Transfer, "user:ann", "user:bob", amount.trim_end_matches('='))
        });
        let outcomes = engine
            .create_operations(&operator(), Origin::default(), new.collect(), Some(&key))
            .await;
        let outcome = |made: Result<Made, Error>| match made {
            Ok(made) if made.replayed => "replayed",
            other => code(other),
        };
        outcomes.unwrap().into_iter().map(outcome).collect()
    }

    pub async fn keys_of_lists(bed: Bed) {
        let engine = world(&bed).await;
        assert_eq!(
            list(&engine, "k", &["1", "2", "50"]).await,
            ["done", "done", "insufficient_funds"]
        );
        assert_eq!(
            list(&engine, "k", &["1", "2", "50"]).await,
            ["replayed", "replayed", "insufficient_funds"]
        );
        let reused = "idempotency_key_reused";
        for other in [
            &["1", "2"][..],
            &["1"],
            &["1", "2", "50", "1"],
            &["1", "2", "3"],
            &["2", "1", "50"],
        ] {
            let answers = list(&engine, "k", other).await;
            assert!(
                answers.iter().all(|answer| *answer == reused),
                "{other:?}: {answers:?}"
            );
        }
        // The first is refused, the others are made.
        assert_eq!(
            list(&engine, "f", &["50", "1"]).await,
            ["insufficient_funds", "done"]
        );
        assert_eq!(
            list(&engine, "f", &["50", "1"]).await,
            ["insufficient_funds", "replayed"]
        );
        assert_eq!(list(&engine, "f", &["1"]).await, [reused]);
        assert_eq!(list(&engine, "f", &["50", "1", "1"]).await, [reused; 3]);
        assert_eq!(units(&engine, "user:bob").await.0, 400_000_000);
        end(&bed, engine).await;
    }

    pub async fn keys_of_chains(bed: Bed) {
        let engine = world(&bed).await;
        let failed = ["linked_failed", "insufficient_funds", "linked_failed"];
        assert_eq!(list(&engine, "c", &["4=", "7=", "1"]).await, failed);
        make(&engine, new(Deposit, "-", "user:ann", "10")).await.unwrap();
        assert_eq!(
            list(&engine, "c", &["4=", "7=", "1"]).await,
            failed,
            "it stays refused"
        );
        let reused = "idempotency_key_reused";
        assert_eq!(list(&engine, "c", &["4"]).await, [reused]);
        let other = list(&engine, "c", &["4=", "1"]).await;
        assert_eq!(other, [reused, "linked_failed"]);
        assert_eq!(list(&engine, "c", &["1", "1", "1", "1"]).await, [reused; 4]);
        assert_eq!(
            list(&engine, "d", &["1", "4=", "70", "1"]).await,
            ["done", "linked_failed", "insufficient_funds", "done"]
        );
        assert_eq!(
            list(&engine, "d", &["1", "4=", "70", "1"]).await,
            ["replayed", "linked_failed", "insufficient_funds", "replayed"]
        );
        assert_eq!(list(&engine, "e", &["4=", "7"]).await, ["done", "done"]);
        assert_eq!(list(&engine, "e", &["4=", "7"]).await, ["replayed", "replayed"]);
        assert_eq!(list(&engine, "e", &["4=", "8"]).await, [reused, "linked_failed"]);
        assert_eq!(units(&engine, "user:bob").await.0, 1_300_000_000);
        end(&bed, engine).await;
    }

    /// A dry run answers what the real one does, and leaves no trace.
    pub async fn a_dry_run_writes_nothing(bed: Bed) {
        let engine = world(&bed).await;
        let list = || {
            vec![
                pay(1, "4"),
                pay(2, "8"),
                new(Deposit, "-", "user:ann", "10"),
                pay(2, "8"),
                pay(1, "4"),
                NewOperation {
                    linked: true,
                    ..pay(3, "1")
                },
                pay(4, "100"),
                pending(Transfer, "user:ann", "user:bob", "6"),
                new(Transfer, "user:ann", "user:bob", "11"),
            ]
        };
        let codes = |outcomes: Vec<Result<Made, Error>>| {
            let all = outcomes.into_iter().map(|made| match made {
                Ok(made) if made.replayed => "replayed",
                other => code(other),
            });
            all.collect::<Vec<_>>()
        };
        let size = *engine.size().borrow();
        let before = units(&engine, "user:ann").await;
        let (prepared, _) = engine.prepare_operations(list(), None).await.unwrap();
        let tried = engine
            .try_operations(&operator(), &Origin::default(), prepared)
            .await;
        let tried = codes(tried.unwrap());
        assert_eq!(*engine.size().borrow(), size);
        assert_eq!(units(&engine, "user:ann").await, before);
        let made = engine
            .create_operations(&operator(), Origin::default(), list(), None)
            .await;
        assert_eq!(tried, codes(made.unwrap()));
        let expected = [
            "done",
            "insufficient_funds",
            "done",
            "insufficient_funds",
            "replayed",
            "linked_failed",
            "insufficient_funds",
            "done",
            "insufficient_funds",
        ];
        assert_eq!(tried, expected);
        end(&bed, engine).await;
    }
}
