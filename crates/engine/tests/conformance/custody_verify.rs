//! Changed by hand: verification names the row, and what no longer follows from what.

crate::on_both!(row_and_chain);

mod cases {
    use domain::custody::OperationKind::{Deposit, Transfer};
    use domain::identity::Role;
    use domain::record::Val;
    use engine::custody::NewOperation;
    use uuid::Uuid;

    use crate::attacker::{Attacker, Key, assert_intact, close, verify};
    use crate::custody_desk::{asset, make, new, pending};
    use crate::support::{Bed, create_user};

    /// What is found of a row.
    async fn found(bed: &Bed, table: &str, id: Uuid) -> Vec<String> {
        let report = verify(&bed.options()).await;
        let of = report.findings.into_iter().filter(|finding| {
            finding.table == table && finding.id.as_deref() == Some(id.to_string().as_str())
        });
        of.map(|finding| finding.what).collect()
    }

    fn key(id: Uuid, bed: &Bed) -> Key {
        let value = match bed.on {
            crate::support::On::Sqlite => Val::Bytes(id.as_bytes().to_vec()),
            crate::support::On::Postgres => Val::Uuid(id),
        };
        vec![("id".to_owned(), value)]
    }

    /// One is of the seal, another one of what follows.
    #[track_caller]
    fn assert_both(found: &[String], follows: &str) {
        let (chain, seal): (Vec<_>, Vec<_>) = found.iter().partition(|what| what.contains(follows));
        assert!(!chain.is_empty() && !seal.is_empty(), "{follows}: {found:?}");
    }

    pub async fn row_and_chain(bed: Bed) {
        let engine = bed.open().await;
        asset(&engine, "BTC", 8, None).await;
        for name in ["ann", "bob"] {
            create_user(&engine, name, Role::USER).await.unwrap();
        }
        let mut made = Vec::new();
        let open: [NewOperation; 4] = [
            new(Deposit, "-", "user:ann", "10"),
            new(Transfer, "user:ann", "user:bob", "3"),
            new(Transfer, "user:bob", "user:ann", "1"),
            pending(Transfer, "user:ann", "user:bob", "2"),
        ];
        for new in open {
            made.push(make(&engine, new).await.unwrap().operation);
        }
        close(engine).await;
        assert_intact(&bed.options()).await;
        let mut attacker = Attacker::new(&bed).await;
        let ann = made[1].debit_id;
        // A balance that says more than its movements.
        for (column, more, follows) in [
            ("posted", "1100000000", "follows from the movements"),
            ("held", "0", "is what open operations hold"),
        ] {
            set(&mut attacker, "balances", column, more, ann, &bed).await;
            assert_both(&found(&bed, "balances", ann).await, follows);
            attacker.put_back("balances").await;
        }
        // A movement that moved another amount, or left other balances.
        for column in ["amount", "debit_posted", "credit_posted"] {
            set(&mut attacker, "operations", column, "7", made[1].id, &bed).await;
            assert_both(
                &found(&bed, "operations", made[1].id).await,
                "follows from the one before it",
            );
            attacker.put_back("operations").await;
        }
        // A movement that is gone: the next one does not go on from the one before it.
        attacker.delete("operations", &key(made[1].id, &bed)).await;
        let gone = found(&bed, "operations", made[1].id).await;
        assert!(!gone.is_empty(), "the row itself is missed");
        let next = found(&bed, "operations", made[2].id).await;
        assert!(
            next.iter()
                .all(|what| what.contains("follows from the one before it")),
            "{next:?}"
        );
        assert_eq!(next.len(), 2, "both sides: {next:?}");
        attacker.put_back("operations").await;
        // What is held by nobody, and a hold without a balance that knows of it.
        set(&mut attacker, "operations", "held", "5", made[3].id, &bed).await;
        assert!(!found(&bed, "operations", made[3].id).await.is_empty());
        let held = found(&bed, "balances", ann).await;
        assert!(
            held.iter()
                .any(|what| what.contains("is what open operations hold")),
            "{held:?}"
        );
        attacker.put_back("operations").await;
        assert_intact(&bed.options()).await;
    }

    async fn set(attacker: &mut Attacker, table: &str, column: &str, units: &str, id: Uuid, bed: &Bed) {
        let key = key(id, bed);
        let sql = format!("UPDATE {table} SET {column} = '{units}' WHERE id = $1");
        assert_eq!(attacker.conn.exec(&sql, &[key[0].1.clone()]).await.unwrap(), 1);
    }
}
