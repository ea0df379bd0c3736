//! Histories from memory: each answer is what the database says, whatever happened since the last one.

crate::on_both!(histories_from_memory);

mod cases {
    use domain::Origin;
    use domain::custody::OperationKind::{Deposit, Reversal, Transfer};
    use domain::custody::operation::Step;
    use domain::custody::operation::steps::Release;
    use domain::identity::Role;
    use engine::Engine;
    use engine::custody::{NewOperation, StepKind};
    use store::custody::OperationFilter;
    use store::query::Order::Descending;
    use uuid::Uuid;

    use crate::attacker::close;
    use crate::custody_desk::{asset, capture, make, new, pending, step};
    use crate::support::{Bed, create_user, operator};

    /// What is compared of an operation in a list.
    type Shown = (Uuid, u64, Option<u64>, Option<Uuid>, Option<String>);

    /// A balance's newest operations as the engine shows them, and as the database has them.
    async fn both(engine: &Engine, balance: Uuid, limit: u32) -> [Vec<Shown>; 2] {
        let filter = OperationFilter {
            balances: vec![vec![balance]],
            ..OperationFilter::default()
        };
        let (shown, _) = engine.operations(&filter, Descending, None, limit).await.unwrap();
        let mut conn = engine.db().reader().await.unwrap();
        let asked = (&filter, engine.now());
        let stored = store::custody::operations(&mut conn, asked, Descending, None, limit, u64::MAX).await;
        let shown = shown.into_iter().map(|view| {
            let row = view.operation;
            (row.id, view.version, view.entry, view.reversed_by, row.reference)
        });
        let stored = stored.unwrap().into_iter().map(|(sealed, reversed_by)| {
            let row = sealed.row;
            (
                row.id,
                sealed.version,
                Some(sealed.entry),
                reversed_by,
                row.reference,
            )
        });
        [shown.collect(), stored.collect()]
    }

    /// Lists of different lengths and the statement, each asked for twice.
    async fn compare(engine: &Engine, balances: [Uuid; 2]) {
        for balance in balances {
            for limit in [50, 3, 50, 3, 1, 1_000] {
                let [shown, stored] = both(engine, balance, limit).await;
                assert_eq!(shown, stored);
            }
            let statement = |limit| engine.statement(balance, (None, None), Descending, None, limit);
            let whole = statement(1_000).await.unwrap();
            for _ in 0..2 {
                let page = statement(20).await.unwrap();
                assert_eq!(page.lines[..], whole.lines[..whole.lines.len().min(20)]);
                assert_eq!(page.next.is_some(), whole.lines.len() > 20);
            }
        }
    }

    pub async fn histories_from_memory(bed: Bed) {
        let engine = bed.open().await;
        for user in ["ann", "bob"] {
            create_user(&engine, user, Role::USER).await.unwrap();
        }
        asset(&engine, "BTC", 8, None).await;
        let first = make(&engine, new(Deposit, "-", "user:ann", "100"))
            .await
            .unwrap()
            .operation;
        let transfer = || new(Transfer, "user:ann", "user:bob", "0.01");
        let moved = make(&engine, transfer()).await.unwrap().operation;
        let balances = [first.credit_id, moved.credit_id];
        compare(&engine, balances).await;
        // Holds, captures and releases, whose operations come to the front again; a reversal of what is kept already.
        for round in 0..20 {
            let list = (0..5).map(|number| NewOperation {
                linked: number < round % 5,
                ..transfer()
            });
            let caller = operator();
            let made = engine.create_operations(&caller, Origin::default(), list.collect(), None);
            let made = made.await.unwrap();
            compare(&engine, balances).await;
            let held = make(&engine, pending(Transfer, "user:bob", "user:ann", "0.02"));
            let held = held.await.unwrap().operation.id;
            compare(&engine, balances).await;
            step(&engine, held, capture("0.01")).await.unwrap();
            compare(&engine, balances).await;
            if round % 2 == 0 {
                let release = StepKind::Other(Step::Release(Release { reason: None }));
                step(&engine, held, release).await.unwrap();
            }
            let back = NewOperation {
                reverses: Some(made[2].as_ref().unwrap().operation.id),
                ..NewOperation::new(Reversal)
            };
            make(&engine, back).await.unwrap();
            compare(&engine, balances).await;
        }
        from_memory(&engine, balances[1]).await;
        close(engine).await;
    }

    /// What is changed by hand behind the first row is not seen, since it comes from memory; as soon as the first row is not
    /// the one that is kept, all of it comes from the database.
    async fn from_memory(engine: &Engine, balance: Uuid) {
        let held = || pending(Transfer, "user:bob", "user:ann", "0.01");
        let behind = make(engine, held()).await.unwrap().operation.id;
        let front = make(engine, held()).await.unwrap().operation.id;
        let mut conn = engine.db().writer().await.unwrap();
        let [shown, stored] = both(engine, balance, 10).await;
        assert_eq!(shown, stored);
        for (id, seen) in [(behind, false), (front, true)] {
            let sql = "UPDATE operations SET reference = $1 WHERE id = $2";
            let changed = conn.exec(sql, &["by hand".into(), id.into()]).await.unwrap();
            assert_eq!(changed, 1);
            let [shown, stored] = both(engine, balance, 10).await;
            assert_eq!(shown == stored, seen);
        }
    }
}
