//! Conditions on rows, and the one place where they become SQL.

use std::fmt::Write as _;

use domain::record::{Record, Sealed, Val};
use evidence::Timestamp;
use uuid::Uuid;

use crate::conn::Conn;
use crate::error::Error;
use crate::sealed;

pub(crate) use crate::buckets::BUCKET_BITS;

/// In which order a page goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    Descending,
    /// Oldest first.
    Ascending,
}

impl Order {
    pub(crate) fn direction(self) -> &'static str {
        match self {
            Order::Descending => "DESC",
            Order::Ascending => "ASC",
        }
    }

    /// How what comes later compares.
    pub(crate) fn beyond(self) -> &'static str {
        match self {
            Order::Descending => "<",
            Order::Ascending => ">",
        }
    }
}

/// What a row of a list must fulfil. Columns are named in the program; what callers send is a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The column has this value.
    Is(&'static str, Val),
    /// The column has another value.
    IsNot(&'static str, Val),
    /// The time is at this moment or later.
    From(&'static str, Val),
    /// The time is before this moment.
    Before(&'static str, Val),
    /// A lease was renewed until after this moment.
    Renewed(Val),
    /// None was.
    NotRenewed(Val),
    /// The column has a value, or it has none.
    Has(&'static str, bool),
    /// The time is at this moment or earlier.
    Until(&'static str, Val),
    /// The time is after this moment.
    After(&'static str, Val),
    /// One of the columns holds this text, in any case (of ASCII letters).
    Holds(&'static [&'static str], String),
    /// Each of these holds.
    All(Vec<Condition>),
    /// One of these holds.
    Any(Vec<Condition>),
}

/// The leases that were renewed until after a moment.
const RENEWED: &str = "SELECT last_seen.id FROM last_seen WHERE last_seen.kind = 'lease' AND last_seen.at >";

/// Conditions joined by AND, with their parameters.
#[derive(Clone, Default)]
pub(crate) struct Where {
    texts: Vec<String>,
    args: Vec<Val>,
}

impl Where {
    /// Adds a condition.
    pub(crate) fn add(&mut self, condition: &Condition) {
        let text = self.sql(condition);
        self.texts.push(text);
    }

    fn sql(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::Is(column, value) => format!("{column} = {}", self.arg(value.clone())),
            Condition::IsNot(column, value) => format!("{column} <> {}", self.arg(value.clone())),
            Condition::Has(column, true) => format!("{column} IS NOT NULL"),
            Condition::Has(column, false) => format!("{column} IS NULL"),
            Condition::From(column, time) => format!("{column} >= {}", self.arg(time.clone())),
            Condition::Before(column, time) => format!("{column} < {}", self.arg(time.clone())),
            Condition::Renewed(time) => format!("id IN ({RENEWED} {})", self.arg(time.clone())),
            Condition::NotRenewed(time) => format!("id NOT IN ({RENEWED} {})", self.arg(time.clone())),
            Condition::Until(column, time) => format!("{column} <= {}", self.arg(time.clone())),
            Condition::After(column, time) => format!("{column} > {}", self.arg(time.clone())),
            Condition::Holds(columns, text) => {
                let mark = self.arg(holding(text));
                let like = |column: &&str| format!("lower({column}) LIKE {mark} ESCAPE '\\'");
                either(&columns.iter().map(like).collect::<Vec<_>>())
            }
            Condition::All(all) => {
                let texts: Vec<_> = all.iter().map(|one| self.sql(one)).collect();
                texts.join(" AND ")
            }
            Condition::Any(any) => either(&any.iter().map(|one| self.sql(one)).collect::<Vec<_>>()),
        }
    }

    /// Adds a condition written out, each `?` in it for the next of the values.
    pub(crate) fn write(&mut self, condition: &str, values: impl IntoIterator<Item = Val>) {
        let text = self.filled(condition, values);
        self.texts.push(text);
    }

    /// A condition written out, each `?` in it for the next of the values, which become parameters.
    pub(crate) fn filled(&mut self, condition: &str, values: impl IntoIterator<Item = Val>) -> String {
        let mut values = values.into_iter();
        let mut parts = condition.split('?');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            text.push_str(&self.arg(values.next().unwrap_or(Val::Null)));
            text.push_str(part);
        }
        text
    }

    /// Adds a condition written out, where there is a value for its `?`.
    pub(crate) fn given(&mut self, condition: &str, value: Option<impl Into<Val>>) {
        if let Some(value) = value {
            self.write(condition, [value.into()]);
        }
    }

    /// The mark of a parameter with this value.
    pub(crate) fn arg(&mut self, value: impl Into<Val>) -> String {
        self.args.push(value.into());
        format!("${}", self.args.len())
    }

    /// The parameters.
    pub(crate) fn args(&self) -> &[Val] {
        &self.args
    }

    /// The clause, where there is a condition.
    pub(crate) fn clause(&self) -> String {
        if self.texts.is_empty() {
            return String::new();
        }
        format!(" WHERE {}", self.texts.join(" AND "))
    }

    /// Whether a text is asked for that no column can hold: one with U+0000, which PostgreSQL does not even take as a
    /// parameter.
    pub(crate) fn is_impossible(&self) -> bool {
        is_impossible(&self.args)
    }

    /// The rows that fulfil all of it, in this order, at most so many.
    pub(crate) async fn rows<T: Record>(
        mut self,
        conn: &mut Conn,
        order: &str,
        limit: u32,
    ) -> Result<Vec<Sealed<T>>, Error> {
        if self.is_impossible() {
            return Ok(Vec::new());
        }
        let mut sql = sealed::select(T::TABLE);
        sql.push_str(&self.clause());
        let _ = write!(sql, " ORDER BY {order} LIMIT {}", self.arg(i64::from(limit)));
        let rows = conn.all(&sql, &self.args).await?;
        rows.into_iter().map(sealed::decode).collect()
    }
}

/// Whether one of the values is a text with U+0000.
pub(crate) fn is_impossible(values: &[Val]) -> bool {
    let holds = |value: &Val| matches!(value, Val::Text(text) if text.contains('\0'));
    values.iter().any(holds)
}

fn either(texts: &[String]) -> String {
    format!("({})", texts.join(" OR "))
}

/// The pattern of what holds a text, compared in lower case.
pub(crate) fn holding(text: &str) -> String {
    format!("%{}%", like_literal(&text.to_ascii_lowercase()))
}

/// `%` and `_` of a text taken literally in a LIKE pattern with `\` as the escape.
fn like_literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// That a column is one of some words of the program, written out as in the partial indexes.
pub(crate) fn is_one_of(column: &str, words: &[&str]) -> String {
    match words {
        [one] => format!("{column} = '{one}'"),
        some => format!("{column} IN ('{}')", some.join("', '")),
    }
}

/// Rows that stand at one of these words and whose time has come, the longest due first. The words stand in the text, as
/// in the partial indexes.
pub async fn due<T: Record>(
    conn: &mut Conn,
    statuses: &[&str],
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Sealed<T>>, Error> {
    due_where(conn, statuses, &[], now, limit).await
}

/// The same, that fulfil every condition too.
pub async fn due_where<T: Record>(
    conn: &mut Conn,
    statuses: &[&str],
    and: &[Condition],
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Sealed<T>>, Error> {
    let mut due = Where::default();
    due.write(&is_one_of("status", statuses), []);
    due.write("expires_at IS NOT NULL AND expires_at <= ?", [now.into()]);
    for condition in and {
        due.add(condition);
    }
    due.rows(conn, "expires_at, id", limit).await
}

/// A page of a table's rows that fulfil every condition, in the order of their ids, after the one of id `after`.
pub async fn page<T: Record>(
    conn: &mut Conn,
    conditions: &[Condition],
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<T>>, Error> {
    page_in(conn, Order::Ascending, conditions, after, limit).await
}

/// The same, in either order of the ids.
pub async fn page_in<T: Record>(
    conn: &mut Conn,
    order: Order,
    conditions: &[Condition],
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<T>>, Error> {
    let after = after.map(|id| vec![id.into()]);
    page_by(conn, (&["id"], order), conditions, after, limit).await
}

/// The same, in either order of these columns, after the row that has these values there.
pub async fn page_by<T: Record>(
    conn: &mut Conn,
    (by, order): (&[&str], Order),
    conditions: &[Condition],
    after: Option<Vec<Val>>,
    limit: u32,
) -> Result<Vec<Sealed<T>>, Error> {
    let (beyond, direction) = (order.beyond(), order.direction());
    let mut all = Where::default();
    for condition in conditions {
        all.add(condition);
    }
    if let Some(after) = after {
        let marks = vec!["?"; by.len()].join(", ");
        all.write(&format!("({}) {beyond} ({marks})", by.join(", ")), after);
    }
    let order: Vec<String> = by.iter().map(|column| format!("{column} {direction}")).collect();
    all.rows(conn, &order.join(", "), limit).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_become_text_with_parameters() {
        let mut all = Where::default();
        assert_eq!(all.clause(), "");
        all.add(&Condition::Is("a", 1i64.into()));
        let nested = Condition::All(vec![
            Condition::Has("c", true),
            Condition::Until("d", 3i64.into()),
        ]);
        all.add(&Condition::Any(vec![Condition::Has("b", false), nested]));
        all.add(&Condition::Holds(&["e", "f"], "50%_X".to_owned()));
        all.write("g IN (?, ?)", [4i64.into(), 5i64.into()]);
        assert_eq!(
            all.clause(),
            " WHERE a = $1 AND (b IS NULL OR c IS NOT NULL AND d <= $2) AND \
             (lower(e) LIKE $3 ESCAPE '\\' OR lower(f) LIKE $3 ESCAPE '\\') AND g IN ($4, $5)"
        );
        assert_eq!(all.args()[2], r"%50\%\_x%".into());
        assert!(!all.is_impossible());
        all.add(&Condition::Is("h", "\0".into()));
        assert!(all.is_impossible());
    }
}
