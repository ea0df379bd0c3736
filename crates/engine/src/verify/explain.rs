//! What is checked on each table, and which tables are not sealed.

use domain::tables::SEALED;
use serde::Serialize;

/// A table that verification covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SealedTable {
    /// The table's name.
    pub table: &'static str,
    /// What is checked on it.
    pub checked: &'static str,
}

/// A table that verification does not cover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnsealedTable {
    /// The table's name.
    pub table: &'static str,
    /// Why, and what rests on it.
    pub why: &'static str,
}

/// Every table, as sealed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Tables that verification covers.
    pub sealed: Vec<SealedTable>,
    /// Tables that it does not.
    pub unsealed: Vec<UnsealedTable>,
}

/// Every table of the schema, as sealed or not, and what is checked on it.
pub fn explain() -> Explanation {
    let mut sealed = vec![
        SealedTable {
            table: "log_head",
            checked: "signature of the checkpoint; origin, size, root, edge and time against it and against the entries; \
                      that the log extends what the rollback guard remembers",
        },
        SealedTable {
            table: "entries",
            checked: "every leaf against the root; every column against its leaf or payload; payload, salt and changes \
                      against the leaf's commitments; no gap, none added; times never go back; a payload is missing only \
                      where a command erased or pruned it",
        },
        SealedTable {
            table: "subtrees",
            checked: "every hash against the entries below it; none missing, none added",
        },
    ];
    sealed.extend(SEALED.iter().map(|table| SealedTable {
        table: table.name,
        checked: match table.name {
            "executions" => "as the others; and steps and usage are counted anew from the steps, which have no gap",
            "execution_days" => "as the others; and each is counted anew from the executions",
            "sums" => "as the others; and each is counted anew from the operations and balances that it is over",
            "balances" => "as the others; and each is followed through its movements, and against open operations",
            _ => {
                "every row against the digest in the last entry that wrote it; none missing, none added, none put back to \
                 an older version"
            }
        },
    }));
    let unsealed = vec![
        UnsealedTable {
            table: "schema_migrations",
            why: "which migrations were applied and when; version, name and checksum are compared with the program's, the time \
                  is not checked; no decision rests on it",
        },
        UnsealedTable {
            table: "counters",
            why: "how often rate limits were used; changes too often to be worth entries; only whether a caller must wait \
                  rests on it",
        },
        UnsealedTable {
            table: "last_seen",
            why: "when keys, sessions and users were last seen, and until when leases were renewed; changes too often to be worth entries; no decision about \
                  money, identity or permission rests on it",
        },
        UnsealedTable {
            table: "roots",
            why: "how traces ended whose steps have not come yet, for an hour; too many to be worth entries, since most are of \
                  requests that have nothing to do with agents; what a step's execution takes over of it is sealed",
        },
        UnsealedTable {
            table: "jobs",
            why: "when each job ran, how that went, and what was asked for; what came of it is in entries; only when it runs \
                  again rests on it, and a job may run twice",
        },
        UnsealedTable {
            table: "leases",
            why: "which process runs the jobs; changes every ten seconds; a job may run in two processes",
        },
    ];
    Explanation { sealed, unsealed }
}
