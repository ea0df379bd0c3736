//! What the program expects of the schema is what it makes; whatever is taken away, switched off or changed is named.

use store::schema::{self, POSTGRES};

use crate::support::{Bed, On};

crate::on_both!(
    what_is_made_is_what_is_expected,
    every_part_that_is_missing_is_named,
    a_changed_part_is_named_and_an_added_one_told
);

/// Where the list of PostgreSQL is; with `PROBITY_WRITE_EXPECTED=1` it is written.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/src/schema/postgres.txt");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_for_postgresql_is_that_of_a_fresh_database() {
    let bed = Bed::new(On::Postgres);
    let mut conn = store::Db::new(bed.options().database)
        .unwrap()
        .writer()
        .await
        .unwrap();
    store::migrate::migrate(&mut conn, evidence::Timestamp::EPOCH)
        .await
        .unwrap();
    let found = schema::written(&schema::found(&mut conn).await.unwrap());
    if std::env::var_os("PROBITY_WRITE_EXPECTED").is_some() {
        // What is compiled in is the old one until the next build.
        return std::fs::write(FILE, &found).unwrap();
    }
    let differing = found
        .lines()
        .find(|line| !POSTGRES.lines().any(|expected| expected == *line));
    assert_eq!(differing, None, "write the list anew: PROBITY_WRITE_EXPECTED=1");
    assert!(
        found == POSTGRES,
        "the list has more than a fresh database: PROBITY_WRITE_EXPECTED=1"
    );
}

mod cases {
    use engine::{Engine, Error};
    use store::{Conn, schema};

    use crate::attacker::close;
    use crate::catalogue;
    use crate::support::{Bed, On};

    pub async fn what_is_made_is_what_is_expected(bed: Bed) {
        let engine = bed.open().await;
        let mut conn = engine.db().writer().await.unwrap();
        let compared = schema::compare(&mut conn).await.unwrap();
        assert_eq!((compared.faults, compared.unknown), (vec![], vec![]));
        let tables = catalogue::tables(&mut conn).await;
        assert_eq!(compared.good["table"], tables.len());
        let columns: usize = tables.values().map(|table| table.columns.len()).sum();
        assert_eq!(compared.good["column"], columns);
        assert!(
            compared.good["index"] >= 31 && compared.good["trigger"] >= 10,
            "{:?}",
            compared.good
        );
        assert!(
            compared.good["check"] >= 20 && compared.good["foreign key"] >= 20,
            "{:?}",
            compared.good
        );
    }

    /// What makes a part go away.
    fn removal(on: On, part: &str, definition: &str) -> Option<String> {
        let (kind, name) = part.split_once(' ').unwrap();
        Some(match kind {
            "index" => format!("DROP INDEX {name}"),
            "trigger" if on == On::Sqlite => format!("DROP TRIGGER {name}"),
            // There its definition begins with its table.
            "trigger" => format!("DROP TRIGGER {name} ON {}", definition.split(' ').next().unwrap()),
            "table" if on == On::Sqlite => format!("DROP TABLE {name}"),
            "table" => format!("DROP TABLE {name} CASCADE"),
            "column" if on == On::Postgres => {
                let (table, column) = name.split_once('.').unwrap();
                format!("ALTER TABLE {table} DROP COLUMN {column} CASCADE")
            }
            _ => return None,
        })
    }

    /// Each part is taken away in a transaction that is rolled back: it is named, with the statement that made it.
    pub async fn every_part_that_is_missing_is_named(bed: Bed) {
        let engine = bed.open().await;
        let mut conn = engine.db().writer().await.unwrap();
        conn.batch(match bed.on {
            On::Sqlite => "PRAGMA foreign_keys = OFF",
            On::Postgres => "SET client_min_messages = warning",
        })
        .await
        .unwrap();
        let parts = schema::expected(&conn).await.unwrap();
        let mut tried = 0;
        for (part, definition) in &parts {
            let Some(statement) = removal(bed.on, part, definition) else {
                continue;
            };
            conn.begin().await.unwrap();
            conn.batch(&statement).await.unwrap();
            let faults = schema::compare(&mut conn).await.unwrap().faults;
            conn.rollback().await.unwrap();
            let named = faults
                .iter()
                .any(|fault| fault.starts_with(&format!("{part} is missing")));
            assert!(named, "{part}: {faults:?}");
            if part.starts_with("index ") {
                assert!(faults[0].contains("it was made by: CREATE "), "{faults:?}");
            }
            tried += 1;
        }
        let columns = parts.keys().filter(|part| part.starts_with("column ")).count();
        let least = if bed.on == On::Postgres { columns } else { 0 };
        assert!(tried > 50 + least, "{tried}");
    }

    async fn refused(bed: &Bed) -> String {
        match Engine::init(&bed.options(), &mut |_| {}).await {
            Err(Error::Problem { message, .. }) => message,
            Err(error) => panic!("{error:?}"),
            Ok(_) => panic!("it was not noticed"),
        }
    }

    pub async fn a_changed_part_is_named_and_an_added_one_told(bed: Bed) {
        let engine = bed.open().await;
        let mut conn = engine.db().writer().await.unwrap();
        close(engine).await;
        let changes: &[[&str; 3]] = match bed.on {
            On::Sqlite => &[[
                "DROP INDEX users_email; CREATE INDEX users_email ON users (lower(email))",
                "DROP INDEX users_email; CREATE UNIQUE INDEX users_email ON users (lower(email)) WHERE email IS NOT NULL",
                "index users_email is \"CREATE INDEX",
            ]],
            On::Postgres => &[
                [
                    "ALTER TABLE entries DISABLE TRIGGER entries_no_delete",
                    "ALTER TABLE entries ENABLE TRIGGER entries_no_delete",
                    "trigger entries_no_delete is",
                ],
                [
                    "ALTER TABLE users ALTER COLUMN role DROP NOT NULL",
                    "ALTER TABLE users ALTER COLUMN role SET NOT NULL",
                    "column users.role is \"text\", expected is \"text not null\"",
                ],
                [
                    "ALTER TABLE balances DROP CONSTRAINT balances_house_check",
                    "ALTER TABLE balances ADD CHECK (house IN ('omnibus', 'fees', 'suspense', 'external'))",
                    "check balances CHECK (house = ANY",
                ],
            ],
        };
        for [change, undo, named] in changes {
            batch(&mut conn, change).await;
            let message = refused(&bed).await;
            assert!(message.contains(named), "{message}");
            batch(&mut conn, undo).await;
        }
        // What somebody added is no fault.
        batch(&mut conn, "CREATE VIEW people AS SELECT username FROM users").await;
        batch(&mut conn, "CREATE INDEX by_hand ON users (created_at)").await;
        let mut steps = Vec::new();
        Engine::init(&bed.options(), &mut |step| steps.push(step))
            .await
            .unwrap();
        let tables = steps.iter().find(|step| step.name == "tables").unwrap();
        assert!(
            tables
                .detail
                .ends_with("as made; unknown: index by_hand, view people"),
            "{tables:?}"
        );
        assert!(
            steps
                .iter()
                .any(|step| step.name == "health" && step.detail.contains("well"))
        );
    }

    async fn batch(conn: &mut Conn, sql: &str) {
        conn.batch(sql).await.unwrap();
    }
}
