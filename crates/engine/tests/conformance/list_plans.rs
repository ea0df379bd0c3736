//! Which indexes lists of rows follow, where there are enough for a scan to show: each filter alone and with every other one.
//! The rows are put there by hand, since only the planner is asked.

use domain::record::Val;
use store::Conn;

use crate::catalogue::texts;

crate::on_both!(each_filter_follows_an_index);

/// How many rows are put there.
const ROWS: i64 = 40_000;

/// What differs in a copy of a row.
#[derive(Clone, Copy)]
pub enum Copied {
    /// An id that follows from its number.
    Id,
    /// Its number.
    Number,
    /// Its number as a text.
    Text,
    /// 32 bytes that follow from its number.
    Hash,
    /// Nothing.
    Null,
    /// This word.
    Word(&'static str),
}

/// Copies of one row of a table.
pub async fn copies(conn: &mut Conn, table: &str, copied: impl Fn(&str) -> Option<Copied>) {
    let columns = match conn {
        Conn::Sqlite(_) => format!("SELECT name FROM pragma_table_info('{table}')"),
        Conn::Pg(_) => format!(
            "SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}' AND table_schema = current_schema()"
        ),
    };
    let columns = texts(conn, &columns, &[]).await;
    let sqlite = matches!(conn, Conn::Sqlite(_));
    let value = |column: &String| match copied(column) {
        Some(Copied::Id) if sqlite => "CAST(substr('0000000000000000' || n, -16) AS BLOB)".to_owned(),
        Some(Copied::Id) => "lpad(n::text, 32, '0')::uuid".to_owned(),
        Some(Copied::Number) => "n".to_owned(),
        Some(Copied::Text) => "'copy' || n".to_owned(),
        Some(Copied::Hash) if sqlite => {
            "CAST(substr('00000000000000000000000000000000' || n, -32) AS BLOB)".to_owned()
        }
        Some(Copied::Hash) => "lpad(n::text, 32, '0')::bytea".to_owned(),
        Some(Copied::Null) => "NULL".to_owned(),
        Some(Copied::Word(word)) => format!("'{word}'"),
        None => column.clone(),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let (columns, values) = (columns.join(", "), values.join(", "));
    let select = format!("SELECT {values} FROM (SELECT * FROM {table} LIMIT 1) one, numbers");
    let insert = if sqlite {
        format!(
            "INSERT INTO {table} ({columns}) WITH RECURSIVE numbers(n) AS (SELECT 10000 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1) {select}"
        )
    } else {
        format!(
            "WITH numbers AS (SELECT n FROM generate_series(10000, $1::bigint) n) INSERT INTO {table} ({columns}) {select}"
        )
    };
    let last = Val::Int(10_000 + ROWS - 1);
    assert_eq!(conn.exec(&insert, &[last]).await.unwrap(), 40_000, "{table}");
}

/// Whether a plan reads a whole table.
#[track_caller]
pub fn assert_no_scan(said: &str, table: &str, of: &dyn std::fmt::Debug) {
    for line in said.lines() {
        let scans = line.contains(&format!("Seq Scan on {table}"))
            || line.contains(&format!("SCAN {table}")) && !line.contains("USING");
        assert!(!scans, "{of:?} goes through all:\n{said}");
    }
}

mod cases {
    use domain::approval::Approval;
    use domain::custody::Balance;
    use domain::custody::destination::Destination;
    use domain::custody::kyc::KycRecord;
    use domain::governance::agent::Agent;
    use domain::identity::api_key::ApiKey;
    use domain::identity::session::Session;
    use domain::identity::user::User;
    use domain::record::Record;
    use domain::workflow::conversation::Conversation;
    use domain::workflow::execution::{Execution, ExecutionStatus};
    use domain::workflow::metric::{Bucket, Metric};
    use engine::identity::session_in_use;
    use engine::workflow::execution_stands;
    use store::Conn;
    use store::conditions::{self, Condition, Order};
    use uuid::Uuid;

    use super::{Copied, assert_no_scan, copies};
    use crate::attacker::close;
    use crate::indexes::{Ear, plan};
    use crate::support::{Bed, On, rich_log};

    /// A filter, and the indexes of which one leads to what it finds. Where it says `Pairs`, it does so with another one only:
    /// alone it finds most of what there is.
    type Filtered = (Leads, Condition);

    enum Leads {
        Alone(&'static [&'static str]),
        Pairs(&'static [&'static str]),
    }
    use Leads::{Alone, Pairs};

    impl Leads {
        fn indexes(&self) -> &'static [&'static str] {
            match self {
                Alone(indexes) | Pairs(indexes) => indexes,
            }
        }
    }

    /// Asks each filter alone and with every other one: one of their indexes leads, and nothing is sorted that is long.
    async fn assert_lists<T: Record>(conn: &mut Conn, filters: &[Filtered]) {
        for (number, (leads, filter)) in filters.iter().enumerate() {
            let alone = matches!(leads, Alone(_)).then(|| (leads.indexes().to_vec(), vec![filter.clone()]));
            let pairs = filters[number + 1..].iter().map(|(other, more)| {
                let indexes = [leads.indexes(), other.indexes()].concat();
                (indexes, vec![filter.clone(), more.clone()])
            });
            for (indexes, asked) in alone.into_iter().chain(pairs) {
                let heard = Ear::heard(conn, async |conn| {
                    conditions::page::<T>(conn, &asked, None, 10).await.unwrap();
                })
                .await;
                assert_eq!(heard.len(), 1);
                let said = plan(conn, &heard[0]).await;
                assert_no_scan(&said, T::TABLE.name, &asked);
                // A role, a status and a name are looked for along the ids: there are few words for many rows.
                assert!(
                    indexes.is_empty() || indexes.iter().any(|index| said.contains(index)),
                    "{asked:?} without {indexes:?}:\n{said}"
                );
            }
        }
    }

    async fn assert_all(conn: &mut Conn) {
        let now = crate::people::now();
        let id = |column| Condition::Is(column, Uuid::from_u128(7).into());
        let status = |word: &str| Condition::Is("status", word.into());
        assert_lists::<User>(
            conn,
            &[
                (Pairs(&[]), Condition::Is("role", "admin".into())),
                (Pairs(&[]), Condition::Is("active", true.into())),
                (
                    Pairs(&[]),
                    Condition::Holds(&["username", "email", "full_name"], "ann".to_owned()),
                ),
            ],
        )
        .await;
        assert_lists::<ApiKey>(conn, &[(Alone(&["api_keys_user"]), id("user_id"))]).await;
        assert_lists::<Session>(
            conn,
            &[
                (Alone(&["sessions_in_use"]), session_in_use(now)),
                (
                    Alone(&["sessions_user"]),
                    Condition::All(vec![id("user_id"), session_in_use(now)]),
                ),
            ],
        )
        .await;
        assert_lists::<Balance>(
            conn,
            &[
                (Alone(&["balances_asset"]), id("asset_id")),
                (Alone(&["balances_user"]), id("user_id")),
                (
                    Alone(&["balances_of_house", "balances_house"]),
                    Condition::Has("house", true),
                ),
            ],
        )
        .await;
        assert_lists::<Destination>(
            conn,
            &[
                (Alone(&["destinations_owner"]), id("user_id")),
                (
                    Pairs(&["destinations_address"]),
                    Condition::Has("removed_at", false),
                ),
            ],
        )
        .await;
        assert_lists::<KycRecord>(
            conn,
            &[
                (Alone(&["kyc_records_user"]), id("user_id")),
                (Pairs(&[]), status("pending")),
            ],
        )
        .await;
        assert_lists::<Approval>(
            conn,
            &[
                (Alone(&["approvals_requester"]), id("requested_by")),
                (Alone(&["approvals_agent"]), id("agent_id")),
                (Alone(&["approvals_execution"]), id("execution_id")),
                (Pairs(&["approvals_agent"]), status("pending")),
            ],
        )
        .await;
        assert_workflows(conn, now).await;
        assert_metrics(conn, now).await;
    }

    /// Metrics, newest first, and what figures read of them.
    async fn assert_metrics(conn: &mut Conn, now: evidence::Timestamp) {
        let id = |column| Condition::Is(column, Uuid::from_u128(7).into());
        let word = |column| Condition::Is(column, "w".into());
        let (from, to) = (
            Condition::From("at", now.into()),
            Condition::Before("at", now.into()),
        );
        for (index, which) in [
            ("metrics_at", None),
            ("metrics_in_time", Some(word("name"))),
            ("metrics_workflow", Some(word("workflow"))),
            ("metrics_execution", Some(id("execution_id"))),
            ("metrics_user", Some(id("user_id"))),
        ] {
            for times in [vec![], vec![from.clone()], vec![to.clone()]] {
                let asked: Vec<Condition> = which.clone().into_iter().chain(times).collect();
                let places = [None, Some(vec![now.into(), Uuid::from_u128(7).into()])];
                for (order, after) in [Order::Ascending, Order::Descending].into_iter().zip(places) {
                    let heard = Ear::heard(conn, async |conn| {
                        let by = (&["at", "id"][..], order);
                        conditions::page_by::<Metric>(conn, by, &asked, after, 10)
                            .await
                            .unwrap();
                    })
                    .await;
                    let said = plan(conn, &heard[0]).await;
                    assert_no_scan(&said, "metrics", &asked);
                    assert!(
                        said.contains(index) && !said.contains("Sort") && !said.contains("TEMP"),
                        "{asked:?} without {index}:\n{said}"
                    );
                }
            }
        }
        let in_time = [word("name"), from, to];
        for bucket in [None, Some(Bucket::Hour)] {
            let heard = Ear::heard(conn, async |conn| {
                store::series::numbers(conn, &in_time, bucket, 10).await.unwrap();
            })
            .await;
            let said = plan(conn, &heard[0]).await;
            // The index holds all that figures need: no row is read.
            let only = [
                "COVERING INDEX metrics_in_time",
                "Index Only Scan using metrics_in_time",
            ];
            assert!(only.iter().any(|only| said.contains(only)), "{said}");
        }
    }

    /// What finds most executions: they are looked for along one of these, or along the ids.
    const BY_STATUS: &[&str] = &[
        "executions_status",
        "executions_due",
        "executions_started",
        "executions_pkey",
        "sqlite_autoindex_executions_1",
    ];

    /// Agents, conversations, executions and their steps.
    async fn assert_workflows(conn: &mut Conn, now: evidence::Timestamp) {
        let id = |column| Condition::Is(column, Uuid::from_u128(7).into());
        let word = |column| Condition::Is(column, "w".into());
        assert_lists::<Agent>(
            conn,
            &[
                (Alone(&["agents_user"]), id("user_id")),
                (Pairs(&[]), Condition::Is("active", true.into())),
            ],
        )
        .await;
        assert_lists::<Conversation>(
            conn,
            &[
                (Alone(&["conversations_user"]), id("user_id")),
                (Alone(&["conversations_thread"]), word("thread")),
                (Pairs(&[]), word("status")),
            ],
        )
        .await;
        let stands = |status| execution_stands(status, now);
        assert_lists::<Execution>(
            conn,
            &[
                (Alone(&["executions_workflow"]), word("workflow")),
                (Alone(&["executions_user"]), id("user_id")),
                (Alone(&["executions_conversation"]), id("conversation_id")),
                (Alone(&["executions_parent"]), id("parent_id")),
                (Alone(&["executions_trace"]), word("trace_id")),
                (Alone(&["executions_agent"]), id("agent_id")),
                (Alone(&["executions_drag_mode"]), word("drag_mode")),
                (Pairs(BY_STATUS), stands(ExecutionStatus::Running)),
                (Pairs(BY_STATUS), stands(ExecutionStatus::Failed)),
                (Pairs(BY_STATUS), stands(ExecutionStatus::Cancelled)),
                (Pairs(BY_STATUS), Condition::From("started_at", now.into())),
                (Pairs(BY_STATUS), Condition::Before("started_at", now.into())),
            ],
        )
        .await;
        for conditions in [vec![], vec![word("kind")], vec![id("user_id"), word("kind")]] {
            for order in [Order::Ascending, Order::Descending] {
                let heard = Ear::heard(conn, async |conn| {
                    let execution = Uuid::from_u128(7);
                    store::steps::steps(conn, execution, &conditions, order, Some(3), 10)
                        .await
                        .unwrap();
                })
                .await;
                let said = plan(conn, &heard[0]).await;
                assert_no_scan(&said, "execution_steps", &conditions);
                assert!(
                    said.contains("execution_steps_") && !said.contains("TEMP"),
                    "{said}"
                );
            }
        }
    }

    pub async fn each_filter_follows_an_index(bed: Bed) {
        let engine = rich_log(&bed).await;
        let mut conn = engine.db().writer().await.unwrap();
        close(engine).await;
        let fresh = |column: &str| match column {
            "id" | "user_id" | "asset_id" | "requested_by" | "execution_id" | "conversation_id"
            | "parent_id" | "agent_id" => Some(Copied::Id),
            "hash" => Some(Copied::Hash),
            "username" | "address" | "code" | "workflow" | "thread" | "trace_id" => Some(Copied::Text),
            "email" | "house" => Some(Copied::Null),
            _ => None,
        };
        copies(&mut conn, "users", fresh).await;
        copies(&mut conn, "agents", |column| match column {
            "name" => Some(Copied::Text),
            column => fresh(column),
        })
        .await;
        copies(&mut conn, "assets", fresh).await;
        copies(&mut conn, "api_keys", fresh).await;
        copies(&mut conn, "sessions", fresh).await;
        copies(&mut conn, "balances", fresh).await;
        copies(&mut conn, "destinations", fresh).await;
        copies(&mut conn, "kyc_records", |column| match column {
            "status" => Some(Copied::Word("rejected")),
            column => fresh(column),
        })
        .await;
        copies(&mut conn, "approvals", fresh).await;
        copies(&mut conn, "conversations", fresh).await;
        copies(&mut conn, "executions", fresh).await;
        copies(&mut conn, "execution_steps", |column| match column {
            "number" => Some(Copied::Number),
            "execution_id" => None,
            column => fresh(column),
        })
        .await;
        copies(&mut conn, "metrics", |column| match column {
            "name" => Some(Copied::Text),
            column => fresh(column),
        })
        .await;
        if bed.on == On::Postgres {
            for setting in ["enable_seqscan = off", "plan_cache_mode = force_generic_plan"] {
                conn.batch(&format!("SET {setting}")).await.unwrap();
            }
        }
        assert_all(&mut conn).await;
        conn.batch("ANALYZE").await.unwrap();
        assert_all(&mut conn).await;
    }
}
