//! Every column of every table, changed by hand: verification names the row.
//!
//! Tables, columns and types come from the database's own catalogue, so that a new column is tried without
//! anyone thinking of it.

crate::on_both!(
    every_column_of_every_table,
    every_column_of_every_other_table,
    erased_is_not_tampered,
    triggers_stand_in_the_way
);

/// Other words that the schema takes where one of these stands.
const WORDS: &[&[&str]] = &[
    &["success", "refused", "failed"],
    &["user", "agent", "service", "system", "external"],
    &["api_key", "session", "operator", "system"],
    &["deposit", "withdrawal", "reversal"],
    &[
        "pending",
        "completed",
        "cancelled",
        "approved",
        "granted",
        "used",
        "verified",
    ],
    &["active", "released"],
    &["admin", "sre", "viewer"],
    &["read", "write", "admin"],
    &["logout", "revoked", "expired", "password_changed"],
    &["user_disabled", "user_erased", "too_many"],
];

mod cases {
    use std::collections::BTreeSet;

    use domain::custody::Amount;
    use domain::record::Val;
    use engine::EntryKey;

    use super::WORDS;
    use crate::attacker::{Attacker, Key, assert_intact, close, entry_key, names_row, verify};
    use crate::support::{Bed, On, rich_log};

    /// Values that differ from `old`, by its type and by the declared one.
    fn variants(old: &Val, kind: &str, nullable: bool) -> Vec<Val> {
        let mut variants = match old {
            Val::Null => vec![match kind {
                "text" => "x".into(),
                "integer" | "bigint" => 1.into(),
                "blob" | "bytea" => vec![7; 16].into(),
                "uuid" => uuid::Uuid::from_u128(7).into(),
                "boolean" => true.into(),
                "numeric(38,0)" => Val::Amount(Amount::new(5).unwrap()),
                "timestamp with time zone" => Val::Time(evidence::Timestamp::EPOCH),
                other => panic!("no value for a column of type {other}"),
            }],
            Val::Int(number) => vec![
                Val::Int(number + 1),
                Val::Int(number + 1_000_000),
                Val::Int(1 - number),
                Val::Int(-5),
            ],
            Val::Bool(truth) => vec![Val::Bool(!truth)],
            Val::Text(text) => {
                let mut texts = vec![
                    format!("{text}x"),
                    text.to_uppercase(),
                    format!("{{{text}}}"),
                    String::new(),
                ];
                let lists = WORDS.iter().filter(|words| words.contains(&text.as_str()));
                texts.extend(lists.flat_map(|words| words.iter().map(|word| (*word).to_owned())));
                texts.into_iter().map(Val::Text).collect()
            }
            Val::Bytes(bytes) => {
                let (mut first, mut last) = (bytes.clone(), bytes.clone());
                first[0] ^= 1;
                *last.last_mut().unwrap() ^= 0x80;
                vec![first.into(), last.into(), bytes[1..].into()]
            }
            Val::Amount(amount) => [1, -1, 1_000_000]
                .into_iter()
                .map(|units| Val::Amount(Amount::new(amount.units() + units).unwrap()))
                .collect(),
            Val::Uuid(id) => vec![uuid::Uuid::from_u128(id.as_u128() ^ 1).into()],
            Val::Time(time) => [1, -1, 3_600_000_000]
                .into_iter()
                .map(|micros| Val::Time(evidence::Timestamp::from_micros(time.micros() + micros).unwrap()))
                .collect(),
        };
        if nullable && *old != Val::Null {
            variants.push(Val::Null);
        }
        variants.retain(|value| value != old);
        variants
    }

    /// Tables whose rows are sealed by the same code as those of `users`: one row and fewer values of each column are
    /// enough.
    fn is_alike(table: &str) -> bool {
        let others = ["entries", "subtrees", "log_head", "schema_migrations", "users"];
        !others.contains(&table) && !crate::attacker::is_side_table(table)
    }

    /// Rows to try a column on: the first, the middle and the last one with a value, and the first without.
    async fn rows_to_try(attacker: &mut Attacker, table: &str, column: &str) -> Vec<Key> {
        let filled = attacker.keys(table, &format!("{column} IS NOT NULL")).await;
        let empty = attacker.keys(table, &format!("{column} IS NULL")).await;
        let last = filled.len().saturating_sub(1);
        let positions = if is_alike(table) {
            vec![last / 2]
        } else {
            vec![0, filled.len() / 2, last]
        };
        let mut rows: Vec<Key> = positions
            .into_iter()
            .filter_map(|position| filled.get(position).cloned())
            .collect();
        rows.dedup();
        rows.extend(empty.into_iter().next());
        assert!(!rows.is_empty(), "the log has no row in {table}");
        rows
    }

    /// Columns of which nothing is checked: those of the side tables, and when a migration was applied.
    const UNNOTICED: &[&str] = &[
        "counters.subject",
        "counters.used",
        "counters.width_s",
        "counters.window_start",
        "jobs.asked_at",
        "jobs.done_to",
        "jobs.ended_at",
        "jobs.error",
        "jobs.failures",
        "jobs.figure",
        "jobs.job",
        "jobs.outcome",
        "jobs.run",
        "jobs.started_at",
        "jobs.succeeded_at",
        "jobs.took_us",
        "last_seen.at",
        "last_seen.id",
        "last_seen.kind",
        "leases.beats",
        "leases.holder",
        "leases.name",
        "roots.at",
        "roots.id",
        "roots.place",
        "roots.root",
        "schema_migrations.applied_at",
    ];

    /// Those of one half of the tables: a test each, since each takes minutes.
    pub async fn every_column_of_every_table(bed: Bed) {
        try_columns(bed, 0).await;
    }

    /// Those of the other half.
    pub async fn every_column_of_every_other_table(bed: Bed) {
        try_columns(bed, 1).await;
    }

    async fn try_columns(bed: Bed, half: usize) {
        close(rich_log(&bed).await).await;
        let options = bed.options();
        let mut attacker = Attacker::new(&bed).await;
        assert_intact(&options).await;
        let explanation = engine::verify::explain();
        let unsealed: Vec<&str> = explanation.unsealed.iter().map(|table| table.table).collect();
        let mut unnoticed = BTreeSet::new();
        let mut wrong = Vec::new();
        let tables: Vec<_> = attacker
            .tables
            .clone()
            .into_iter()
            .skip(half)
            .step_by(2)
            .collect();
        let mut expected: Vec<_> = UNNOTICED.to_vec();
        expected.retain(|name| {
            tables
                .iter()
                .any(|(table, _)| name.split('.').next() == Some(table.as_str()))
        });
        for (table, described) in tables {
            for column in described.columns {
                let mut tried = 0;
                for key in rows_to_try(&mut attacker, &table, &column.name).await {
                    let old = attacker.get(&table, &column.name, &key).await;
                    let mut values = variants(&old, &column.kind, column.nullable);
                    if is_alike(&table) && values.len() > 2 {
                        values.drain(1..values.len() - 1);
                    }
                    for value in values {
                        // A value that another row has already is one that even an attacker cannot give.
                        if attacker.set(&table, &column.name, &key, &value).await.is_err() {
                            continue;
                        }
                        tried += 1;
                        let report = engine::verify::verify(
                            &options,
                            engine::verify::VerifyOptions {
                                threads: 1,
                                ..engine::verify::VerifyOptions::default()
                            },
                            &|_| {},
                        )
                        .await;
                        let named = report
                            .as_ref()
                            .is_ok_and(|report| names_row(report, &table, &key[0].1));
                        if unsealed.contains(&table.as_str())
                            && report.as_ref().is_ok_and(|report| report.intact)
                        {
                            unnoticed.insert(format!("{table}.{}", column.name));
                        } else if !named {
                            let found = report.map(|report| {
                                report
                                    .findings
                                    .iter()
                                    .map(ToString::to_string)
                                    .collect::<Vec<_>>()
                            });
                            wrong.push(format!(
                                "{table}.{} of {key:?}: {old:?} -> {value:?}: {found:?}",
                                column.name
                            ));
                        }
                        let now: Key = key
                            .iter()
                            .map(|(name, old)| {
                                (
                                    name.clone(),
                                    if *name == column.name {
                                        value.clone()
                                    } else {
                                        old.clone()
                                    },
                                )
                            })
                            .collect();
                        attacker.set(&table, &column.name, &now, &old).await.unwrap();
                    }
                }
                assert!(tried > 0, "{table}.{} was not tried", column.name);
            }
        }
        assert!(
            wrong.is_empty(),
            "{} changes not named:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert_eq!(unnoticed.into_iter().collect::<Vec<_>>(), expected);
        assert!(
            explanation.unsealed[0].why.contains("the time is not checked"),
            "{:?}",
            explanation.unsealed
        );
        assert_intact(&options).await;
    }

    pub async fn erased_is_not_tampered(bed: Bed) {
        let engine = rich_log(&bed).await;
        let options = bed.options();
        let report = assert_intact(&options).await;
        assert_eq!(report.entries.erased, 6);
        let entry = engine.entry(EntryKey::Index(300)).await.unwrap().unwrap();
        assert!(!entry.erased);
        let mut conn = engine.db().writer().await.unwrap();
        let saved = conn
            .opt(
                "SELECT payload, salt, actor, target, ip FROM entries WHERE entry = 300",
                &[],
            )
            .await
            .unwrap()
            .unwrap();
        // The triggers allow what erasing by command does; only a command leaves its mark, though.
        let by_hand = "UPDATE entries SET payload = NULL, salt = NULL, actor = NULL, target = NULL, ip = NULL WHERE entry = 300";
        conn.exec(by_hand, &[]).await.unwrap();
        let report = verify(&options).await;
        assert!(
            report
                .findings
                .iter()
                .any(|f| f.entry == Some(300) && f.what.contains("by hand")),
            "{report:?}"
        );
        let mut attacker = Attacker::new(&bed).await;
        for (column, value) in ["payload", "salt", "actor", "target", "ip"]
            .into_iter()
            .zip(&saved.0)
        {
            attacker
                .set("entries", column, &entry_key(300), value)
                .await
                .unwrap();
        }
        assert_intact(&options).await;
        // What a command erased stays erased: bringing the true payload back is tampering too.
        crate::support::erase(&engine, vec![300]).await.unwrap();
        assert_eq!(assert_intact(&options).await.entries.erased, 7);
        for (column, value) in ["payload", "salt", "actor", "target", "ip"]
            .into_iter()
            .zip(&saved.0)
        {
            attacker
                .set("entries", column, &entry_key(300), value)
                .await
                .unwrap();
        }
        let report = verify(&options).await;
        assert!(names_row(&report, "entries", &Val::Int(300)), "{report:?}");
        close(engine).await;
    }

    pub async fn triggers_stand_in_the_way(bed: Bed) {
        let engine = rich_log(&bed).await;
        let mut conn = engine.db().writer().await.unwrap();
        let columns = crate::catalogue::tables(&mut conn)
            .await
            .remove("entries")
            .unwrap()
            .columns;
        for column in columns {
            let name = column.name;
            let error = conn
                .exec(
                    &format!("UPDATE entries SET {name} = {name} WHERE entry = 20"),
                    &[],
                )
                .await
                .unwrap_err();
            assert!(error.message.contains("never changed"), "{name}: {error}");
        }
        let error = conn
            .exec("DELETE FROM entries WHERE entry = 20", &[])
            .await
            .unwrap_err();
        assert!(error.message.contains("deleted"), "{error}");
        if bed.on == On::Postgres {
            let error = conn.batch("TRUNCATE entries CASCADE").await.unwrap_err();
            assert!(error.message.contains("deleted"), "{error}");
        }
        drop(conn);
        let before = engine.entry(EntryKey::Index(20)).await.unwrap().unwrap();
        crate::support::erase(&engine, vec![20]).await.unwrap();
        let after = engine.entry(EntryKey::Index(20)).await.unwrap().unwrap();
        assert!(after.erased && after.details.is_none() && after.ip.is_none());
        assert_eq!(after.evidence.leaf, before.evidence.leaf);
        after.check().unwrap();
        assert_intact(&bed.options()).await;
        close(engine).await;
    }
}
