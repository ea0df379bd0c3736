//! Going through the buckets of 1,024 entries one by one, from the first that can hold what is looked for.

use std::fmt::Write as _;

/// Entries of a bucket share `entry >> BUCKET_BITS`, the first column of the indexes that filters use.
pub(crate) use domain::audit::pruning::BUCKET_BITS;
use domain::record::Val;

use crate::row::Row;

/// Which buckets, and in which order.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    /// A statement that gives the entry in whose bucket to begin, or NULL; each `?` in it is for the next of its values.
    pub begin: String,
    /// Its values.
    pub values: Vec<Val>,
    /// The last bucket.
    pub last: i64,
    /// Whether they are gone through newest first.
    pub descending: bool,
}

impl Buckets {
    /// From one bucket to the next.
    pub fn step(&self) -> i64 {
        if self.descending { -1 } else { 1 }
    }

    /// Whether this bucket is before the last one, or is it.
    pub fn holds(&self, bucket: i64) -> bool {
        if self.descending {
            bucket >= self.last
        } else {
            bucket <= self.last
        }
    }

    /// The bucket that the first statement's row says.
    pub fn of(row: &Row) -> Option<i64> {
        row.int(0).ok().map(|entry| entry >> BUCKET_BITS)
    }

    /// The first statement, its parameters counted from `first`.
    pub fn begin_from(&self, first: usize) -> String {
        let mut text = String::with_capacity(self.begin.len() + 16);
        for (part, number) in self.begin.split('?').zip(first..) {
            if number > first {
                let _ = write!(text, "${}", number - 1);
            }
            text.push_str(part);
        }
        text
    }

    /// All of it in one statement (PostgreSQL): the buckets are made one by one, so that it ends where there are enough.
    pub fn joined(&self, select: &str, args: usize) -> String {
        format!(
            "SELECT found.* FROM (SELECT generate_series(({}) >> {BUCKET_BITS}, ${}::bigint, {}::bigint) AS bucket) buckets \
             CROSS JOIN LATERAL ({}) found",
            self.begin_from(args + 1),
            args + self.values.len() + 1,
            self.step(),
            select.replace("[bucket]", "= buckets.bucket"),
        )
    }
}
