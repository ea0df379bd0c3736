//! Both schemas are the same, and migrations can run twice, and several at once.

use std::collections::{BTreeMap, BTreeSet};

use store::Conn;

use crate::catalogue::{self, Table, texts};
use crate::support::{Bed, On};

crate::on_both!(
    every_table_is_explained,
    migrations_run_twice,
    migrations_run_at_once,
    set_ups_run_at_once
);

/// An index: its columns or expressions in order, whether unique, whether partial.
type Indexes = BTreeMap<String, (Vec<String>, bool, bool)>;

/// What of a database must be the same on both engines.
#[derive(Debug, PartialEq)]
struct Schema {
    tables: BTreeMap<String, Table>,
    /// Indexes by name; those of keys and unique constraints, which have no name of ours, by table and columns.
    indexes: Indexes,
    /// Unique constraints: table and columns.
    unique: BTreeSet<(String, Vec<String>)>,
    /// Foreign keys: table, column, other table, other column.
    references: BTreeSet<[String; 4]>,
}

fn common(kind: &str) -> &'static str {
    match kind {
        "integer" | "bigint" | "boolean" | "timestamp with time zone" => "integer",
        "text" | "numeric(38,0)" => "text",
        "blob" | "bytea" | "uuid" => "blob",
        other => panic!("type {other} has no counterpart"),
    }
}

/// `(entry >> 10)` and `entry >> 10` are the same, and so are `COALESCE(output, '-1'::integer)` and
/// `coalesce(output, -1)`.
fn plain(expression: &str) -> String {
    let typed = expression.to_ascii_lowercase();
    let untyped = ["::integer", "::bigint", "::text"]
        .into_iter()
        .fold(typed, |text, kind| text.replace(kind, ""));
    untyped.chars().filter(|c| !" ()\"'".contains(*c)).collect()
}

/// The expressions of a list: what is between its commas, but not those within parentheses.
fn expressions(list: &str) -> Vec<String> {
    let mut depth = 0_i32;
    let parts = list.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    parts.map(plain).collect()
}

async fn schema(bed: &Bed) -> Schema {
    bed.open().await.shutdown().await;
    let mut conn = store::Db::new(bed.options().database)
        .unwrap()
        .writer()
        .await
        .unwrap();
    let mut tables = catalogue::tables(&mut conn).await;
    for table in tables.values_mut() {
        for column in &mut table.columns {
            column.kind = common(&column.kind).to_owned();
        }
    }
    let mut schema = Schema {
        tables,
        indexes: BTreeMap::new(),
        unique: BTreeSet::new(),
        references: BTreeSet::new(),
    };
    match bed.on {
        On::Sqlite => read_sqlite(&mut conn, &mut schema).await,
        On::Postgres => read_postgres(&mut conn, &mut schema).await,
    }
    schema
}

async fn read_sqlite(conn: &mut Conn, schema: &mut Schema) {
    for table in schema.tables.keys() {
        let list = "SELECT name, \"unique\", origin, partial FROM pragma_index_list($1)";
        for row in conn.all(list, &[table.as_str().into()]).await.unwrap() {
            let name = row.text(0).unwrap().to_owned();
            if row.text(2).unwrap() == "c" {
                let sql = texts(
                    conn,
                    "SELECT sql FROM sqlite_schema WHERE name = $1",
                    &[name.as_str().into()],
                )
                .await
                .remove(0);
                let (_, rest) = sql.split_once('(').unwrap();
                let columns = expressions(rest.split(" WHERE ").next().unwrap().trim_end_matches(')'));
                schema.indexes.insert(
                    name,
                    (columns, row.int(1).unwrap() == 1, row.int(3).unwrap() == 1),
                );
            } else if row.text(2).unwrap() == "u" {
                let columns = texts(
                    conn,
                    "SELECT name FROM pragma_index_info($1) ORDER BY seqno",
                    &[name.as_str().into()],
                )
                .await;
                schema.unique.insert((table.clone(), columns));
            }
        }
        let keys = "SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list($1)";
        for row in conn.all(keys, &[table.as_str().into()]).await.unwrap() {
            let [from, other, to] = [0, 1, 2].map(|position| row.text(position).unwrap().to_owned());
            schema.references.insert([table.clone(), from, other, to]);
        }
    }
}

async fn read_postgres(conn: &mut Conn, schema: &mut Schema) {
    let indexes = "SELECT c.relname::text, n.number, pg_get_indexdef(i.indexrelid, n.number::int, true), \
                   i.indisunique, i.indpred IS NOT NULL FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                   CROSS JOIN LATERAL generate_series(1, i.indnkeyatts::bigint) AS n (number) \
                   WHERE c.relnamespace = current_schema()::regnamespace \
                   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u')) \
                   ORDER BY 1, 2";
    for row in conn.all(indexes, &[]).await.unwrap() {
        let flag = |position: usize| row.0[position] == domain::record::Val::Bool(true);
        let index =
            schema
                .indexes
                .entry(row.text(0).unwrap().to_owned())
                .or_insert((Vec::new(), flag(3), flag(4)));
        index.0.push(plain(row.text(2).unwrap()));
    }
    let constraints = "SELECT conrelid::regclass::text, contype::text, \
                       (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(conkey) WITH ORDINALITY AS k (number, place) \
                        JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.number), \
                       CASE WHEN confrelid <> 0 THEN confrelid::regclass::text END, \
                       (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = confrelid AND a.attnum = confkey[1]) \
                       FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND contype IN ('u', 'f')";
    for row in conn.all(constraints, &[]).await.unwrap() {
        let (table, columns) = (row.text(0).unwrap().to_owned(), row.text(2).unwrap().to_owned());
        if row.text(1).unwrap() == "u" {
            schema
                .unique
                .insert((table, columns.split(',').map(str::to_owned).collect()));
        } else {
            schema.references.insert([
                table,
                columns,
                row.text(3).unwrap().to_owned(),
                row.text(4).unwrap().to_owned(),
            ]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_have_the_same_schema() {
    let (sqlite, postgres) = (
        schema(&Bed::new(On::Sqlite)).await,
        schema(&Bed::new(On::Postgres)).await,
    );
    assert!(
        sqlite.tables.len() >= 9 && sqlite.indexes.len() >= 8,
        "{sqlite:#?}"
    );
    assert!(
        sqlite.unique.len() >= 3 && sqlite.references.len() >= 6,
        "{sqlite:#?}"
    );
    for (name, table) in &sqlite.tables {
        assert_eq!(Some(table), postgres.tables.get(name), "{name}");
    }
    assert_eq!(sqlite, postgres);
}

mod cases {
    use std::collections::BTreeSet;

    use engine::{Engine, Options};
    use evidence::Timestamp;
    use store::Db;

    use crate::attacker::assert_intact;
    use crate::catalogue;
    use crate::support::{Bed, numbered, record};

    pub async fn every_table_is_explained(bed: Bed) {
        let engine = bed.open().await;
        let mut conn = engine.db().writer().await.unwrap();
        let tables: BTreeSet<String> = catalogue::tables(&mut conn).await.into_keys().collect();
        let explanation = engine::verify::explain();
        let sealed = explanation.sealed.iter().map(|table| table.table);
        let unsealed = explanation.unsealed.iter().map(|table| table.table);
        let explained: Vec<String> = sealed.chain(unsealed).map(str::to_owned).collect();
        assert_eq!(explained.iter().cloned().collect::<BTreeSet<_>>(), tables);
        assert_eq!(explained.len(), tables.len(), "each once");
    }

    async fn made(bed: &Bed) -> Db {
        let settings = bed.options().database;
        Db::create(&settings).await.unwrap();
        Db::new(settings).unwrap()
    }

    pub async fn migrations_run_twice(bed: Bed) {
        let db = made(&bed).await;
        let mut conn = db.writer().await.unwrap();
        let state = store::migrate::state(&mut conn).await.unwrap();
        assert_eq!(state.applied, 0);
        let names = store::migrate::migrate(&mut conn, Timestamp::EPOCH)
            .await
            .unwrap();
        assert_eq!(names.len(), store::migrate::MIGRATIONS.len());
        assert_eq!(
            store::migrate::migrate(&mut conn, Timestamp::EPOCH)
                .await
                .unwrap(),
            [""; 0]
        );
        let state = store::migrate::state(&mut conn).await.unwrap();
        assert_eq!(state.applied, state.known);
    }

    /// Runs `work` on six threads at once, each with a runtime of its own.
    fn at_once<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let barrier = std::sync::Barrier::new(6);
        let run = |number| {
            barrier.wait();
            work(number)
        };
        let run = &run;
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6).map(|number| scope.spawn(move || run(number))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    fn blocking<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
            .block_on(work)
    }

    pub async fn migrations_run_at_once(bed: Bed) {
        let db = made(&bed).await;
        let applied = tokio::task::block_in_place(|| {
            at_once(|_| {
                blocking(async {
                    let mut conn = db.writer().await.unwrap();
                    store::migrate::migrate(&mut conn, Timestamp::EPOCH)
                        .await
                        .unwrap()
                        .len()
                })
            })
        });
        assert_eq!(
            applied.iter().sum::<usize>(),
            store::migrate::MIGRATIONS.len(),
            "each applied once: {applied:?}"
        );
    }

    /// Six processes set up the same empty database with the same key: one log, one first admin.
    pub async fn set_ups_run_at_once(bed: Bed) {
        let key = tlog::SigningKey::from_seed("log.example/shared", &[7; 32])
            .unwrap()
            .encode();
        let options: Vec<Options> = (0..6)
            .map(|number| {
                let mut options = bed.options_in(&bed.dir.path().join(format!("data-{number}")));
                options.signing_key = Some(key.clone());
                options
            })
            .collect();
        let admins = tokio::task::block_in_place(|| {
            at_once(|number| {
                let made = blocking(Engine::init(&options[number], &mut |_| {})).unwrap();
                assert_eq!(made.origin, "log.example/shared");
                made.first_admin.is_some()
            })
        });
        assert_eq!(admins.iter().filter(|made| **made).count(), 1, "{admins:?}");
        let engine = Engine::open(options[0].clone()).await.unwrap();
        record(&engine, vec![numbered(1)]).await.unwrap();
        assert_intact(&options[0]).await;
    }
}
