//! Each CHECK, NOT NULL, UNIQUE and foreign key, and each trigger, tried from plain SQL.

crate::on_both!(
    every_check_refuses,
    every_column_that_must_be_filled_is,
    every_unique_key_refuses_a_second_row,
    every_foreign_key_refuses_both_ways,
    every_trigger_refuses,
    no_sealed_row_is_deleted
);

mod cases {
    use std::collections::BTreeMap;

    use domain::record::Val;
    use store::Row;

    use crate::lab::{Lab, Reference, Trigger, Unique, fresh, insert};
    use crate::support::{Bed, On};

    /// Values that some check may not take: of every type, and those of the row's other columns.
    fn candidates(row: &Row) -> Vec<Val> {
        let mut values = vec![Val::Null];
        values.extend(["", "no such word", &"x".repeat(300)].map(Val::from));
        values.extend([-1, 0, 2, 7, 19, i64::MAX].map(Val::Int));
        values.extend([0, 15, 33].map(|length| Val::Bytes(vec![7; length])));
        values.extend(row.0.iter().cloned());
        values
    }

    /// How the engine names each check of a table in an error, by what the check says.
    async fn names_of_checks(lab: &mut Lab) -> BTreeMap<(String, String), String> {
        let checks = lab.parts("check").into_iter();
        if lab.on == On::Sqlite {
            let named = |(table, text, _): (String, String, String)| {
                let error = format!("CHECK constraint failed: {text}");
                ((table, text), error)
            };
            return checks.map(named).collect();
        }
        let sql = "SELECT c.relname::text, pg_get_constraintdef(k.oid, true), k.conname::text FROM pg_constraint k \
                   JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'c' AND k.connamespace = current_schema()::regnamespace";
        let rows = lab.conn.all(sql, &[]).await.unwrap();
        let named = |row: &Row| {
            let [table, text, name] = [0, 1, 2].map(|position| row.text(position).unwrap());
            (
                (table.to_owned(), text.to_owned()),
                format!("check constraint \"{name}\""),
            )
        };
        let named: BTreeMap<_, _> = rows.iter().map(named).collect();
        assert_eq!(named.len(), checks.len());
        named
    }

    /// A copy of a row with one value that the check does not take is refused in the check's name.
    pub async fn every_check_refuses(bed: Bed) {
        let mut lab = Lab::new(&bed).await;
        let checks = names_of_checks(&mut lab).await;
        assert!(checks.len() > 50, "{}", checks.len());
        let mut wrong = Vec::new();
        for ((table, text), named) in checks {
            if !is_refused(&mut lab, &table, &text, &named).await {
                wrong.push(format!("{table}: {text}"));
            }
        }
        assert!(wrong.is_empty(), "nothing was refused by {wrong:#?}");
    }

    async fn is_refused(lab: &mut Lab, table: &str, text: &str, named: &str) -> bool {
        for row in lab.rows(table).into_iter().take(20) {
            for column in lab.mentioned(table, text) {
                let position = lab.position(table, &column);
                for value in candidates(&row) {
                    let mut changed = row.clone();
                    changed.0[position] = value;
                    let told = lab.trial(&[insert(table, &changed)]).await;
                    if told.is_err_and(|error| error.contains(named)) {
                        return true;
                    }
                }
            }
        }
        false
    }

    pub async fn every_column_that_must_be_filled_is(bed: Bed) {
        let mut lab = Lab::new(&bed).await;
        let mut tried = 0;
        for (table, described) in lab.tables.clone() {
            let row = lab.rows(&table).remove(0);
            for (position, column) in described.columns.iter().enumerate() {
                let name = &column.name;
                // SQLite numbers a row by itself where this is left out: no row is without.
                let numbered =
                    bed.on == On::Sqlite && column.kind == "integer" && described.key == [name.clone()];
                if column.nullable || numbered {
                    continue;
                }
                let mut changed = row.clone();
                changed.0[position] = Val::Null;
                let error = lab.trial(&[insert(&table, &changed)]).await.unwrap_err();
                let named = match bed.on {
                    On::Sqlite => format!("NOT NULL constraint failed: {table}.{name}"),
                    On::Postgres => format!("null value in column \"{name}\" of relation \"{table}\""),
                };
                assert!(error.contains(&named), "{table}.{name}: {error}");
                tried += 1;
            }
        }
        assert!(tried > 100, "{tried}");
    }

    /// A copy of a row that differs in everything else that must be unique is refused in the key's name.
    pub async fn every_unique_key_refuses_a_second_row(bed: Bed) {
        let mut lab = Lab::new(&bed).await;
        let uniques = lab.uniques().await;
        assert!(uniques.len() > 30, "{}", uniques.len());
        let mut wrong = Vec::new();
        for unique in &uniques {
            let mut found = false;
            for mut row in lab.rows(&unique.table) {
                let others = uniques.iter().filter(|other| other.table == unique.table);
                for column in others.flat_map(|other| &other.columns) {
                    if !unique.columns.contains(column) {
                        let value = &mut row.0[lab.position(&unique.table, column)];
                        *value = fresh(value);
                    }
                }
                let told = lab.trial(&[insert(&unique.table, &row)]).await;
                found = told.is_err_and(|error| error.contains(&unique.named));
                if found {
                    break;
                }
            }
            if !found {
                wrong.push(unique);
            }
        }
        assert!(wrong.is_empty(), "nothing was refused by {wrong:#?}");
    }

    /// A copy of a row that may stand beside it: of what must be unique one column is another, which refers to a row that
    /// is there where it refers to any.
    async fn another(lab: &mut Lab, uniques: &[Unique], table: &str, row: &Row) -> Row {
        let references = lab.references();
        let mut row = row.clone();
        for unique in uniques.iter().filter(|unique| unique.table == table) {
            let places: Vec<_> = unique
                .columns
                .iter()
                .map(|column| lab.position(table, column))
                .collect();
            if places.iter().any(|place| row.0[*place] == Val::Null) {
                continue;
            }
            let mut free = None;
            for (column, place) in unique.columns.iter().zip(&places) {
                let own = |reference: &&Reference| reference.table == table && reference.column == *column;
                let Some(Reference { parent, key, .. }) = references.iter().find(own) else {
                    free = Some(*place);
                    continue;
                };
                let unused = format!(
                    "SELECT {key} FROM {parent} WHERE {key} NOT IN (SELECT {column} FROM {table} WHERE {column} IS NOT NULL) \
                     ORDER BY {key} DESC LIMIT 1"
                );
                if let Some(mut found) = lab.conn.opt(&unused, &[]).await.unwrap() {
                    row.0[*place] = found.0.remove(0);
                    free = None;
                    break;
                }
            }
            if let Some(place) = free {
                row.0[place] = fresh(&row.0[place]);
            }
        }
        row
    }

    fn names(on: On, reference: &Reference, error: &str) -> bool {
        let Reference { table, column, .. } = reference;
        match on {
            // SQLite does not say which; what else the row refers to is there.
            On::Sqlite => error.contains("FOREIGN KEY constraint failed"),
            On::Postgres => error.contains(&format!("foreign key constraint \"{table}_{column}_fkey\"")),
        }
    }

    /// A row that refers to nothing is refused, and so is it to delete or renumber what a row refers to: no policy
    /// takes other rows along or changes them, since that would be a change without an entry.
    pub async fn every_foreign_key_refuses_both_ways(bed: Bed) {
        let mut lab = Lab::new(&bed).await;
        let (uniques, references) = (lab.uniques().await, lab.references());
        let triggers = lab.triggers().await;
        assert!(references.len() >= 34, "{}", references.len());
        for reference in &references {
            let Reference {
                table,
                column,
                parent,
                key,
                policies,
            } = reference;
            assert_eq!(
                policies, "on update no action on delete no action",
                "{table}.{column}"
            );
            let (place, key_place) = (lab.position(table, column), lab.position(parent, key));
            // One that can be added: what is refused below is its reference.
            let mut child = None;
            for row in lab.rows(table) {
                let row = another(&mut lab, &uniques, table, &row).await;
                if row.0[place] != Val::Null && lab.trial(&[insert(table, &row)]).await.is_ok() {
                    child = Some(row);
                    break;
                }
            }
            let mut child = child.unwrap_or_else(|| panic!("no {table} with a {column} can be added"));
            let old = lab.rows(parent).remove(0);
            let made = another(&mut lab, &uniques, parent, &old).await;
            child.0[place] = fresh(&made.0[key_place]);
            let error = lab.trial(&[insert(table, &child)]).await.unwrap_err();
            assert!(names(bed.on, reference, &error), "{table}.{column}: {error}");

            // The triggers, which stand before it, out of the way: a parent of its own, and the child that refers to it.
            child.0[place] = made.0[key_place].clone();
            let own = triggers.iter().filter(|trigger| trigger.table == *parent);
            let mut begin: Vec<_> = own.map(|trigger| lab.drop_trigger(trigger)).collect();
            begin.extend([insert(parent, &made), insert(table, &child)]);
            let other = fresh(&child.0[place]);
            for (sql, args) in [
                (
                    format!("DELETE FROM {parent} WHERE {key} = $1"),
                    vec![made.0[key_place].clone()],
                ),
                (
                    format!("UPDATE {parent} SET {key} = $2 WHERE {key} = $1"),
                    vec![made.0[key_place].clone(), other],
                ),
            ] {
                assert_eq!(lab.trial(&begin).await, Ok(()), "{table}.{column}");
                let all: Vec<_> = begin.iter().cloned().chain([(sql.clone(), args)]).collect();
                let error = lab.trial(&all).await.unwrap_err();
                assert!(
                    names(bed.on, reference, &error),
                    "{sql} for {table}.{column}: {error}"
                );
            }
        }
    }

    /// A row by its key.
    fn one(lab: &Lab, table: &str, row: &Row, next: usize) -> (String, Vec<Val>) {
        let key = &lab.tables[table].key;
        let conditions: Vec<_> = key
            .iter()
            .zip(next..)
            .map(|(column, number)| format!("{column} = ${number}"))
            .collect();
        let values = key
            .iter()
            .map(|column| row.0[lab.position(table, column)].clone());
        (conditions.join(" AND "), values.collect())
    }

    /// Statements that a trigger is there to refuse, each in as many forms as there are rows to try it on.
    fn forbidden(lab: &Lab, trigger: &Trigger) -> Vec<Vec<(String, Vec<Val>)>> {
        let table = &trigger.table;
        let rows = lab.rows(table);
        match trigger.event.as_str() {
            "TRUNCATE" => vec![vec![(format!("TRUNCATE {table} CASCADE"), vec![])]],
            "DELETE" => {
                let delete = |row| {
                    let (condition, args) = one(lab, table, row, 1);
                    (format!("DELETE FROM {table} WHERE {condition}"), args)
                };
                vec![rows.iter().map(delete).collect()]
            }
            "UPDATE" => {
                let all = || {
                    lab.tables[table]
                        .columns
                        .iter()
                        .map(|column| column.name.clone())
                        .collect()
                };
                let columns: Vec<String> = if trigger.columns.is_empty() {
                    all()
                } else {
                    trigger.columns.clone()
                };
                let update = |column: String| {
                    let set = |row| {
                        let (condition, args) = one(lab, table, row, 1);
                        (
                            format!("UPDATE {table} SET {column} = {column} WHERE {condition}"),
                            args,
                        )
                    };
                    rows.iter().map(set).collect()
                };
                columns.into_iter().map(update).collect()
            }
            other => panic!("say what {} refuses: {other}", trigger.name),
        }
    }

    /// With no other trigger there, it refuses what it is there for; without it, that is not refused so.
    pub async fn every_trigger_refuses(bed: Bed) {
        let mut lab = Lab::new(&bed).await;
        let triggers = lab.triggers().await;
        assert!(triggers.len() >= 19, "{triggers:?}");
        let refused = |told: Result<(), String>| told.is_err_and(|error| error.contains("never "));
        for trigger in &triggers {
            let others = triggers.iter().filter(|other| *other != trigger);
            let alone: Vec<_> = others.map(|other| lab.drop_trigger(other)).collect();
            let without: Vec<_> = alone.iter().cloned().chain([lab.drop_trigger(trigger)]).collect();
            for forms in forbidden(&lab, trigger) {
                let mut found = None;
                for form in forms {
                    let statements: Vec<_> = alone.iter().cloned().chain([form.clone()]).collect();
                    if refused(lab.trial(&statements).await) {
                        found = Some(form);
                        break;
                    }
                }
                let form = found.unwrap_or_else(|| panic!("{trigger:?} refuses nothing"));
                let statements: Vec<_> = without.iter().cloned().chain([form]).collect();
                let told = lab.trial(&statements).await;
                assert!(!refused(told), "another than {trigger:?}");
            }
        }
    }

    /// Each sealed table has its triggers, and says so to whoever deletes from it.
    pub async fn no_sealed_row_is_deleted(bed: Bed) {
        let mut lab = Lab::new(&bed).await;
        let triggers = lab.triggers().await;
        for sealed in engine::verify::explain().sealed {
            let table = sealed.table;
            let events: &[&str] = if bed.on == On::Sqlite {
                &["DELETE"]
            } else {
                &["DELETE", "TRUNCATE"]
            };
            for event in events {
                let has = triggers
                    .iter()
                    .any(|trigger| trigger.table == table && trigger.event == *event);
                assert!(has, "{table} has no trigger against {event}");
            }
            let error = lab
                .trial(&[(format!("DELETE FROM {table}"), vec![])])
                .await
                .unwrap_err();
            assert!(
                error.contains("never") && error.contains("deleted"),
                "{table}: {error}"
            );
        }
    }
}
