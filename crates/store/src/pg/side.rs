//! The side tables on PostgreSQL: each call one statement over arrays.

use std::collections::BTreeMap;

use domain::record::{Kind, Val};
use evidence::time::Timestamp;
use uuid::Uuid;

use super::PgConn;
use super::value::Array;
use crate::error::Error;
use crate::root::Root;
use crate::window::{Totals, Window, totals};

// Taking away from a counter that has no row would make one below 0; such a pair is left out.
const ADD: &str = "INSERT INTO counters AS c (subject, width_s, window_start, used) \
                   SELECT n.subject, n.width_s, n.window_start, n.added \
                   FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) \
                   AS n (subject, width_s, window_start, added) \
                   WHERE n.added >= 0 OR EXISTS (SELECT FROM counters o WHERE o.subject = n.subject COLLATE \"C\" \
                   AND o.width_s = n.width_s AND o.window_start = n.window_start) \
                   ORDER BY n.subject COLLATE \"C\", n.width_s, n.window_start \
                   ON CONFLICT (subject, width_s, window_start) \
                   DO UPDATE SET used = greatest(0, c.used + excluded.used) \
                   RETURNING subject, width_s, window_start, used";
const READ: &str = "SELECT c.subject, c.width_s, c.window_start, c.used \
                    FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS n (subject, width_s, window_start) \
                    JOIN counters c ON c.subject = n.subject COLLATE \"C\" AND c.width_s = n.width_s \
                    AND c.window_start = n.window_start";
const TOUCH: &str = "INSERT INTO last_seen AS l (kind, id, at) \
                     SELECT * FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) \
                     ON CONFLICT (kind, id) DO UPDATE SET at = excluded.at WHERE excluded.at > l.at";

const KEEP: &str = "INSERT INTO roots (id, place, root, at) \
                    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) \
                    ON CONFLICT (id, place) DO NOTHING";

/// The key's columns, each as an array's values.
fn columns<'a>(windows: impl Iterator<Item = &'a Window>) -> [Vec<Val>; 3] {
    let mut columns = [Vec::new(), Vec::new(), Vec::new()];
    for window in windows {
        for (column, value) in columns.iter_mut().zip(window.values()) {
            column.push(value);
        }
    }
    columns
}

pub(crate) async fn add_counts(conn: &mut PgConn, sums: &BTreeMap<&Window, i64>) -> Result<Totals, Error> {
    let [subjects, widths, starts] = columns(sums.keys().copied());
    let added: Vec<Val> = sums.values().map(|sum| Val::Int(*sum)).collect();
    let rows = conn
        .query(
            ADD,
            &[
                &Array(Kind::Text, &subjects),
                &Array(Kind::Int, &widths),
                &Array(Kind::Int, &starts),
                &Array(Kind::Int, &added),
            ],
        )
        .await?;
    totals(&rows)
}

pub(crate) async fn read_counts(conn: &mut PgConn, windows: &[Window]) -> Result<Totals, Error> {
    let [subjects, widths, starts] = columns(windows.iter());
    let rows = conn
        .query(
            READ,
            &[
                &Array(Kind::Text, &subjects),
                &Array(Kind::Int, &widths),
                &Array(Kind::Int, &starts),
            ],
        )
        .await?;
    totals(&rows)
}

pub(crate) async fn touch(
    conn: &mut PgConn,
    marks: &BTreeMap<(&'static str, Uuid), Timestamp>,
) -> Result<(), Error> {
    let kinds: Vec<Val> = marks.keys().map(|(kind, _)| (*kind).into()).collect();
    let ids: Vec<Val> = marks.keys().map(|(_, id)| Val::Uuid(*id)).collect();
    let times: Vec<Val> = marks.values().map(|at| Val::Time(*at)).collect();
    conn.query(
        TOUCH,
        &[
            &Array(Kind::Text, &kinds),
            &Array(Kind::Uuid, &ids),
            &Array(Kind::Time, &times),
        ],
    )
    .await
    .map(drop)
}

pub(crate) async fn keep_roots<'a>(
    conn: &mut PgConn,
    roots: impl Iterator<Item = &'a Root>,
) -> Result<(), Error> {
    let (mut ids, mut places, mut texts, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for root in roots {
        ids.push(Val::Uuid(root.id));
        places.push(Val::from(&*root.place));
        texts.push(Val::from(&*root.root));
        times.push(Val::Time(root.at));
    }
    conn.query(
        KEEP,
        &[
            &Array(Kind::Uuid, &ids),
            &Array(Kind::Text, &places),
            &Array(Kind::Text, &texts),
            &Array(Kind::Time, &times),
        ],
    )
    .await
    .map(drop)
}
