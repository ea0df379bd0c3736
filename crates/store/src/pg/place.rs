//! A database's place as a schema: tables, views and functions are moved out of it and into it, in one transaction. The
//! schema itself stays, with what its owner granted on it.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::conn::{BEGIN, Conn};
use crate::error::{Error, ErrorKind};
use crate::row::Row;

/// The lock of a schema: whoever works with it shares the lock, whoever restores has it alone.
const LOCK: &str =
    "SELECT pg_try_advisory_lock(1349676898, hashtext(current_schema())), current_schema()::text";
const LOCK_SHARED: &str = "SELECT pg_try_advisory_lock_shared(1349676898, hashtext(current_schema()))";

/// How often a place is asked for that others hold, and how long after one another.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_millis(50);

/// What moves everything that a schema has into another one; what an extension made stays.
const MOVES: &str = "SELECT format('ALTER %s %I.%I SET SCHEMA %I', CASE c.relkind WHEN 'v' THEN 'VIEW' \
     WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, \
     $1::text, c.relname, $2::text) FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident($1)) \
     AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT EXISTS (SELECT FROM pg_depend d \
     WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'e', 'i') \
     AND d.refclassid <> 'pg_namespace'::regclass) \
     UNION ALL SELECT format('ALTER ROUTINE %I.%I(%s) SET SCHEMA %I', $1::text, p.proname, \
     pg_get_function_identity_arguments(p.oid), $2::text) FROM pg_proc p \
     WHERE p.pronamespace = to_regnamespace(quote_ident($1)) AND NOT EXISTS (SELECT FROM pg_depend d \
     WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')";

/// What grants on the new tables and views what was granted on those that had their names.
const GRANTS: &str = "SELECT format('GRANT %s ON %I.%I TO %s', a.privilege_type, $2::text, n.relname, \
     CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END) \
     FROM pg_class o JOIN pg_class n ON n.relname = o.relname AND n.relnamespace = to_regnamespace(quote_ident($2)) \
     CROSS JOIN aclexplode(o.relacl) a WHERE o.relnamespace = to_regnamespace(quote_ident($1)) \
     AND n.relkind IN ('r', 'v') AND a.grantee <> o.relowner";

/// The longest name, in bytes (`NAMEDATALEN` less one): PostgreSQL would cut a longer one without an error.
const NAME_MAX: usize = 63;

/// The name of a schema that belongs to a place. Of a place with a long name it has the beginning, and a digest.
fn beside(place: &str, suffix: &str) -> String {
    let whole = format!("{place}{suffix}");
    if whole.len() <= NAME_MAX {
        return whole;
    }
    let digest = &evidence::json::hex(&Sha256::digest(place))[..8];
    let mut end = NAME_MAX - suffix.len() - digest.len() - 1;
    while !place.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{digest}{suffix}", &place[..end])
}

/// What is said of a schema that a restore makes: no other one is removed.
const MADE: &str = "Probity restores a backup here";
const MADE_BY: &str = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1";

/// A name as SQL has it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Keeps others from taking the place as long as the connection lives.
pub(crate) async fn share(conn: &mut Conn) -> Result<(), Error> {
    for _ in 0..TRIES {
        let row = conn.opt(LOCK_SHARED, &[]).await?;
        if !matches!(row.map(|row| row.flag(0)), Some(Ok(false))) {
            return Ok(());
        }
        // One that restored may just have ended.
        tokio::time::sleep(PAUSE).await;
    }
    Err(Error::new(
        ErrorKind::Connection,
        "the database is being restored",
    ))
}

/// The place, held by what its connection has locked.
pub(crate) struct Held {
    pub conn: Conn,
    /// The schema.
    place: String,
}

pub(crate) async fn hold(mut conn: Conn) -> Result<Held, Error> {
    let mut tries = 0;
    let place = loop {
        let row = conn.opt(LOCK, &[]).await?.unwrap_or(Row(Vec::new()));
        if row.flag(0)? {
            break row.text(1)?.to_owned();
        }
        // The server hears a moment later that a process has ended.
        tries += 1;
        if tries > TRIES {
            return Err(Error::in_use(
                "another process works with the database, or restores it",
            ));
        }
        tokio::time::sleep(PAUSE).await;
    };
    let mut held = Held { conn, place };
    held.clear().await?;
    let aside = quoted(&held.aside());
    let make = format!("CREATE SCHEMA {aside}; COMMENT ON SCHEMA {aside} IS '{MADE}'");
    held.conn.batch(&make).await?;
    Ok(held)
}

impl Held {
    /// The schema in which a database is made.
    pub fn aside(&self) -> String {
        beside(&self.place, "_restoring")
    }

    /// Removes it.
    pub async fn clear(&mut self) -> Result<(), Error> {
        let aside = self.aside();
        let Some(there) = self.conn.opt(MADE_BY, &[aside.as_str().into()]).await? else {
            return Ok(());
        };
        let aside = quoted(&aside);
        if there.optional_text(0)? != Some(MADE) {
            let message = format!("the schema {aside} is in the way, and no restore made it");
            return Err(Error::new(ErrorKind::Other, message));
        }
        self.conn.batch(&format!("DROP SCHEMA {aside} CASCADE")).await
    }

    /// Removes what the schema has; the schema itself stays.
    pub async fn empty(mut self) -> Result<(), Error> {
        let aside = self.aside();
        self.conn.batch(BEGIN).await?;
        let old = statements(&mut self.conn, MOVES, (&self.place, &aside)).await?;
        run(&mut self.conn, &old).await?;
        self.clear().await?;
        self.conn.commit().await
    }

    pub async fn take(mut self, stamp: &str) -> Result<Option<String>, Error> {
        let (aside, place) = (self.aside(), &self.place);
        let kept = beside(place, &format!("_before_restore_{}", stamp.to_lowercase()));
        let conn = &mut self.conn;
        conn.batch(BEGIN).await?;
        conn.batch("SET LOCAL lock_timeout = '30s'").await?;
        let old = statements(conn, MOVES, (place, &kept)).await?;
        if !old.is_empty() {
            conn.batch(&format!("CREATE SCHEMA {}", quoted(&kept))).await?;
        }
        run(conn, &old).await?;
        let new = statements(conn, MOVES, (&aside, place)).await?;
        run(conn, &new).await?;
        let grants = statements(conn, GRANTS, (&kept, place)).await?;
        run(conn, &grants).await?;
        conn.batch(&format!("DROP SCHEMA {}", quoted(&aside))).await?;
        conn.commit().await?;
        Ok((!old.is_empty()).then_some(kept))
    }
}

async fn statements(conn: &mut Conn, sql: &str, (from, to): (&str, &str)) -> Result<Vec<String>, Error> {
    let rows = conn.all(sql, &[from.into(), to.into()]).await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

async fn run(conn: &mut Conn, statements: &[String]) -> Result<(), Error> {
    for sql in statements {
        conn.batch(sql).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{NAME_MAX, beside};

    #[test]
    fn a_name_beside_a_long_one_is_neither_that_nor_cut() {
        assert_eq!(beside("public", "_restoring"), "public_restoring");
        let edge = "a".repeat(NAME_MAX - "_restoring".len());
        assert_eq!(beside(&edge, "_restoring"), format!("{edge}_restoring"));
        for place in ["a".repeat(54), "a".repeat(63), "ü".repeat(31)] {
            let [one, two] =
                ["_restoring", "_before_restore_20261129t061500z"].map(|suffix| beside(&place, suffix));
            for name in [&one, &two] {
                assert!(name.len() <= NAME_MAX && *name != place, "{name}");
            }
            assert!(one.ends_with("_restoring") && two.ends_with("_20261129t061500z"));
            assert_ne!(one, beside(&format!("{place}b"), "_restoring"));
        }
    }
}
