//! A database of the time when an output was known by the spelling of its hash: two spellings of one were credited, and
//! what is sealed stays as it was. The fixture was made by the program as it was then.

use std::path::Path;

use domain::custody::Amount;
use domain::record::Val;
use engine::Options;
use evidence::{Timestamp, json};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::Conn;
use store::migrate::MIGRATIONS;
use uuid::Uuid;

use crate::catalogue;
use crate::support::Bed;

/// How many migrations the program had then.
const THEN: usize = 4;

/// The value of a column of this type.
fn value(kind: &str, stored: &Value) -> Val {
    let bytes = || {
        let digits = stored["hex"].as_str().unwrap().as_bytes().chunks(2);
        let pairs = digits.map(|pair| std::str::from_utf8(pair).unwrap());
        pairs
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect::<Vec<u8>>()
    };
    match (kind, stored) {
        ("uuid", _) => Val::Uuid(Uuid::from_slice(&bytes()).unwrap()),
        ("timestamp with time zone", time) => {
            Val::Time(Timestamp::from_micros(time.as_i64().unwrap()).unwrap())
        }
        ("boolean", truth) => Val::Bool(truth.as_i64() == Some(1)),
        ("numeric(38,0)", amount) => Val::Amount(Amount::from_units_text(amount.as_str().unwrap()).unwrap()),
        (_, Value::Object(_)) => Val::Bytes(bytes()),
        (_, Value::Number(number)) => Val::Int(number.as_i64().unwrap()),
        (_, Value::String(text)) => Val::Text(text.clone()),
        (kind, other) => panic!("{other} in a column of {kind}"),
    }
}

/// The schema of then.
async fn schema(conn: &mut Conn) {
    let table = match conn {
        Conn::Sqlite(_) => {
            "CREATE TABLE schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
             checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"
        }
        Conn::Pg(_) => {
            "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, name text NOT NULL, \
             checksum text NOT NULL, applied_at timestamptz NOT NULL)"
        }
    };
    conn.batch(table).await.unwrap();
    for migration in &MIGRATIONS[..THEN] {
        let text = match conn {
            Conn::Sqlite(_) => migration.sqlite,
            Conn::Pg(_) => migration.postgres,
        };
        for statement in text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()) {
            conn.batch(statement).await.unwrap();
        }
        let args: [Val; 4] = [
            migration.version.into(),
            migration.name.into(),
            json::hex(&Sha256::digest(text.as_bytes())).into(),
            crate::people::now().into(),
        ];
        let sql =
            "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
        conn.exec(sql, &args).await.unwrap();
    }
}

/// Puts the fixture into a fresh database; with what it is opened.
pub async fn of_then(bed: &Bed) -> Options {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/outputs-by-spelling.json");
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    store::Db::create(&bed.options().database).await.unwrap();
    let db = store::Db::new(bed.options().database).unwrap();
    let mut conn = db.writer().await.unwrap();
    schema(&mut conn).await;
    let tables = catalogue::tables(&mut conn).await;
    let order = [
        "log_head",
        "entries",
        "subtrees",
        "users",
        "erasures",
        "assets",
        "balances",
        "operations",
    ];
    assert!(
        fixture["tables"]
            .as_object()
            .unwrap()
            .keys()
            .all(|name| order.contains(&name.as_str()))
    );
    for table in order {
        for row in fixture["tables"][table].as_array().into_iter().flatten() {
            let columns = tables[table]
                .columns
                .iter()
                .filter(|column| !row[&column.name].is_null());
            let (names, values): (Vec<_>, Vec<_>) = columns
                .map(|column| (column.name.as_str(), value(&column.kind, &row[&column.name])))
                .unzip();
            let marks: Vec<_> = (1..=names.len()).map(|number| format!("${number}")).collect();
            let sql = format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                names.join(", "),
                marks.join(", ")
            );
            conn.exec(&sql, &values).await.unwrap();
        }
    }
    let mut options = bed.options();
    // Whole, it would be a secret in the tree.
    let key = fixture["signing_key"].as_str().unwrap();
    options.signing_key = Some(format!("PRIVATE+KEY+{key}"));
    options
}

crate::on_both!(what_is_sealed_in_another_spelling_is_found_and_stays);

mod cases {
    use domain::custody::OperationKind::Deposit;
    use domain::custody::OperationStatus::{Failed, Pending};
    use domain::custody::operation::{Step, Transaction};
    use engine::Engine;
    use engine::custody::{NewOperation, StepKind, TransactionInput};
    use store::custody::OperationFilter;
    use store::query::Order;
    use uuid::Uuid;

    use super::of_then;
    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::{make, new, step, units};
    use crate::people::code;
    use crate::support::Bed;
    use domain::custody::operation::steps::Complete;

    /// A deposit of an output for ann.
    fn deposit(hash: &str, output: u64, amount: &str) -> NewOperation {
        NewOperation {
            transaction: TransactionInput {
                tx_hash: Some(hash.into()),
                output: Some(output),
                ..TransactionInput::default()
            },
            ..new(Deposit, "-", "user:ann", amount)
        }
    }

    /// The ids of the operations of a transaction, by any spelling.
    async fn of_hash(engine: &Engine, hash: &str) -> Vec<Uuid> {
        let filter = OperationFilter {
            tx_hash: Some(hash.into()),
            ..OperationFilter::default()
        };
        let (found, _) = engine
            .operations(&filter, Order::Ascending, None, 10)
            .await
            .unwrap();
        found.into_iter().map(|view| view.operation.id).collect()
    }

    pub async fn what_is_sealed_in_another_spelling_is_found_and_stays(bed: Bed) {
        let options = of_then(&bed).await;
        let mut said = Vec::new();
        Engine::init(&options, &mut |step| said.push((step.name, step.detail)))
            .await
            .unwrap();
        // Two of one output are there: that is said, and everything goes on.
        let outputs = said.iter().find(|(name, _)| *name == "outputs");
        assert!(outputs.unwrap().1.starts_with("2 operations"), "{said:?}");
        let report = assert_intact(&options).await;
        assert_eq!(report.notes.len(), 2, "{:?}", report.notes);
        assert!(
            report
                .notes
                .iter()
                .all(|note| note.what.contains(&"a1".repeat(32)))
        );

        let engine = Engine::open(options.clone()).await.unwrap();
        let before = units(&engine, "user:ann").await;
        let size = *engine.size().borrow();
        for (hash, output, amount, stored) in [
            ("a1", 0, "1", None),
            ("b2", 1, "2", Some(format!(" 0x{} ", "B2".repeat(32)))),
            ("d4", 3, "4", Some("D4".repeat(32))),
            ("e5", 4, "5", Some("E5".repeat(32))),
        ] {
            let hash = hash.repeat(32);
            for spelt in [hash.clone(), hash.to_uppercase(), format!("0x{hash}")] {
                assert!(!of_hash(&engine, &spelt).await.is_empty(), "{spelt}");
                // The one that waits is of another content than one that does not.
                let asked = NewOperation {
                    pending: Some(hash.starts_with('b')),
                    ..deposit(&spelt, output, amount)
                };
                let made = make(&engine, asked).await.unwrap();
                assert!(made.replayed, "{spelt}");
                if let Some(stored) = &stored {
                    assert_eq!(made.operation.tx_hash.as_ref(), Some(stored));
                }
                let more = deposit(&spelt, output, "9");
                assert_eq!(code(make(&engine, more).await), "output_conflict");
            }
        }
        let odd = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnb";
        assert_eq!(of_hash(&engine, odd).await.len(), 1);
        assert_eq!(of_hash(&engine, "4A5E").await.len(), 1);
        assert_eq!(*engine.size().borrow(), size + 12, "refusals alone");
        assert_eq!(units(&engine, "user:ann").await, before);
        // What failed has freed its output, however it is spelt.
        let again = make(&engine, deposit(&"c3".repeat(32), 2, "3")).await.unwrap();
        let failed = again.operation.replaces_id.unwrap();
        let failed = engine.operation(failed).await.unwrap().unwrap().operation;
        assert_eq!((failed.status, failed.tx_hash), (Failed, Some("C3".repeat(32))));
        assert_eq!(of_hash(&engine, &"c3".repeat(32)).await.len(), 2);
        // What waits goes on, and keeps its spelling.
        let waits = of_hash(&engine, &"b2".repeat(32)).await[0];
        let complete = StepKind::Other(Step::Complete(Complete {
            transaction: Transaction {
                tx_hash: Some("b2".repeat(32)),
                confirmations: Some(6),
                ..Transaction::default()
            },
        }));
        assert_eq!(
            engine.operation(waits).await.unwrap().unwrap().operation.status,
            Pending
        );
        let done = step(&engine, waits, complete).await.unwrap().operation;
        assert_eq!(done.tx_hash, Some(format!(" 0x{} ", "B2".repeat(32))));
        close(engine).await;
        assert_eq!(assert_intact(&options).await.notes.len(), 2);
    }
}
