//! Which indexes lists of operations follow, where there are enough for a scan to show: each filter alone and with every
//! other one. The rows are put there by hand, since only the planner is asked.

crate::on_both!(each_list_follows_its_index);

mod cases {
    use domain::custody::{Amount, OperationKind, OperationStatus};
    use domain::identity::Role;
    use evidence::Timestamp;
    use store::Conn;
    use store::custody::{
        OperationFilter, count_of_sums, due_holds, due_operations, operations, sums_of_all_days,
    };
    use store::query::Order;
    use uuid::Uuid;

    use crate::attacker::close;
    use crate::custody_desk::{asset, make, new};
    use crate::indexes::{Ear, plan};
    use crate::list_plans::{Copied, assert_no_scan, copies};
    use crate::support::{Bed, On, create_user};

    /// The first of the filters, each of which finds a few.
    const FEW: usize = 4;

    /// Copies of the one operation that is there, each of an entry of its own, mostly of other balances.
    async fn fill(conn: &mut Conn) {
        copies(conn, "operations", |column| match column {
            "id" | "debit_id" => Some(Copied::Id),
            "entry" => Some(Copied::Number),
            _ => None,
        })
        .await;
    }

    /// Each filter by itself, with the index that leads to what it finds, the most telling first.
    fn filters(moment: Timestamp) -> Vec<(&'static [&'static str], OperationFilter)> {
        let id = Uuid::from_u128(7);
        let all = OperationFilter::default;
        vec![
            (
                &["operations_hash"],
                OperationFilter {
                    tx_hash: Some("00".to_owned()),
                    ..all()
                },
            ),
            (
                &["operations_parent"],
                OperationFilter {
                    parent: Some(id),
                    ..all()
                },
            ),
            (
                &["operations_reverses"],
                OperationFilter {
                    reverses: Some(id),
                    ..all()
                },
            ),
            (
                &["operations_reference"],
                OperationFilter {
                    reference: Some("invoice".to_owned()),
                    ..all()
                },
            ),
            (
                &["operations_debit", "operations_credit"],
                OperationFilter {
                    balances: vec![vec![id]],
                    ..all()
                },
            ),
            (
                &["operations_status"],
                OperationFilter {
                    status: Some(OperationStatus::Failed),
                    ..all()
                },
            ),
            (
                &["operations_kind"],
                OperationFilter {
                    kind: Some(OperationKind::Burn),
                    ..all()
                },
            ),
            (
                &["operations_asset"],
                OperationFilter {
                    asset: Some(id),
                    amount_min: Some(Amount::ZERO),
                    ..all()
                },
            ),
            (
                &["operations_asset"],
                OperationFilter {
                    asset: Some(id),
                    ..all()
                },
            ),
            (
                &["operations_created"],
                OperationFilter {
                    made: (None, Some(moment)),
                    ..all()
                },
            ),
            (&[], OperationFilter { moved: true, ..all() }),
            (
                &[],
                OperationFilter {
                    status: Some(OperationStatus::Completed),
                    ..all()
                },
            ),
        ]
    }

    /// Both conditions; none where both say something of the same.
    fn both(one: &OperationFilter, other: &OperationFilter) -> Option<OperationFilter> {
        if one.status.is_some() && other.status.is_some() {
            return None;
        }
        Some(OperationFilter {
            kind: one.kind.or(other.kind),
            status: one.status.or(other.status),
            asset: one.asset.or(other.asset),
            amount_min: one.amount_min.or(other.amount_min),
            balances: [one.balances.clone(), other.balances.clone()].concat(),
            tx_hash: one.tx_hash.clone().or_else(|| other.tx_hash.clone()),
            parent: one.parent.or(other.parent),
            reverses: one.reverses.or(other.reverses),
            reference: one.reference.clone().or_else(|| other.reference.clone()),
            made: (None, one.made.1.or(other.made.1)),
            moved: one.moved || other.moved,
            ..OperationFilter::default()
        })
    }

    /// What the planner says of all that is asked for a page, the buckets' beginnings among it.
    async fn plans(conn: &mut Conn, filter: &OperationFilter, size: u64, after: bool) -> String {
        let asked = Ear::heard(conn, async |conn| {
            for order in [Order::Ascending, Order::Descending] {
                let place = after.then_some(store::custody::OperationPlace {
                    entry: size - 1,
                    id: Uuid::from_u128(9),
                });
                operations(conn, (filter, engine::now()), order, place, 50, size)
                    .await
                    .unwrap();
            }
        })
        .await;
        let mut said = String::new();
        for sql in asked {
            said.push_str(&plan(conn, &sql).await);
            said.push('\n');
        }
        said
    }

    /// Every filter alone and in pairs, each way that the planner may know of the tables.
    async fn assert_plans(conn: &mut Conn, moment: Timestamp, size: u64) {
        let filters = filters(moment);
        for after in [false, true] {
            let said = plans(conn, &OperationFilter::default(), size, after).await;
            assert!(said.contains("operations_entry"), "{said}");
            assert_no_scan(&said, "operations", &"all");
            for (number, (indexes, filter)) in filters.iter().enumerate() {
                let alone = (filter.clone(), *indexes);
                let pairs = filters[number + 1..]
                    .iter()
                    .filter_map(|(others, other)| Some((both(filter, other)?, *others)));
                for (asked, others) in std::iter::once(alone).chain(pairs) {
                    let said = plans(conn, &asked, size, after).await;
                    assert_no_scan(&said, "operations", &asked);
                    let follows = |indexes: &[&str]| indexes.iter().all(|index| said.contains(index));
                    // Of two that find a few each, either will do.
                    let either = number < FEW && follows(others) && !others.is_empty();
                    assert!(
                        follows(indexes) || either,
                        "{asked:?} without {indexes:?}:\n{said}"
                    );
                }
            }
        }
        let (id, now) = (Uuid::from_u128(7), engine::now());
        let asked = Ear::heard(conn, async |conn| {
            due_operations(conn, None, now).await.unwrap();
            due_operations(conn, Some(id), now).await.unwrap();
            due_holds(conn, &[id], now).await.unwrap();
            sums_of_all_days(conn, Some(id)).await.unwrap();
            count_of_sums(conn, id).await.unwrap();
        })
        .await;
        for sql in asked {
            assert_no_scan(&plan(conn, &sql).await, "operations", &sql);
        }
    }

    pub async fn each_list_follows_its_index(bed: Bed) {
        let engine = bed.open().await;
        asset(&engine, "BTC", 8, None).await;
        let moment = engine::now();
        create_user(&engine, "ann", Role::USER).await.unwrap();
        make(&engine, new(OperationKind::Mint, "-", "user:ann", "1"))
            .await
            .unwrap();
        let size = *engine.size().borrow();
        let mut conn = engine.db().writer().await.unwrap();
        close(engine).await;
        fill(&mut conn).await;
        if bed.on == On::Postgres {
            conn.batch("SET plan_cache_mode = force_generic_plan")
                .await
                .unwrap();
        }
        assert_plans(&mut conn, moment, size).await;
        conn.batch("ANALYZE").await.unwrap();
        assert_plans(&mut conn, moment, size).await;
    }
}
