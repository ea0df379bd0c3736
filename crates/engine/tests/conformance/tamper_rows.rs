//! Rows deleted, added, swapped, put back to an older version, and rewritten without contradiction.

crate::on_both!(
    deleted,
    added,
    swapped,
    rewritten_without_contradiction,
    put_back_to_an_older_version,
    hostile_values
);

mod cases {
    use domain::identity::api_key::{ApiKey, RevokeApiKey};
    use domain::record::{Record, Val};
    use engine::EntryKey;
    use evidence::leaf::{Leaf, Outcome};

    use crate::attacker::{
        Attacker, Key, assert_intact, close, entry_key, is_side_table, names_entry, names_row, verify,
    };
    use crate::support::{Bed, On, create_key, rich_log, submit};

    pub async fn deleted(bed: Bed) {
        close(rich_log(&bed).await).await;
        let options = bed.options();
        let mut attacker = Attacker::new(&bed).await;
        for table in attacker.tables.clone().into_keys() {
            let keys = attacker.keys(&table, "1 = 1").await;
            for key in [&keys[0], &keys[keys.len() / 2], &keys[keys.len() - 1]] {
                attacker.delete(&table, key).await;
                let report = verify(&options).await;
                assert!(
                    names_row(&report, &table, &key[0].1) != is_side_table(&table),
                    "{table} {key:?}: {:#?}",
                    report.findings
                );
                attacker.put_back(&table).await;
            }
            // All rows of the table at once.
            attacker
                .conn
                .batch(&format!("DELETE FROM {table}"))
                .await
                .unwrap();
            let report = verify(&options).await;
            assert!(
                report.findings.iter().any(|finding| finding.table == table) != is_side_table(&table),
                "{table}: {:#?}",
                report.findings
            );
            attacker.put_back(&table).await;
        }
        assert_intact(&options).await;
    }

    /// Columns that no two rows share.
    fn unique(table: &str) -> &'static [&'static str] {
        match table {
            "entries" => &["entry", "id"],
            "users" => &["id", "username"],
            "agents" => &["id", "name"],
            "api_keys" | "sessions" | "invitations" => &["id", "hash"],
            "erasures" => &["id", "erased"],
            "prunings" => &["id", "bucket"],
            "subtrees" => &["height", "position"],
            "log_head" | "legal_holds" | "last_seen" | "second_factors" | "kyc_documents" | "approvals"
            | "sums" | "executions" | "metrics" | "execution_days" => &["id"],
            "schema_migrations" => &["version"],
            "assets" => &["id", "code"],
            "balances" => &["id", "asset_id"],
            "kyc_records" | "destinations" | "approval_votes" | "conversations" => &["id", "user_id"],
            "operations" => &["id", "reverses_id"],
            "chain_outputs" | "execution_steps" => &["id", "number"],
            "counters" => &["subject"],
            "jobs" => &["job"],
            "leases" => &["name"],
            "roots" => &["id", "place"],
            other => panic!("say which columns of {other} are unique"),
        }
    }

    pub async fn added(bed: Bed) {
        close(rich_log(&bed).await).await;
        let options = bed.options();
        let mut attacker = Attacker::new(&bed).await;
        for table in attacker.tables.clone().into_keys() {
            let key = attacker.keys(&table, "1 = 1").await.pop().unwrap();
            for step in [8, -10_000] {
                let mut row = attacker.row(&table, &key).await;
                for column in unique(&table) {
                    let value = &mut row.0[attacker.position(&table, column)];
                    *value = match value {
                        Val::Int(number) => Val::Int(*number + step),
                        Val::Text(text) => Val::Text(format!("{text}{step}")),
                        Val::Null => Val::Null,
                        Val::Bytes(bytes) => Val::Bytes(bytes.iter().map(|byte| byte ^ 0x55).collect()),
                        Val::Uuid(id) => Val::Uuid(uuid::Uuid::from_u128(id.as_u128() ^ 0x55)),
                        other => panic!("{table}.{column}: {other:?}"),
                    };
                }
                attacker.insert(&table, &row).await;
                let report = verify(&options).await;
                let first = row.0[attacker.position(&table, &key[0].0)].clone();
                let named = match (table.as_str(), &first) {
                    ("entries", Val::Int(index)) if *index < 0 => {
                        report.findings.iter().any(|f| f.table == "entries")
                    }
                    _ => names_row(&report, &table, &first),
                };
                assert!(
                    named != is_side_table(&table),
                    "{table} {first:?}: {:#?}",
                    report.findings
                );
                attacker.put_back(&table).await;
            }
        }
        assert_intact(&options).await;
    }

    pub async fn swapped(bed: Bed) {
        close(rich_log(&bed).await).await;
        let options = bed.options();
        let size = assert_intact(&options).await.size;
        let mut attacker = Attacker::new(&bed).await;
        let all: Vec<String> = attacker.tables["entries"]
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let all: Vec<&str> = all
            .iter()
            .map(String::as_str)
            .filter(|name| *name != "entry")
            .collect();
        let some = ["leaf", "payload", "salt"];
        let pairs = [
            (100, 101),
            (20, 200),
            (0, 1),
            (size - 5, size - 2),
            (size - 2, size - 1),
            (100, size - 5),
            (255, 256),
        ];
        for columns in [&all[..], &some[..]] {
            for (a, b) in pairs {
                let rows = [
                    attacker.row("entries", &entry_key(a)).await,
                    attacker.row("entries", &entry_key(b)).await,
                ];
                let mut exchanged = rows.clone();
                for column in columns {
                    let position = attacker.position("entries", column);
                    exchanged[0].0[position] = rows[1].0[position].clone();
                    exchanged[1].0[position] = rows[0].0[position].clone();
                }
                for key in [a, b] {
                    attacker.delete("entries", &entry_key(key)).await;
                }
                for row in &exchanged {
                    attacker.insert("entries", row).await;
                }
                let report = verify(&options).await;
                for index in [a, b] {
                    let named = report.findings.iter().any(|finding| names_entry(finding, index));
                    assert!(
                        named,
                        "{a} and {b}, {columns:?}: {index} in {:#?}",
                        report.findings
                    );
                }
                attacker.put_back("entries").await;
            }
        }
        assert_intact(&options).await;
    }

    /// A failure made a success in column, leaf and index alike: only the tree tells.
    pub async fn rewritten_without_contradiction(bed: Bed) {
        let engine = rich_log(&bed).await;
        let options = bed.options();
        let mut failed = Vec::new();
        // A borrow held across an await would keep the Writer from telling the next size.
        let size = *engine.size().borrow();
        for index in 0..size {
            let entry = engine.entry(EntryKey::Index(index)).await.unwrap().unwrap();
            if entry.outcome != Outcome::Success {
                failed.push(entry);
            }
        }
        assert!(
            failed.first().unwrap().index < 256 && failed.last().unwrap().index >= 512,
            "in a full block and in a part"
        );
        close(engine).await;
        let mut attacker = Attacker::new(&bed).await;
        for entry in failed {
            let leaf = Leaf {
                outcome: Outcome::Success,
                ..Leaf::parse(&entry.evidence.leaf).unwrap()
            }
            .to_text();
            let key = entry_key(entry.index);
            attacker
                .set("entries", "outcome", &key, &"success".into())
                .await
                .unwrap();
            attacker.set("entries", "leaf", &key, &leaf.into()).await.unwrap();
            let report = verify(&options).await;
            assert!(
                report
                    .findings
                    .iter()
                    .any(|finding| names_entry(finding, entry.index)),
                "{:#?}",
                report.findings
            );
            attacker.put_back("entries").await;
        }
        assert_intact(&options).await;
    }

    /// A revoked key made good again, with the very row that was there before.
    pub async fn put_back_to_an_older_version(bed: Bed) {
        let engine = rich_log(&bed).await;
        let options = bed.options();
        let domain::Caller::ApiKey(id) =
            create_key(&engine, "ann", vec![domain::identity::Scope::Admin]).await
        else {
            panic!()
        };
        let mut attacker = Attacker::new(&bed).await;
        assert_intact(&options).await;
        let sealed = engine.row::<ApiKey>(id).await.unwrap().unwrap();
        assert_eq!((sealed.row.id, sealed.version), (id, 1));
        submit(&engine, domain::Command::RevokeApiKey(RevokeApiKey { id }))
            .await
            .unwrap();
        assert_intact(&options).await;
        attacker.put_back(ApiKey::TABLE.name).await;
        let report = verify(&options).await;
        assert!(
            names_row(&report, "api_keys", &Val::Uuid(id)),
            "{:#?}",
            report.findings
        );
        close(engine).await;
    }

    /// Values that the program would never write do not keep verification from naming the rest.
    pub async fn hostile_values(bed: Bed) {
        close(rich_log(&bed).await).await;
        let options = bed.options();
        let mut attacker = Attacker::new(&bed).await;
        let mut cases = vec![
            ("log_head", "size", "4611686018427387904"),
            ("users", "version", "-1"),
            ("erasures", "erased", "-1"),
        ];
        match bed.on {
            On::Sqlite => cases.extend([
                ("users", "username", "CAST(x'ff' AS TEXT)"),
                ("users", "created_at", "9223372036854775807"),
                ("log_head", "origin", "CAST(x'ff' AS TEXT)"),
                ("log_head", "checkpoint", "CAST(x'ff' AS TEXT)"),
                ("log_head", "at", "9223372036854775807"),
                ("entries", "at", "9223372036854775807"),
                ("entries", "payload", "CAST(x'ff' AS TEXT)"),
                ("entries", "leaf", "CAST(x'ff' AS TEXT)"),
                ("entries", "changes", "CAST(x'ff' AS TEXT)"),
            ]),
            On::Postgres => cases.extend([
                ("users", "created_at", "'infinity'"),
                ("users", "updated_at", "'4713-01-01 BC'"),
                ("log_head", "at", "'-infinity'"),
                ("entries", "at", "'infinity'"),
            ]),
        }
        for (table, column, value) in cases {
            let key: Key = attacker.keys(table, "1 = 1").await.swap_remove(0);
            let old = attacker.get(table, column, &key).await;
            // A second change, which must be named all the same.
            attacker
                .set("entries", "actor", &entry_key(300), &"x".into())
                .await
                .unwrap();
            let condition = format!("UPDATE {table} SET {column} = {value} WHERE {} = $1", key[0].0);
            attacker.conn.exec(&condition, &[key[0].1.clone()]).await.unwrap();
            let report = verify(&options).await;
            assert!(
                names_row(&report, table, &key[0].1),
                "{table}.{column} = {value}: {:#?}",
                report.findings
            );
            assert!(
                names_row(&report, "entries", &Val::Int(300)),
                "{table}.{column} = {value}: {:#?}",
                report.findings
            );
            attacker.set(table, column, &key, &old).await.unwrap();
            attacker.put_back("entries").await;
        }
        assert_intact(&options).await;
    }
}
