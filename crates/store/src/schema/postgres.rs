//! The schema as PostgreSQL's catalogue has it.

use super::Parts;
use crate::conn::Conn;
use crate::error::Error;

/// Kind, name and definition of each part, in the schema that unqualified names go to.
///
/// A trigger that is switched off, an index that is not valid and a constraint that was never checked are not what they say.
const PARTS: [&str; 5] = [
    "SELECT CASE WHEN c.relkind IN ('v', 'm') THEN 'view ' ELSE 'table ' END || c.relname, \
     CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' ELSE pg_get_viewdef(c.oid) END \
     FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')",
    "SELECT 'column ' || c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) \
     || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END \
     || CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN ' collate ' || o.collname ELSE '' END \
     || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid \
     LEFT JOIN pg_collation o ON o.oid = a.attcollation LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
    "SELECT 'index ' || c.relname, t.relname || CASE WHEN i.indisunique THEN ' unique' ELSE '' END || ' (' \
     || (SELECT string_agg(pg_get_indexdef(i.indexrelid, n::int, true), ', ' ORDER BY n) \
     FROM generate_series(1, i.indnkeyatts::bigint) AS n) || ')' \
     || coalesce(' where ' || pg_get_expr(i.indpred, i.indrelid, true), '') \
     || CASE WHEN i.indisvalid THEN '' ELSE ' (not valid)' END \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid \
     WHERE c.relnamespace = current_schema()::regnamespace \
     AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))",
    "WITH policies (letter, policy) AS (VALUES ('a'::\"char\", 'no action'), ('r', 'restrict'), ('c', 'cascade'), \
     ('n', 'set null'), ('d', 'set default')) \
     SELECT CASE k.contype WHEN 'p' THEN 'primary key ' WHEN 'u' THEN 'unique ' WHEN 'f' THEN 'foreign key ' ELSE 'check ' END \
     || c.relname || ' ' || CASE WHEN k.contype = 'c' THEN pg_get_constraintdef(k.oid, true) ELSE '(' \
     || (SELECT string_agg(a.attname, ', ' ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place) \
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number) || ')' END, \
     CASE k.contype WHEN 'p' THEN 'key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'checked' ELSE r.relname || ' (' \
     || (SELECT string_agg(a.attname, ', ' ORDER BY u.place) FROM unnest(k.confkey) WITH ORDINALITY AS u (number, place) \
     JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number) || ')' \
     || ' on update ' || u.policy || ' on delete ' || d.policy END \
     || CASE WHEN k.convalidated THEN '' ELSE ' (not valid)' END \
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class r ON r.oid = k.confrelid \
     LEFT JOIN policies u ON u.letter = k.confupdtype LEFT JOIN policies d ON d.letter = k.confdeltype \
     WHERE k.connamespace = current_schema()::regnamespace AND k.contype IN ('p', 'u', 'f', 'c')",
    "SELECT 'trigger ' || t.tgname, c.relname || ' ' || p.proname || ' ' || t.tgtype || coalesce(' of ' || (SELECT \
     string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = t.tgrelid \
     AND a.attnum = ANY (t.tgattr::int2[])), '') || CASE WHEN t.tgqual IS NULL THEN '' ELSE ' when' END \
     || CASE t.tgenabled WHEN 'O' THEN '' WHEN 'A' THEN '' ELSE ' (switched off)' END \
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid \
     WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal",
];

pub(super) async fn parts(conn: &mut Conn) -> Result<Parts, Error> {
    let mut parts = Parts::new();
    for sql in PARTS {
        for row in conn.all(sql, &[]).await? {
            let plain = |position| {
                let text = row.text(position)?;
                Ok::<_, Error>(text.split_whitespace().collect::<Vec<_>>().join(" "))
            };
            parts.insert(plain(0)?, plain(1)?);
        }
    }
    Ok(parts)
}
