//! What people must decide: approvals, KYC, and the time that a new destination cools off.

crate::on_both!(
    approved_by_another_and_used_once,
    approvals_expire,
    two_must_approve,
    what_became_of_it_is_said_by_two,
    a_tier_from_submission_to_expiry,
    a_destination_cools_off,
    shown_where_a_balance_was_changed_by_hand
);

mod cases {
    use domain::custody::OperationKind::{Deposit, Transfer, Withdrawal};
    use domain::custody::OperationStatus;
    use domain::custody::destination::AddDestination;
    use domain::custody::kyc::{Approve, KycStatus};
    use domain::custody::operation::{Step, Transaction};
    use domain::custody::rules::{CustodyRules, LimitRule, ThresholdRule};
    use domain::identity::{Role, Scope};
    use domain::record::Val;
    use domain::{Caller, Command, Origin, Reply};
    use engine::Engine;
    use engine::custody::{NewOperation, NewStep, Proposal, StepKind};
    use evidence::Timestamp;
    use uuid::Uuid;

    use crate::attacker::{Attacker, assert_intact, close};
    use crate::custody_desk::*;
    use crate::people::{code, now, open_with, person, session};
    use crate::support::{Bed, create_key, operator};
    use domain::custody::operation::steps::{Complete, MarkUnknown, Resolve, Start};

    /// Ann is an admin with a key, bob has 100 BTC, cyd and dora decide; transfers and withdrawals of more than 5 need an
    /// approval.
    struct World {
        engine: Engine,
        clerk: Caller,
        bob: Uuid,
        cyd: Caller,
        dora: Caller,
    }

    impl World {
        async fn new(bed: &Bed, change: impl FnOnce(&mut CustodyRules)) -> World {
            let threshold = |kind, quorum| ThresholdRule {
                asset: "BTC".into(),
                kind,
                amount: "5".into(),
                quorum,
            };
            let engine = open_with(bed, |rules| {
                rules.custody.thresholds = vec![threshold(Transfer, 1), threshold(Withdrawal, 2)];
                change(&mut rules.custody);
            })
            .await;
            person(&engine, "ann", Role::ADMIN).await;
            let bob = person(&engine, "bob", Role::USER).await.id;
            for name in ["cyd", "dora"] {
                person(&engine, name, Role::COMPLIANCE).await;
            }
            let clerk = create_key(&engine, "ann", vec![Scope::Custody, Scope::Governance]).await;
            asset(&engine, "BTC", 8, None).await;
            make(&engine, new(Deposit, "-", "user:bob", "100")).await.unwrap();
            World {
                clerk,
                bob,
                cyd: session(&engine, "cyd").await,
                dora: session(&engine, "dora").await,
                engine,
            }
        }

        async fn end(self, bed: &Bed) {
            close(self.engine).await;
            assert_intact(&bed.options()).await;
        }

        async fn code(&self, caller: &Caller, command: Command) -> &'static str {
            code(self.engine.submit(caller, Origin::default(), command).await)
        }

        /// What comes of a payment by ann's key.
        async fn pay(&self, amount: &str, approval: Option<Uuid>) -> &'static str {
            self.pay_as(&self.clerk, amount, approval).await
        }

        async fn pay_as(&self, caller: &Caller, amount: &str, approval: Option<Uuid>) -> &'static str {
            let new = NewOperation {
                approval,
                ..payment(amount)
            };
            code(make_as(&self.engine, caller, new).await)
        }

        async fn ask(&self, proposal: Proposal, expires_at: Option<Timestamp>) -> Uuid {
            request_approval(&self.engine, &self.clerk, proposal, expires_at).await
        }

        async fn step(&self, operation: Uuid, step: Step) -> &'static str {
            code(step_as(&self.engine, &self.clerk, operation, StepKind::Other(step)).await)
        }
    }

    fn payment(amount: &str) -> NewOperation {
        new(Transfer, "user:bob", "house:fees", amount)
    }

    fn proposed(amount: &str) -> Proposal {
        Proposal::Operation(Box::new(payment(amount)))
    }

    pub async fn approved_by_another_and_used_once(bed: Bed) {
        let world = World::new(&bed, |_| {}).await;
        assert_eq!(world.pay("6", None).await, "approval_required");
        let approval = world.ask(proposed("6"), None).await;
        assert_eq!(world.pay("6", Some(approval)).await, "approval_not_granted");
        // Neither a program votes, nor who asks, nor who may not.
        let key = create_key(&world.engine, "cyd", vec![Scope::Admin]).await;
        assert_eq!(
            world.code(&key, vote(&world.engine, approval, true).await).await,
            "session_needed"
        );
        let own = session(&world.engine, "ann").await;
        assert_eq!(
            world.code(&own, vote(&world.engine, approval, true).await).await,
            "own_request"
        );
        let bob = session(&world.engine, "bob").await;
        assert_eq!(
            world.code(&bob, vote(&world.engine, approval, true).await).await,
            "permission_missing"
        );
        assert_eq!(
            world
                .code(&operator(), vote(&world.engine, approval, true).await)
                .await,
            "session_needed"
        );
        assert_eq!(
            world
                .code(&world.cyd, vote(&world.engine, approval, true).await)
                .await,
            "done"
        );
        assert_eq!(world.pay("6.00000001", Some(approval)).await, "approval_differs");
        assert_eq!(
            world.pay_as(&operator(), "6", Some(approval)).await,
            "approval_not_own"
        );
        assert_eq!(world.pay("5", Some(approval)).await, "approval_not_needed");
        assert_eq!(world.pay("6", Some(Uuid::from_u128(1))).await, "unknown_approval");
        assert_eq!(world.pay("6", Some(approval)).await, "done");
        assert_eq!(world.pay("6", Some(approval)).await, "approval_not_granted");
        let view = world.engine.approval(approval).await.unwrap().unwrap();
        assert_eq!(view.approval.status.as_str(), "used");
        assert_eq!(view.votes.len(), 1);
        assert_eq!(units(&world.engine, "house:fees").await.0, 600_000_000);
        // One vote against is enough, and what was decided stays.
        let other = world.ask(proposed("7"), None).await;
        assert_eq!(
            world
                .code(&world.dora, vote(&world.engine, other, false).await)
                .await,
            "done"
        );
        assert_eq!(
            world
                .code(&world.cyd, vote(&world.engine, other, true).await)
                .await,
            "approval_decided"
        );
        assert_eq!(world.pay("7", Some(other)).await, "approval_not_granted");
        world.end(&bed).await;
    }

    pub async fn approvals_expire(bed: Bed) {
        let world = World::new(&bed, |_| {}).await;
        let end = soon(1_500);
        let [pending, granted] = [
            world.ask(proposed("6"), Some(end)).await,
            world.ask(proposed("7"), Some(end)).await,
        ];
        assert_eq!(
            world
                .code(&world.cyd, vote(&world.engine, granted, true).await)
                .await,
            "done"
        );
        past(end).await;
        for _ in 0..2 {
            assert_eq!(
                world
                    .code(&world.cyd, vote(&world.engine, pending, true).await)
                    .await,
                "approval_expired"
            );
            assert_eq!(world.pay("7", Some(granted)).await, "approval_not_granted");
            // The answers are the same once it is written down.
            world.engine.sweep().await.unwrap();
        }
        assert_eq!(world.engine.sweep().await.unwrap().approvals, 0);
        let late = domain::approval::RequestApproval {
            id: None,
            action: "invoice.pay".into(),
            arguments: "{}".into(),
            reason: None,
            quorum: Some(1),
            expires_at: Some(now().plus_seconds(2 * 86_400)),
            execution: None,
        };
        let late = Command::RequestApproval(late);
        assert_eq!(world.code(&world.clerk, late).await, "invalid_field");
        world.end(&bed).await;
    }

    /// A withdrawal above the threshold needs two others before it is sent.
    pub async fn two_must_approve(bed: Bed) {
        let world = World::new(&bed, |_| {}).await;
        make(&world.engine, new(Deposit, "-", "house:omnibus", "9"))
            .await
            .unwrap();
        let out = new(Withdrawal, "house:omnibus", "-", "6");
        let out = make_as(&world.engine, &world.clerk, out)
            .await
            .unwrap()
            .operation
            .id;
        let start = |approval| {
            Step::Start(Start {
                transaction: Transaction::default(),
                approval,
            })
        };
        assert_eq!(world.step(out, start(None)).await, "approval_required");
        let proposal = Proposal::Step(NewStep {
            operation: out,
            version: None,
            kind: StepKind::Other(start(None)),
        });
        let approval = world.ask(proposal, None).await;
        assert_eq!(
            world
                .code(&world.cyd, vote(&world.engine, approval, true).await)
                .await,
            "done"
        );
        assert_eq!(
            world
                .code(&world.cyd, vote(&world.engine, approval, true).await)
                .await,
            "done",
            "again changes nothing"
        );
        assert_eq!(
            world.step(out, start(Some(approval))).await,
            "approval_not_granted"
        );
        assert_eq!(
            world
                .code(&world.dora, vote(&world.engine, approval, true).await)
                .await,
            "done"
        );
        assert_eq!(world.step(out, start(Some(approval))).await, "done");
        assert_eq!(
            world
                .step(
                    out,
                    Step::Complete(Complete {
                        transaction: Transaction::default()
                    })
                )
                .await,
            "done"
        );
        assert_eq!(
            units(&world.engine, "house:omnibus").await,
            (300_000_000, 0, 300_000_000)
        );
        world.end(&bed).await;
    }

    pub async fn what_became_of_it_is_said_by_two(bed: Bed) {
        let world = World::new(&bed, |_| {}).await;
        make(&world.engine, new(Deposit, "-", "house:omnibus", "9"))
            .await
            .unwrap();
        for completed in [true, false] {
            let out = new(Withdrawal, "house:omnibus", "-", "3");
            let out = make_as(&world.engine, &world.clerk, out)
                .await
                .unwrap()
                .operation
                .id;
            let start = Step::Start(Start {
                transaction: Transaction::default(),
                approval: None,
            });
            assert_eq!(world.step(out, start).await, "done");
            let lost = Step::MarkUnknown(MarkUnknown {
                error: "no answer".into(),
            });
            assert_eq!(world.step(out, lost).await, "done");
            assert_eq!(
                world
                    .step(
                        out,
                        Step::Complete(Complete {
                            transaction: Transaction::default()
                        })
                    )
                    .await,
                "wrong_status"
            );
            let resolve = |evidence: &str, approval| {
                Step::Resolve(Resolve {
                    completed,
                    evidence: evidence.into(),
                    transaction: Transaction::default(),
                    approval,
                })
            };
            assert_eq!(world.step(out, resolve("seen", None)).await, "approval_required");
            let proposal = Proposal::Step(NewStep {
                operation: out,
                version: None,
                kind: StepKind::Other(resolve("seen", None)),
            });
            let (action, arguments, _) = world.engine.approval_arguments(proposal).await.unwrap();
            let request = domain::approval::RequestApproval {
                id: None,
                action,
                arguments,
                reason: None,
                quorum: Some(1),
                expires_at: None,
                execution: None,
            };
            let reply = done(&world.engine, &world.clerk, Command::RequestApproval(request)).await;
            let Reply::Approval { approval, .. } = reply else {
                panic!("{reply:?}")
            };
            done(
                &world.engine,
                &world.dora,
                vote(&world.engine, approval.id, true).await,
            )
            .await;
            let used = Some(approval.id);
            assert_eq!(world.step(out, resolve("heard", used)).await, "approval_differs");
            assert_eq!(world.step(out, resolve("seen", used)).await, "done");
            let view = world.engine.operation(out).await.unwrap().unwrap();
            let status = if completed {
                OperationStatus::Completed
            } else {
                OperationStatus::Failed
            };
            assert_eq!(
                (view.operation.status, view.operation.approval_id),
                (status, used)
            );
        }
        assert_eq!(
            units(&world.engine, "house:omnibus").await,
            (600_000_000, 0, 600_000_000)
        );
        world.end(&bed).await;
    }

    pub async fn a_tier_from_submission_to_expiry(bed: Bed) {
        let limit = |tier, amount: &str| LimitRule {
            tier,
            asset: "BTC".into(),
            kind: Transfer,
            window_s: 3_600,
            amount: amount.into(),
        };
        let world = World::new(&bed, |rules| rules.limits = vec![limit(0, "1"), limit(1, "5")]).await;
        let (engine, bob) = (&world.engine, world.bob);
        assert_eq!(world.pay("2", None).await, "tier_limit");
        let before = now();
        let own = session(engine, "bob").await;
        let (record, document) = submit_kyc(engine, &own, bob, 1).await;
        let approve = |record| decide_kyc(record, bob, Approve { expires_at: None });
        assert_eq!(
            world.code(&world.cyd, approve(record)).await,
            "documents_unverified"
        );
        verified(engine, &world.cyd, (record, document)).await;
        assert_eq!(world.code(&own, approve(record)).await, "permission_missing");
        let key = create_key(engine, "cyd", vec![Scope::Admin]).await;
        assert_eq!(world.code(&key, approve(record)).await, "session_needed");
        let end = soon(2_500);
        let until = Approve {
            expires_at: Some(end),
        };
        assert_eq!(
            world.code(&world.cyd, decide_kyc(record, bob, until)).await,
            "done"
        );
        let approved_at = now();
        // Held under tier 1, and captured only while that is good.
        let held = pending(Transfer, "user:bob", "house:fees", "2");
        let held = make_as(engine, &world.clerk, held).await.unwrap().operation.id;
        step(engine, held, capture("0.5")).await.unwrap();
        past(end).await;
        for _ in 0..2 {
            assert_eq!(code(step(engine, held, capture("0.5")).await), "kyc_expired");
            let view = engine.operation(held).await.unwrap().unwrap();
            assert_eq!(view.on_hold, Some((1, 0)));
            assert_eq!(engine.tier_at(bob, before).await.unwrap(), 0);
            assert_eq!(engine.tier_at(bob, approved_at).await.unwrap(), 1);
            assert_eq!(engine.tier_at(bob, now()).await.unwrap(), 0);
            // Whether or not the expiry is written down.
            engine.sweep().await.unwrap();
        }
        let expired = engine.kyc_record(record).await.unwrap().unwrap().record;
        assert_eq!(
            (expired.status, expired.ended_at),
            (KycStatus::Expired, Some(end))
        );
        assert_eq!(world.pay("0.1", None).await, "tier_limit");
        approved(engine, &world.dora, bob, 1, None).await;
        step(engine, held, capture("0.5")).await.unwrap();
        assert_eq!(engine.operation(held).await.unwrap().unwrap().on_hold, None);
        assert_eq!(world.pay("3", None).await, "done");
        assert_eq!(world.pay("0.1", None).await, "tier_limit");
        world.end(&bed).await;
    }

    pub async fn a_destination_cools_off(bed: Bed) {
        let world = World::new(&bed, |rules| rules.cooling_off_s = 2).await;
        let (engine, own) = (&world.engine, session(&world.engine, "bob").await);
        let asset = engine.asset_named("btc").await.unwrap().id;
        let add = || {
            Command::AddDestination(AddDestination {
                id: None,
                user: world.bob,
                asset,
                address: "bc1qcold".into(),
                label: None,
            })
        };
        let reply = done(engine, &own, add()).await;
        let Reply::Destination(destination) = reply else {
            panic!("{reply:?}")
        };
        assert_eq!(world.code(&own, add()).await, "destination_exists");
        let out = |to| NewOperation {
            destination: Some(to),
            ..new(Withdrawal, "user:bob", "-", "1")
        };
        let early = make_as(engine, &own, out(destination.id)).await;
        assert_eq!(code(early), "destination_cooling_off");
        let elsewhere = make_as(engine, &own, out(Uuid::from_u128(9))).await;
        assert_eq!(code(elsewhere), "unknown_destination");
        past(destination.usable_at).await;
        let made = make_as(engine, &own, out(destination.id)).await.unwrap();
        assert_eq!(made.operation.status, OperationStatus::Pending);
        let remove = domain::custody::destination::RemoveDestination {
            destination: destination.id,
        };
        done(engine, &own, Command::RemoveDestination(remove)).await;
        let gone = make_as(engine, &own, out(destination.id)).await;
        assert_eq!(code(gone), "unknown_destination");
        world.end(&bed).await;
    }

    /// Whose a balance is follows from its id; what else is wrong with it harms no list of approvals.
    pub async fn shown_where_a_balance_was_changed_by_hand(bed: Bed) {
        let world = World::new(&bed, |_| {}).await;
        let approval = world.ask(proposed("6"), None).await;
        let row = world.engine.approval(approval).await.unwrap().unwrap().approval;
        let known = world.engine.approval_subject(&row).await.unwrap().unwrap();
        let key = vec![("id".to_owned(), Val::Uuid(known.debit.balance))];
        let mut attacker = Attacker::new(&bed).await;
        let before = attacker.get("balances", "version", &key).await;
        for (version, proven) in [(7, true), (-5, false)] {
            // A process that knows no names yet.
            let afresh = Engine::open(bed.options()).await.unwrap();
            attacker
                .set("balances", "version", &key, &version.into())
                .await
                .unwrap();
            let shown = afresh.approval_subject(&row).await.unwrap().unwrap();
            assert_eq!(shown.credit.account, known.credit.account, "{version}");
            if proven {
                assert_eq!(shown.debit.account, known.debit.account, "{version}");
            }
            attacker.set("balances", "version", &key, &before).await.unwrap();
            close(afresh).await;
        }
        drop(attacker);
        world.end(&bed).await;
    }
}
