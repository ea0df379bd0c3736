//! Indexes that queries use: every question is asked once, what it says to the database is overheard by the SQL echo, and the
//! planner is asked about each statement. An index that none of them uses is paid for by every write and good for nothing.

use std::sync::{Arc, Mutex};

use domain::record::Val;
use store::Conn;
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::catalogue::texts;

crate::on_both!(every_index_is_used);

/// Hears the echo.
#[derive(Clone, Default)]
pub struct Ear(Arc<Mutex<Vec<String>>>);

impl Ear {
    /// The statements that `questions` come to, in their order.
    ///
    /// Whichever thread comes by the echo first, once anybody listens, says for all whether it is heard; the threads of other
    /// cases do not listen. So it is come by once, and all are asked again.
    pub async fn heard(conn: &mut Conn, questions: impl AsyncFnOnce(&mut Conn)) -> Vec<String> {
        let ear = Ear::default();
        let listening = async {
            conn.opt("SELECT 1", &[]).await.unwrap();
            tracing::callsite::rebuild_interest_cache();
            ear.0.lock().unwrap().clear();
            questions(conn).await;
        };
        listening.with_subscriber(ear.clone()).await;
        let heard = std::mem::take(&mut *ear.0.lock().unwrap());
        heard
            .into_iter()
            .filter(|sql| sql.starts_with("SELECT"))
            .collect()
    }
}

impl Subscriber for Ear {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == store::echo::TARGET
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Heard(self));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Heard<'a>(&'a Ear);

impl Visit for Heard<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}

/// What the planner says of a statement, whatever its parameters are. Nothing, where the statement names an index that is
/// not there.
pub async fn plan(conn: &mut Conn, sql: &str) -> String {
    let marks = (1..100)
        .take_while(|number| sql.contains(&format!("${number}")))
        .count();
    if matches!(conn, Conn::Sqlite(_)) {
        let rows = conn
            .all(&format!("EXPLAIN QUERY PLAN {sql}"), &vec![Val::Null; marks])
            .await;
        let rows = match rows {
            Err(error) if error.message.contains("no such index") => return String::new(),
            rows => rows.unwrap(),
        };
        return rows
            .iter()
            .map(|row| row.text(3).unwrap().to_owned() + "\n")
            .collect();
    }
    let nulls = vec!["NULL"; marks].join(", ");
    let arguments = if marks == 0 {
        String::new()
    } else {
        format!("({nulls})")
    };
    conn.batch(&format!("PREPARE asked AS {sql}")).await.unwrap();
    let lines = texts(conn, &format!("EXPLAIN EXECUTE asked{arguments}"), &[]).await;
    conn.batch("DEALLOCATE asked").await.unwrap();
    lines.join("\n")
}

mod cases {
    use std::collections::BTreeSet;

    use domain::Needs;
    use domain::approval::{Approval, Vote};
    use domain::audit::EntryFilter;
    use domain::custody::destination::Destination;
    use domain::custody::kyc::{KycDocument, KycRecord};
    use domain::custody::{Balance, Operation, OperationKind, OperationStatus};
    use domain::identity::Rules;
    use domain::identity::api_key::ApiKey;
    use domain::identity::session::Session;
    use domain::identity::user::User;
    use domain::looks::{self, By};
    use domain::record::Kind;
    use domain::workflow::conversation::Conversation;
    use domain::workflow::execution::{DayOf, Execution, ExecutionStatus};
    use domain::workflow::metric::Metric;
    use engine::identity::{key_called, key_shown, session_in_use, user_called};
    use store::conditions::{self, Condition};
    use store::conn::Lock;
    use store::custody::OperationFilter;
    use store::query::{Order, Page};
    use store::{Conn, custody, entries, query, sealed, steps};
    use uuid::Uuid;

    use super::{Ear, plan};
    use crate::attacker::close;
    use crate::catalogue::texts;
    use crate::questions::filters;
    use crate::support::{Bed, On, rich_log};

    fn of_ids(by: By) -> bool {
        match by {
            By::Column(column) => column == "id" || column.ends_with("_id"),
            By::Through(way) => of_ids(way.by),
            By::Lower(_) | By::Spelt(_) => false,
        }
    }

    /// Every look-up that decisions make.
    fn all_needs(id: Uuid) -> Needs {
        let mut needs = Needs::at(crate::people::now(), &Rules::default());
        for look in looks::LOOKS.iter().copied() {
            match look.by {
                By::Column("entry") => needs.row(look, 7_u64),
                by if of_ids(by) => needs.row(look, id),
                _ => needs.row(look, "ab"),
            }
        }
        needs
    }

    /// Asks what sums are asked, and what the clock says beside them.
    async fn ask_sums(conn: &mut Conn, id: Uuid, now: evidence::Timestamp) {
        custody::due_holds(conn, &[id], now).await.unwrap();
        custody::sums_of_all_days(conn, Some(id)).await.unwrap();
        custody::counts_of_days(conn, None).await.unwrap();
        custody::count_of_sums(conn, id).await.unwrap();
        for (asset, days) in [(Some(id), (Some(now), Some(now))), (None, (Some(now), None))] {
            custody::due_operations(conn, asset, now).await.unwrap();
            custody::sums_of_days(conn, asset, days).await.unwrap();
        }
    }

    /// Asks what lists of rows are asked.
    async fn ask_rows(conn: &mut Conn, id: Uuid, now: evidence::Timestamp) {
        let of_role = [Condition::Is("role", "admin".into())];
        conditions::page::<User>(conn, &of_role, None, 10).await.unwrap();
        conditions::page::<ApiKey>(conn, &[Condition::Is("user_id", id.into())], None, 10)
            .await
            .unwrap();
        conditions::page::<User>(conn, &user_called("Ann"), None, 10)
            .await
            .unwrap();
        for named in [key_called("shop"), key_shown("prb_4fGh2k")] {
            conditions::page::<ApiKey>(conn, &[named], None, 10)
                .await
                .unwrap();
        }
        query::within_ids(conn, (id, id), 10).await.unwrap();
        let of_user = [Condition::Is("user_id", id.into())];
        conditions::page::<Balance>(conn, &of_user, None, 10)
            .await
            .unwrap();
        conditions::page::<KycRecord>(conn, &of_user, None, 10)
            .await
            .unwrap();
        for in_use in [
            vec![session_in_use(now)],
            vec![of_user[0].clone(), session_in_use(now)],
        ] {
            conditions::page::<Session>(conn, &in_use, None, 10)
                .await
                .unwrap();
        }
        for of in [
            Condition::Is("asset_id", id.into()),
            Condition::Has("house", true),
        ] {
            conditions::page::<Balance>(conn, &[of], None, 10).await.unwrap();
        }
        conditions::page::<Destination>(conn, &of_user, None, 10)
            .await
            .unwrap();
        conditions::page_in::<Conversation>(conn, Order::Descending, &of_user, None, 10)
            .await
            .unwrap();
        let requested = [Condition::Is("requested_by", id.into())];
        conditions::page::<Approval>(conn, &requested, None, 10)
            .await
            .unwrap();
        let in_use = [of_user[0].clone(), Condition::Has("removed_at", false)];
        conditions::page::<Destination>(conn, &in_use, None, 10)
            .await
            .unwrap();
    }

    /// Asks for approvals that have no salt or were not reported, and for votes of a user that say something.
    async fn ask_approvals(conn: &mut Conn, id: Uuid, now: evidence::Timestamp) {
        store::approvals::unsalted(conn, 10).await.unwrap();
        store::approvals::unreported(conn, now).await.unwrap();
        store::approvals::written_since(conn, 7, &[id]).await.unwrap();
        let said = [
            Condition::Is("user_id", id.into()),
            Condition::Any(vec![
                Condition::Has("reason", true),
                Condition::Has("suggested_arguments", true),
            ]),
        ];
        conditions::page::<Vote>(conn, &said, None, 10).await.unwrap();
    }

    /// Asks for executions by each filter.
    async fn ask_executions(conn: &mut Conn, id: Uuid, now: evidence::Timestamp) {
        let stands = |status| engine::workflow::execution_stands(status, now);
        for agent in [None, Some(id)] {
            store::executions::running_of(conn, agent, 10).await.unwrap();
        }
        for condition in [
            Condition::Is("workflow", "triage".into()),
            Condition::Is("user_id", id.into()),
            Condition::Is("conversation_id", id.into()),
            Condition::Is("parent_id", id.into()),
            Condition::Is("trace_id", "00".into()),
            Condition::Is("agent_id", id.into()),
            Condition::Is("drag_mode", "draft".into()),
            stands(ExecutionStatus::Running),
            stands(ExecutionStatus::Failed),
        ] {
            conditions::page_in::<Execution>(conn, Order::Descending, &[condition], None, 10)
                .await
                .unwrap();
        }
        for order in [Order::Descending, Order::Ascending] {
            steps::steps(conn, id, &[], order, Some(7), 10).await.unwrap();
        }
        steps::held(conn, id, 10).await.unwrap();
        let by = (&["started_at", "id"][..], Order::Descending);
        let after = Some(vec![now.into(), id.into()]);
        conditions::page_by::<Execution>(conn, by, &[Condition::From("started_at", now.into())], after, 10)
            .await
            .unwrap();
        store::executions::count(conn, (Some(now), Some(now)))
            .await
            .unwrap();
        store::executions::days(conn, DayOf::User, (Some(now), Some(now)))
            .await
            .unwrap();
        let gone = [Condition::NotRenewed(now.into())];
        conditions::due_where::<Execution>(conn, &["running"], &gone, now, 10)
            .await
            .unwrap();
    }

    /// Asks for metrics by each filter, and in time.
    async fn ask_metrics(conn: &mut Conn, id: Uuid, now: evidence::Timestamp) {
        for condition in [
            Condition::Before("at", now.into()),
            Condition::Is("name", "reward".into()),
            Condition::Is("workflow", "triage".into()),
            Condition::Is("execution_id", id.into()),
            Condition::Is("user_id", id.into()),
        ] {
            let by = (&["at", "id"][..], Order::Descending);
            conditions::page_by::<Metric>(conn, by, &[condition], None, 10)
                .await
                .unwrap();
        }
        let in_time = [
            Condition::Is("name", "reward".into()),
            Condition::From("at", now.into()),
        ];
        store::series::numbers(conn, &in_time, None, 10).await.unwrap();
    }

    /// Asks everything that can be asked.
    async fn ask(conn: &mut Conn, size: u64) {
        let id = Uuid::from_u128(7);
        let now = crate::people::now();
        let page = Page {
            order: Order::Descending,
            after: None,
            limit: 10,
        };
        for filter in filters() {
            query::page(conn, &filter, page, size).await.unwrap();
        }
        let in_time = EntryFilter {
            by_timestamp: true,
            ..EntryFilter::default()
        };
        query::page(conn, &in_time, page, size).await.unwrap();
        query::since(conn, 3, size).await.unwrap();
        entries::written_by(conn, id, 10).await.unwrap();
        ask_rows(conn, id, now).await;
        ask_approvals(conn, id, now).await;
        ask_executions(conn, id, now).await;
        ask_metrics(conn, id, now).await;
        let ids = [id.into()];
        sealed::by_key::<KycDocument>(conn, "record_id", Kind::Uuid, &ids, Lock::None)
            .await
            .unwrap();
        sealed::by_key::<Vote>(conn, "approval_id", Kind::Uuid, &ids, Lock::None)
            .await
            .unwrap();
        conditions::due::<Operation>(conn, &["pending"], now, 10)
            .await
            .unwrap();
        conditions::due::<KycRecord>(conn, &["approved"], now, 10)
            .await
            .unwrap();
        conditions::due::<Approval>(conn, &["pending", "granted"], now, 10)
            .await
            .unwrap();
        ask_sums(conn, id, now).await;
        custody::last_movement(conn, id, None, size).await.unwrap();
        for filter in [
            OperationFilter {
                status: Some(OperationStatus::Pending),
                ..OperationFilter::default()
            },
            OperationFilter {
                parent: Some(id),
                ..OperationFilter::default()
            },
            OperationFilter {
                kind: Some(OperationKind::Mint),
                ..OperationFilter::default()
            },
            OperationFilter {
                asset: Some(id),
                ..OperationFilter::default()
            },
            OperationFilter::default(),
            OperationFilter {
                reference: Some("invoice 7".to_owned()),
                ..OperationFilter::default()
            },
            OperationFilter {
                tx_hash: Some("00".to_owned()),
                ..OperationFilter::default()
            },
            OperationFilter {
                reference: Some("00".to_owned()),
                ..OperationFilter::default()
            },
            OperationFilter {
                made: (None, Some(evidence::Timestamp::EPOCH)),
                ..OperationFilter::default()
            },
        ] {
            custody::operations(conn, (&filter, now), Order::Descending, None, 10, size)
                .await
                .unwrap();
        }
        conn.begin().await.unwrap();
        store::facts::load(conn, &all_needs(id), true).await.unwrap();
        conn.rollback().await.unwrap();
    }

    /// The words of all plans, indexes among them.
    async fn plans(conn: &mut Conn, asked: &BTreeSet<String>) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        for sql in asked {
            let plan = plan(conn, sql).await;
            words.extend(
                plan.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .map(str::to_owned),
            );
        }
        words
    }

    pub async fn every_index_is_used(bed: Bed) {
        let engine = rich_log(&bed).await;
        let size = *engine.size().borrow();
        let mut conn = engine.db().writer().await.unwrap();
        close(engine).await;
        let asked: BTreeSet<String> = Ear::heard(&mut conn, async |conn| ask(conn, size).await)
            .await
            .into_iter()
            .collect();
        assert!(asked.len() > 40, "{asked:#?}");
        if bed.on == On::Postgres {
            // Of a table with ten rows the planner reads all; what counts is what it takes when there are many.
            for setting in ["enable_seqscan = off", "plan_cache_mode = force_generic_plan"] {
                conn.batch(&format!("SET {setting}")).await.unwrap();
            }
        }
        // A unique one is there for what it refuses.
        let indexes = match bed.on {
            On::Sqlite => {
                "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND sql NOT LIKE 'CREATE UNIQUE %'"
            }
            On::Postgres => {
                "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                 WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisunique"
            }
        };
        let mut indexes = texts(&mut conn, indexes, &[]).await;
        // What is deleted is found by it, and nothing asks by it.
        indexes.retain(|index| index != "roots_at");
        assert!(indexes.len() >= 20, "{indexes:?}");
        let named = plans(&mut conn, &asked).await;
        let mut unused = Vec::new();
        for index in indexes.iter().filter(|index| !named.contains(*index)) {
            // Where two would do, the planner takes one by figures that this log is too small for: and without the others?
            conn.begin().await.unwrap();
            for other in indexes.iter().filter(|other| *other != index) {
                conn.batch(&format!("DROP INDEX {other}")).await.unwrap();
            }
            if bed.on == On::Postgres {
                let table = "SELECT t.relname::text FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid \
                             WHERE i.indexrelid = to_regclass($1)";
                let table = texts(&mut conn, table, &[index.as_str().into()]).await.remove(0);
                let key = format!("ALTER TABLE {table} DROP CONSTRAINT {table}_pkey CASCADE");
                conn.batch(&key).await.unwrap();
            }
            if !plans(&mut conn, &asked).await.contains(index) {
                unused.push(index);
            }
            conn.rollback().await.unwrap();
        }
        assert!(
            unused.is_empty(),
            "no statement uses {unused:?}:\n{}",
            asked.into_iter().collect::<Vec<_>>().join("\n")
        );
    }
}
