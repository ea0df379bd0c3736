//! Making a database anew: what was erased or pruned is in none of its files then, and the space is free.

use store::compact::{bytes, compact, tables};
use store::db::{Location, Settings};
use store::{Conn, Db};

use crate::error::Error;

/// What making a database anew takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The tables, in the order in which they are made anew. A file of SQLite is made anew as one.
    pub tables: Vec<&'static str>,
    /// How many bytes they take now.
    pub bytes: u64,
    /// How many bytes must be free meanwhile, about.
    pub needs: u64,
}

/// A database that is to be made anew.
pub struct Compacting {
    conn: Conn,
    plan: Plan,
}

impl Compacting {
    /// Looks what it takes: for these tables, or for all where none is named.
    pub async fn plan(settings: &Settings, named: &[String]) -> Result<Compacting, Error> {
        let all = tables();
        if let Some(unknown) = named.iter().find(|name| !all.contains(&name.as_str())) {
            let known = all.join(", ");
            return Err(Error::problem(
                format!("there is no table {unknown} that can be made anew"),
                format!("name one of {known}"),
            ));
        }
        let is_named = |table: &&'static str| named.is_empty() || named.iter().any(|name| name == table);
        let is_file = matches!(settings.location, Location::Sqlite(_));
        let tables: Vec<_> = all
            .into_iter()
            .filter(|table| is_file || is_named(table))
            .collect();
        let mut conn = Db::new(settings.clone())?.patient_writer().await?;
        let size = bytes(&mut conn, &tables).await?;
        let mut needs = 0;
        if is_file {
            // Once where temporary files are, once in the write-ahead log.
            needs = size.saturating_mul(2);
        } else {
            // One after the other: the largest one twice.
            for table in &tables {
                needs = needs.max(bytes(&mut conn, &[table]).await?);
            }
        }
        let plan = Plan {
            tables,
            bytes: size,
            needs,
        };
        Ok(Compacting { conn, plan })
    }

    /// What it takes.
    pub fn needed(&self) -> &Plan {
        &self.plan
    }

    /// Makes it anew; `each` is told the table that is next, where they are made one by one. How many bytes it takes then.
    pub async fn run(mut self, each: &mut (dyn FnMut(&str) + Send)) -> Result<u64, Error> {
        if let Conn::Sqlite(_) = self.conn {
            each("the file");
            compact(&mut self.conn, "").await?;
        } else {
            for table in &self.plan.tables {
                each(table);
                compact(&mut self.conn, table).await?;
            }
        }
        Ok(bytes(&mut self.conn, &self.plan.tables).await?)
    }
}
