//! Loading facts: every row that a batch's commands need, in a few set-based reads.

use std::collections::HashMap;

use domain::looks::{By, Hold, Key, Look, Only, Source};
use domain::record::{Kind, Val};
use domain::tables::RowKey;
use domain::{Facts, Needs};

use crate::conditions::is_one_of;
use crate::conn::{BEGIN, Conn, Lock};
use crate::entries::StoredEntry;
use crate::error::Error;
use crate::head::{self, Head};
use crate::pg::PgConn;
use crate::pg::pipeline::{Param, Step};
use crate::row::{Row, Stamp};
use crate::sealed;

/// One look as a statement: the key column stands before `[key]`, or at the end.
struct Read {
    look: &'static Look,
    sql: String,
    kind: Kind,
    keys: Vec<Val>,
    /// What the conditions take beside the keys, as `$2`.
    more: Option<Val>,
    lock: Lock,
}

/// What the keys of a look are compared with, as SQL.
fn compared(by: By) -> String {
    match by {
        By::Column(column) => column.to_owned(),
        By::Lower(column) => format!("lower({column})"),
        By::Spelt(column) => spelt(column),
        By::Through(way) => {
            let only = match way.by {
                By::Spelt(column) => format!("{column} IS NOT NULL AND "),
                _ => String::new(),
            };
            format!(
                "{} IN (SELECT {} FROM {} WHERE {only}{} [key])",
                way.column,
                way.gives,
                way.table,
                compared(way.by)
            )
        }
    }
}

/// A column without its blanks and in lower case, as the index has it.
pub(crate) fn spelt(column: &str) -> String {
    format!("lower(replace({column}, ' ', ''))")
}

/// A condition of a look as SQL, in the words of the partial indexes; and the time that it takes as `$2`.
fn condition(only: &Only, needs: &Needs) -> (String, Option<Val>) {
    match only {
        Only::Null(column) => (format!("{column} IS NULL"), None),
        Only::NotNull(column) => (format!("{column} IS NOT NULL"), None),
        Only::OneOf(column, words) => (is_one_of(column, words), None),
        Only::Due(column) => (format!("{column} <= $2"), Some(needs.now.into())),
        Only::InWindow(column) => (format!("{column} > $2"), Some(needs.limited_since.into())),
    }
}

fn read(look: &'static Look, keys: &[&Key], needs: &Needs) -> Read {
    let mut sql = match look.source {
        Source::Rows(table, _) => sealed::select(table),
        Source::Entries => StoredEntry::SELECT.to_owned(),
    };
    sql.push_str(" WHERE ");
    let mut more = None;
    for only in look.only {
        let (condition, value) = condition(only, needs);
        sql.push_str(&condition);
        sql.push_str(" AND ");
        more = more.or(value);
    }
    sql.push_str(&compared(look.by));
    let kind = match keys.first() {
        Some(Key::Text(_)) => Kind::Text,
        Some(Key::Index(_)) => Kind::Int,
        _ => Kind::Uuid,
    };
    let value = |key: &&Key| match *key {
        Key::Id(id) => Val::Uuid(*id),
        Key::Text(text) => text.as_str().into(),
        Key::Index(index) => head::int(*index).into(),
    };
    Read {
        look,
        sql,
        kind,
        keys: keys.iter().map(value).collect(),
        more,
        lock: match look.hold {
            Hold::Change => Lock::Update,
            Hold::Rely => Lock::Share,
            Hold::Read => Lock::None,
        },
    }
}

/// What is to be read, in the order in which it is locked.
fn plan(needs: &Needs) -> Vec<Read> {
    let plan = needs.plan();
    plan.iter().map(|(look, keys)| read(look, keys, needs)).collect()
}

fn take(source: Source, rows: Vec<Row>, facts: &mut Facts) -> Result<(), Error> {
    for row in rows {
        match source {
            Source::Rows(table, keep) => {
                sealed::decode_with(table, row, |stored| keep(stored, facts))?;
            }
            Source::Entries => facts.know(StoredEntry::read(&row)?.known()?),
        }
    }
    Ok(())
}

/// Loads what is needed, statement by statement; `locked` within a transaction that writes.
pub async fn load(conn: &mut Conn, needs: &Needs, locked: bool) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    for read in plan(needs) {
        let lock = if locked { read.lock } else { Lock::None };
        let more = read.more.as_slice();
        let rows = conn
            .keyed_with(&read.sql, read.kind, &read.keys, more, lock)
            .await?;
        take(read.look.source, rows, &mut facts)?;
    }
    Ok(facts)
}

/// Which transactions rows are from.
pub type Stamps = HashMap<RowKey, Stamp>;

/// Loads what is needed without a lock, and says which transaction each row is from: in one round trip on PostgreSQL.
pub async fn load_known(conn: &mut Conn, needs: &Needs) -> Result<(Facts, Stamps), Error> {
    let Conn::Pg(pg) = conn else {
        return Ok((load(conn, needs, false).await?, Stamps::new()));
    };
    let reads = plan(needs);
    let text = |read: &Read| {
        let sql = match read.look.source {
            Source::Rows(..) => read.sql.replacen(" FROM ", ", xmin FROM ", 1),
            Source::Entries => read.sql.clone(),
        };
        PgConn::keyed_sql(&sql, Lock::None)
    };
    let answers = pg.pipeline(&steps(&reads, text).collect::<Vec<_>>()).await?;
    let (mut facts, mut stamps) = (Facts::default(), Stamps::new());
    for (read, mut rows) in reads.iter().zip(answers) {
        if let Source::Rows(table, _) = read.look.source {
            for row in &mut rows {
                let stamp = Row(row.0.pop().into_iter().collect()).unsigned(0)?;
                let stamp =
                    Stamp::try_from(stamp).map_err(|_| Error::data("xmin is no number of a transaction"))?;
                stamps.insert((table.name, row.uuid(0)?), stamp);
            }
        }
        take(read.look.source, rows, &mut facts)?;
    }
    Ok((facts, stamps))
}

fn steps(reads: &[Read], text: impl Fn(&Read) -> String) -> impl Iterator<Item = Step<'static>> {
    reads.iter().map(move |read| Step {
        sql: text(read).into(),
        params: std::iter::once(Param::Many(read.kind, read.keys.clone()))
            .chain(read.more.clone().map(Param::One))
            .collect(),
    })
}

/// Begins a transaction and loads what is needed, all in one round trip (PostgreSQL).
///
/// Where nothing but callers is needed, as for the usual batch of events without ids of their own, the head is
/// locked with it: such a batch is decided too fast for others to wait for that. What is read behind the head takes it too.
pub(crate) async fn begin_and_load(conn: &mut PgConn, needs: &Needs) -> Result<(Facts, Option<Head>), Error> {
    let reads = plan(needs);
    let mut steps = vec![Step::plain(BEGIN)];
    steps.extend(self::steps(&reads, |read| {
        PgConn::keyed_sql(&read.sql, read.lock)
    }));
    let before_head = reads.partition_point(|read| !read.look.is_behind_head());
    let with_head = needs.keys_alone() || before_head < reads.len();
    if with_head {
        steps.insert(before_head + 1, Step::plain(head::SELECT_LOCKED));
    }
    let mut answers = conn.pipeline(&steps).await?;
    let head = if with_head {
        let row = answers.remove(before_head + 1).into_iter().next();
        Some(Head::read(row)?.ok_or_else(head::missing)?)
    } else {
        None
    };
    let mut facts = Facts::default();
    for (read, rows) in reads.iter().zip(answers.into_iter().skip(1)) {
        take(read.look.source, rows, &mut facts)?;
    }
    Ok((facts, head))
}
