//! Wherever Probity writes: files, tables, output. What must be nowhere is looked for in all of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use domain::record::Val;

use crate::harness::Place;

/// Bytes by the place where they are.
pub struct Everywhere(BTreeMap<String, Vec<u8>>);

impl Everywhere {
    /// The files of a place, its database, and what is said of the log.
    pub fn of(place: &Place) -> Everywhere {
        let mut all = BTreeMap::new();
        for (name, words) in [
            (
                "audit list",
                &["audit", "list", "--limit", "1000", "--output", "json"][..],
            ),
            ("audit verify", &["audit", "verify"]),
            ("audit export", &["audit", "export"]),
            ("audit export as CSV", &["audit", "export", "--format", "csv"]),
        ] {
            all.insert(name.to_owned(), place.run(words).expect(0).out.into_bytes());
        }
        files(&place.path(""), &mut all);
        if matches!(place.location(), store::db::Location::Postgres(_)) {
            all.insert("the database".to_owned(), rows(place));
        }
        let looked_at: usize = all.values().map(Vec::len).sum();
        assert!(looked_at > 50_000, "too little to look at: {looked_at} bytes");
        Everywhere(all)
    }

    /// And something more.
    pub fn with(mut self, more: Vec<(String, Vec<u8>)>) -> Everywhere {
        self.0.extend(more);
        self
    }

    /// The first place that has these bytes, as they are or in hex.
    pub fn find(&self, needle: &[u8]) -> Option<&str> {
        let hex = evidence::json::hex(needle);
        let has = |bytes: &[u8]| contains(bytes, needle) || contains(bytes, hex.as_bytes());
        let found = self.0.iter().find(|(_, bytes)| has(bytes));
        found.map(|(name, _)| name.as_str())
    }
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
}

/// Every row of every table, as PostgreSQL writes them.
fn rows(place: &Place) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = store::Db::new(store::Settings::new(place.location())).unwrap();
        let mut conn = db.writer().await.unwrap();
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
        let mut all = Vec::new();
        for table in conn.all(tables, &[]).await.unwrap() {
            let table = table.text(0).unwrap().to_owned();
            for row in conn
                .all(&format!("SELECT t::text FROM {table} t"), &[])
                .await
                .unwrap()
            {
                let Val::Text(text) = &row.0[0] else {
                    panic!("{row:?}")
                };
                all.extend_from_slice(text.as_bytes());
            }
        }
        all
    })
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}
