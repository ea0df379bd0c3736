//! A database's place as a schema: tables, views and functions are moved out of it and into it, in one transaction. The
//! schema itself stays, with what its owner granted on it.

use std::time::Duration;

use crate::conn::{BEGIN, Conn};
use crate::error::{Error, ErrorKind};
use crate::row::Row;

/// The lock of a schema: whoever works with it shares the lock, whoever restores has it alone.
const LOCK: &str =
    "SELECT pg_try_advisory_lock(1349676898, hashtext(current_schema())), current_schema()::text";
const LOCK_SHARED: &str = "SELECT pg_try_advisory_lock_shared(1349676898, hashtext(current_schema()))";

/// How often a place is asked for that others hold, and how long after one another.
const TRIES: u32 = 20;
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

/// A name as SQL has it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Keeps others from taking the place as long as the connection lives.
pub(crate) async fn share(conn: &mut Conn) -> Result<(), Error> {
    let row = conn.opt(LOCK_SHARED, &[]).await?;
    match row.map(|row| row.flag(0)) {
        Some(Ok(false)) => Err(Error::new(
            ErrorKind::Connection,
            "the database is being restored",
        )),
        _ => Ok(()),
    }
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
    held.conn.batch(&format!("CREATE SCHEMA {aside}")).await?;
    Ok(held)
}

impl Held {
    /// The schema in which a database is made.
    pub fn aside(&self) -> String {
        format!("{}_restoring", self.place)
    }

    /// Removes it.
    pub async fn clear(&mut self) -> Result<(), Error> {
        let aside = quoted(&self.aside());
        let sql = format!("DROP SCHEMA IF EXISTS {aside} CASCADE");
        self.conn.batch(&sql).await
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
        let kept = format!("{place}_before_restore_{}", stamp.to_lowercase());
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
