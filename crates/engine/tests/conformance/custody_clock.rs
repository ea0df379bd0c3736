//! What the clock has decided is so in every list, statistic and sum, before it is written down and after.

crate::on_both!(what_has_expired_is_so_before_the_sweep_and_after);

mod cases {
    use std::collections::BTreeMap;

    use domain::Command;
    use domain::approval::{Approval, ApprovalStatus, RequestApproval};
    use domain::custody::OperationKind::{Deposit, Transfer};
    use domain::custody::kyc::{KycRecord, KycStatus};
    use domain::custody::{OperationKind, OperationStatus};
    use domain::identity::Role;
    use engine::Engine;
    use engine::clock::Clock;
    use engine::custody::{NewOperation, approval_in_status, kyc_in_status};
    use evidence::Timestamp;
    use store::custody::{OperationFilter, OperationPlace};
    use store::query::Order;
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::{approved, asset, capture, done, make, new, pending, step, user_id, vote};
    use crate::people::{now, person, session_of};
    use crate::support::{Bed, operator};

    /// Everything that is answered about what stands where, page by page of two.
    #[derive(Debug, PartialEq)]
    struct Answers {
        operations: BTreeMap<&'static str, Vec<Uuid>>,
        kyc: BTreeMap<&'static str, Vec<Uuid>>,
        approvals: BTreeMap<&'static str, Vec<Uuid>>,
        figures: Vec<(OperationKind, OperationStatus, u64, i128)>,
        held: i128,
        shown: Vec<(OperationStatus, i128)>,
    }

    async fn operations(engine: &Engine, status: OperationStatus, order: Order) -> Vec<Uuid> {
        let filter = OperationFilter {
            status: Some(status),
            ..OperationFilter::default()
        };
        let mut after: Option<OperationPlace> = None;
        let mut ids = Vec::new();
        loop {
            let (page, next) = engine.operations(&filter, order, after, 2).await.unwrap();
            for view in &page {
                assert_eq!(view.operation.status, status, "what is listed is shown so");
            }
            assert!(
                next.is_none() || page.len() == 2,
                "a page is cut after it is filtered"
            );
            ids.extend(page.iter().map(|view| view.operation.id));
            after = next;
            if after.is_none() {
                ids.sort_unstable();
                return ids;
            }
        }
    }

    async fn answers(engine: &Engine, made: &[Uuid]) -> Answers {
        let mut all = Answers {
            operations: BTreeMap::new(),
            kyc: BTreeMap::new(),
            approvals: BTreeMap::new(),
            figures: Vec::new(),
            held: 0,
            shown: Vec::new(),
        };
        for status in OperationStatus::ALL {
            let found = operations(engine, *status, Order::Descending).await;
            assert_eq!(found, operations(engine, *status, Order::Ascending).await);
            all.operations.insert(status.as_str(), found);
        }
        for status in KycStatus::ALL {
            let here = [kyc_in_status(*status, engine.now())];
            let (found, more) = engine.select::<KycRecord>(&here, None, None).await.unwrap();
            assert!(!more);
            let now = engine.now();
            assert!(
                found
                    .iter()
                    .all(|one| one.row.clone().as_of(now).status == *status)
            );
            // One more than is there is not asked for: a page is full while there are more.
            let mut ids = Vec::new();
            loop {
                let after = ids.last().copied();
                let (page, _) = engine.select::<KycRecord>(&here, after, Some(1)).await.unwrap();
                let Some(one) = page.first() else { break };
                ids.push(one.row.id);
            }
            assert_eq!(ids.len(), found.len());
            all.kyc.insert(status.as_str(), ids);
        }
        for status in ApprovalStatus::ALL {
            let here = [approval_in_status(*status, engine.now())];
            let (found, _) = engine.select::<Approval>(&here, None, None).await.unwrap();
            let now = engine.now();
            assert!(
                found
                    .iter()
                    .all(|one| one.row.clone().as_of(now).status == *status)
            );
            let ids = found.iter().map(|one| one.row.id).collect();
            all.approvals.insert(status.as_str(), ids);
        }
        let figures = engine.operation_figures(None, (None, None), false).await.unwrap();
        all.figures = figures
            .iter()
            .map(|figure| (figure.kind, figure.status, figure.count, figure.amount.units()))
            .collect();
        let asset = engine.asset_named("btc").await.unwrap();
        let supply = engine.supply(&asset).await.unwrap();
        assert_eq!(supply.sum.units(), 0);
        all.held = supply.held.units();
        for id in made {
            let view = engine.operation(*id).await.unwrap().unwrap();
            all.shown
                .push((view.operation.status, view.operation.held.units()));
        }
        all
    }

    /// Pending operations of every sort that expire an hour from `start`, and some that do not.
    async fn expiring(engine: &Engine, start: Timestamp) -> Vec<Uuid> {
        let hour = Some(start.plus_seconds(3_600));
        let (mut made, mut with) = (Vec::new(), Vec::new());
        for number in 0..5 {
            let amount = format!("0.{}", number + 1);
            with.push(NewOperation {
                expires_at: hour,
                ..pending(Transfer, "user:ann", "user:bob", &amount)
            });
            with.push(NewOperation {
                expires_at: hour,
                ..pending(Deposit, "-", "user:bob", &amount)
            });
            with.push(pending(Transfer, "user:ann", "user:bob", &amount));
            with.push(NewOperation {
                expires_at: Some(start.plus_seconds(90_000)),
                ..pending(Deposit, "-", "user:ann", &amount)
            });
        }
        for new in with {
            made.push(make(engine, new).await.unwrap().operation.id);
        }
        // One of which a part was captured ends completed.
        step(engine, made[0], capture("0.04")).await.unwrap();
        made
    }

    pub async fn what_has_expired_is_so_before_the_sweep_and_after(bed: Bed) {
        Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
        let start = now();
        let (clock, set_clock) = Clock::set_by_hand(start);
        let mut options = bed.options();
        options.clock = clock;
        let engine = Engine::open(options).await.unwrap();
        asset(&engine, "BTC", 8, None).await;
        for (name, role) in [
            ("ann", Role::USER),
            ("bob", Role::USER),
            ("cyd", Role::COMPLIANCE),
        ] {
            person(&engine, name, role).await;
        }
        let cyd = session_of(&engine, user_id(&engine, "cyd").await).await;
        make(&engine, new(Deposit, "-", "user:ann", "100")).await.unwrap();
        let made = expiring(&engine, start).await;
        for (name, seconds) in [("ann", 3_600), ("bob", 90_000)] {
            let user = user_id(&engine, name).await;
            approved(&engine, &cyd, user, 1, Some(start.plus_seconds(seconds))).await;
        }
        for seconds in [3_600, 3_600, 80_000] {
            for granted in [false, true] {
                let command = RequestApproval {
                    id: None,
                    action: "cat.feed".into(),
                    arguments: "{}".into(),
                    reason: None,
                    quorum: Some(1),
                    expires_at: Some(start.plus_seconds(seconds)),
                    execution: None,
                };
                let reply = done(&engine, &operator(), Command::RequestApproval(command)).await;
                let domain::Reply::Approval { approval, .. } = reply else {
                    panic!("{reply:?}")
                };
                if granted {
                    done(&engine, &cyd, vote(&engine, approval.id, true).await).await;
                }
            }
        }
        let before = answers(&engine, &made).await;
        assert_eq!(
            (
                before.operations["pending"].len(),
                before.operations["cancelled"].len()
            ),
            (20, 0)
        );
        assert_eq!(
            (before.kyc["approved"].len(), before.kyc["expired"].len()),
            (2, 0)
        );
        assert_eq!(
            (
                before.approvals["pending"].len(),
                before.approvals["granted"].len()
            ),
            (3, 3)
        );

        set_clock(start.plus_seconds(3_600));
        let unswept = answers(&engine, &made).await;
        assert_eq!(
            (
                unswept.operations["pending"].len(),
                unswept.operations["cancelled"].len()
            ),
            (10, 9)
        );
        assert!(unswept.operations["completed"].contains(&made[0]));
        assert_eq!(
            (unswept.kyc["approved"].len(), unswept.kyc["expired"].len()),
            (1, 1)
        );
        assert_eq!(
            (
                unswept.approvals["pending"].len(),
                unswept.approvals["granted"].len()
            ),
            (1, 1)
        );
        assert_eq!(unswept.approvals["expired"].len(), 4);
        assert!(before.held > unswept.held, "{} {}", before.held, unswept.held);
        assert_eq!(
            unswept.held, 150_000_000,
            "what ann has given to what does not expire"
        );
        // Whoever looks without a server sees the same, for nothing was written.
        let swept = engine.sweep().await.unwrap();
        assert_eq!((swept.operations, swept.kyc_records, swept.approvals), (10, 1, 4));
        assert_eq!(answers(&engine, &made).await, unswept);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
