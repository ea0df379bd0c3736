use std::collections::BTreeSet;

use domain::record::{Kind, Val};
use proptest::prelude::*;

use super::*;

/// Tables of a fresh database with their columns, from the list that is compared with one.
fn schema() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut tables: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let parts = store::schema::POSTGRES
        .lines()
        .filter_map(|line| line.split('\t').next());
    for part in parts {
        if let Some(table) = part.strip_prefix("table ") {
            tables.entry(table).or_default();
        }
        if let Some((table, column)) = part.strip_prefix("column ").and_then(|name| name.split_once('.')) {
            tables.entry(table).or_default().insert(column);
        }
    }
    tables
}

/// A table or a column that is added to the schema and not to the form fails here.
#[test]
fn everything_is_in_a_backup_or_left_out_for_a_reason() {
    let mut held: BTreeMap<&str, BTreeSet<&str>> = SEALED
        .iter()
        .map(|table| {
            (
                table.name,
                store::sealed::column_names(table).into_iter().collect(),
            )
        })
        .collect();
    held.insert("entries", store::entries::COLUMNS.into());
    held.insert("last_seen", ["kind", "id", "at"].into());
    let schema = schema();
    assert!(
        schema.len() > 20 && schema["users"].contains("email"),
        "{schema:?}"
    );
    let views: BTreeSet<_> = store::schema::POSTGRES
        .lines()
        .filter_map(|line| line.split('\t').next()?.strip_prefix("view "))
        .collect();
    for (table, columns) in schema {
        let left_out = LEFT_OUT.iter().any(|(name, _)| *name == table) || views.contains(table);
        match held.remove(table) {
            Some(held) => assert!(
                !left_out && held == columns,
                "{table}: {held:?} against {columns:?}"
            ),
            None => assert!(left_out, "{table} is neither in a backup nor left out"),
        }
    }
    assert!(held.is_empty(), "no such tables: {held:?}");
}

#[test]
fn names_are_those_of_the_form() {
    let at: Timestamp = "2026-11-28T02:15:00.123456Z".parse().unwrap();
    let name = file_name("log.example/a b", at, 1_234, true);
    assert_eq!(name, "probity-log.example_a_b-20261128T021500Z-1234.tar.zst.age");
    assert!(file_name("x", at, 0, false).ends_with("-0.tar.zst"));
    let erased = |entries| ErasedLater {
        format: ERASED_FORMAT,
        origin: "x/y".to_owned(),
        at,
        entry: 12,
        entries,
        users: Vec::new(),
        proof: None,
    };
    let [one, other] = [vec![3], vec![4]].map(|entries| erased_name(&erased(entries)));
    assert!(
        one.starts_with("probity-x_y-erased-000000000012-") && one != other,
        "{one}"
    );
    for (name, is) in [
        (&*one, true),
        ("probity-x_y-erased-000000000012.json", true),
        ("probity-x_y-erased-0000000000012.json", true),
        ("probity-x_y-erased-00000000012.json", false),
        ("probity-x_y-erased-000000000012.json.bak", false),
        ("probity-x_y-erased-000000000012-12.json", false),
        ("probity-x_z-erased-000000000012.json", false),
    ] {
        assert_eq!(is_erased_name("x/y", name), is, "{name}");
    }
    let members: Vec<String> = members(65_537).collect();
    assert_eq!(
        members[..3],
        [
            "manifest.json",
            "entries/00000000.jsonl",
            "entries/00000001.jsonl"
        ]
    );
    assert_eq!(members[3], "tables/users.jsonl");
    assert_eq!(
        members[members.len() - 2..],
        ["tables/last_seen.jsonl", "end.json"]
    );
    assert_eq!(super::members(65_536).count(), members.len() - 1);
    assert_eq!(super::members(0).nth(1).as_deref(), Some("tables/users.jsonl"));
}

fn text() -> impl Strategy<Value = Option<String>> {
    prop::option::of(any::<String>())
}

proptest! {
    #[test]
    fn an_entry_comes_back_as_it_was(
        entry in 0_u64..1 << 62, leaf in any::<String>(), payload in text(), changes in text(),
        salt in prop::option::of(any::<[u8; 16]>()),
    ) {
        let salt = salt.map(Salt);
        let parts = Parts {
            index: entry, leaf: &leaf, payload: payload.as_deref(), salt, changes: changes.as_deref(), gone: evidence::Gone::default(),
        };
        let mut line = String::new();
        write_entry(&parts, &mut line);
        prop_assert_eq!(line.matches('\n').count(), 1);
        prop_assert_eq!(json::canonical(&serde_json::from_str(&line).unwrap()), line.trim_end().to_owned());
        let read = read_entry(&line).unwrap();
        prop_assert_eq!(read, StoredEntry { entry, leaf, payload, changes, salt, gone: evidence::Gone::default() });
    }

    #[test]
    fn a_mark_comes_back_as_it_was(kind in prop::sample::select(&SeenKind::ALL), id in any::<u128>(), at in 0_i64..1 << 50) {
        let mark = (kind, Uuid::from_u128(id), Timestamp::from_micros(at).unwrap());
        let mut line = String::new();
        write_mark(&mark, &mut line);
        prop_assert_eq!(read_mark(&line).unwrap(), mark);
    }
}

/// What values come back as is tried on every table in `domain`; here that the row's salt does, and that its text is what
/// its digest covers.
#[test]
fn a_line_of_a_row_proves_its_digest() {
    for table in SEALED {
        let filled = table.columns.iter().map(|column| match column.kind {
            Kind::Int => Val::Int(7),
            Kind::Bool => Val::Bool(true),
            Kind::Text => "a \"b\"\n".into(),
            Kind::Bytes => vec![0, 255].into(),
            Kind::Uuid => Uuid::from_u128(9).into(),
            Kind::Time => Timestamp::EPOCH.into(),
            Kind::Amount => Val::Null,
        });
        let row = Stored {
            id: Uuid::from_u128(1),
            values: filled.collect(),
            version: 2,
            entry: 3,
            salt: Salt([5; 16]),
        };
        let mut line = String::new();
        write_stored(table, &row, &mut line);
        assert_eq!(read_stored(table, &line).unwrap(), row);
        let text = line
            .strip_prefix("{\"row\":")
            .unwrap()
            .split(",\"salt\":")
            .next()
            .unwrap();
        let digest =
            domain::record::row_digest(table, row.id, &row.values, row.version, row.entry, &row.salt);
        assert_eq!(
            evidence::commitment::commit(&row.salt, text.as_bytes()),
            digest,
            "{}",
            table.name
        );
        let cut = line.replace("\"salt\":\"05", "\"salt\":\"");
        assert!(matches!(read_stored(table, &cut), Err(LineError::Value("salt"))));
    }
}
