//! Lists and single rows of nouns: arguments, table and JSON follow from what [`views`] says of them.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use domain::custody::Owner;
use engine::Engine;
use uuid::Uuid;
use views::{Cell, Given, Kind, Noun, Page, Show, Titled, Viewer, cursor};

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted, minute};
use crate::{account, parse, table};

/// Arguments of a noun's `list`.
pub struct ListArgs<N> {
    given: Vec<(&'static str, Raw)>,
    limit: Option<u32>,
    cursor: Option<Uuid>,
    noun: PhantomData<N>,
}

/// What was given with a filter, before it is looked up.
#[derive(Debug)]
enum Raw {
    Text(String),
    Flag(bool),
}

impl<N> fmt::Debug for ListArgs<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", (&self.given, self.limit, self.cursor))
    }
}

impl<N: Noun> Args for ListArgs<N> {
    fn augment_args(mut command: Command) -> Command {
        for filter in N::FILTERS {
            let arg = Arg::new(filter.name).long(filter.option);
            let help = |more: &str| format!("{}{more}", output::capital(filter.doc));
            let arg = match filter.kind {
                Kind::User(_) => arg.value_name("NAME").help(help(": name, id or e-mail address")),
                Kind::Asset(_) => arg.value_name("CODE").help(help(": code or id")),
                Kind::Role(_) => arg
                    .value_parser(|text: &str| parse::role(text).map(|role| role.to_string()))
                    .help(help("")),
                Kind::Text(..) => arg.help(help("")),
                Kind::Word(words, _) => {
                    let arg = arg.help(help(&format!(": {}", words.join(", "))));
                    arg.value_parser(move |text: &str| {
                        let known = words.contains(&text).then(|| text.to_owned());
                        known.ok_or_else(|| format!("must be one of {}", words.join(", ")))
                    })
                }
                Kind::Flag(flag) => {
                    if let Some((name, doc)) = flag.no {
                        let no = Arg::new(name).long(name).action(ArgAction::SetTrue);
                        let no = no.help(output::capital(doc));
                        command = command.arg(no.conflicts_with(filter.name));
                    }
                    arg.action(ArgAction::SetTrue).help(help(""))
                }
            };
            command = command.arg(arg);
        }
        let limit = Arg::new("limit")
            .long("limit")
            .value_name("N")
            .value_parser(clap::value_parser!(u32).range(1..))
            .help(format!("Most {} to list; all unless given", N::NAMES.1));
        let after = Arg::new("cursor")
            .long("cursor")
            .value_name("CURSOR")
            .value_parser(|word: &str| cursor::decode_id(word).ok_or("must be what the page before says"))
            .help("Go on there, as the page before says");
        command.args([limit, after])
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<N: Noun> FromArgMatches for ListArgs<N> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut given = Vec::new();
        for filter in N::FILTERS {
            let raw = match filter.kind {
                Kind::Flag(flag) => {
                    let no = flag.no.is_some_and(|(name, _)| matches.get_flag(name));
                    (no || matches.get_flag(filter.name)).then_some(Raw::Flag(!no))
                }
                _ => matches.get_one::<String>(filter.name).cloned().map(Raw::Text),
            };
            given.extend(raw.map(|raw| (filter.name, raw)));
        }
        Ok(ListArgs {
            given,
            limit: matches.get_one("limit").copied(),
            cursor: matches.get_one("cursor").copied(),
            noun: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

pub async fn list<N: Noun>(context: &Context, args: ListArgs<N>) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| list_with(context, engine, args).await)
        .await
}

async fn list_with<N: Noun>(context: &Context, engine: &Engine, args: ListArgs<N>) -> Result<Exit, Failure> {
    let mut given = Vec::new();
    for (name, raw) in args.given {
        let filter = N::FILTERS.iter().find(|filter| filter.name == name);
        let value = match (filter.map(|filter| filter.kind), raw) {
            (Some(Kind::User(_)), Raw::Text(text)) => Given::Id(account::user(engine, &text).await?.row.id),
            (Some(Kind::Asset(_)), Raw::Text(text)) => Given::Id(engine.asset_named(&text).await?.id),
            (Some(Kind::Role(_)), Raw::Text(text)) => {
                if !engine
                    .rules()
                    .roles()
                    .iter()
                    .any(|rule| rule.name.as_str() == text)
                {
                    context.remark(&format!("There is no role {text} (any more): probity role list"));
                }
                Given::Text(text)
            }
            (_, Raw::Text(text)) => Given::Text(text),
            (_, Raw::Flag(yes)) => Given::Flag(yes),
        };
        given.push((name, value));
    }
    let page: Page<N> = views::list(engine, Viewer::OPERATOR, given, args.cursor, args.limit).await?;
    if context.json() {
        output::json(&page)?;
    } else {
        if !page.views.is_empty() {
            output::line(&lines::<N>(engine, &page.views).await?.join("\n"))?;
        }
        let found = counted(page.views.len() as u64, N::NAMES.0, N::NAMES.1);
        context.remark(&match page.next {
            Some(next) => format!("{found}; more with\n--cursor {next}"),
            None => found,
        });
    }
    Ok(Exit::Ok)
}

/// The lines of a table of rows.
pub async fn lines<N: Noun>(engine: &Engine, rows: &[N::View]) -> Result<Vec<String>, Failure> {
    let row = |view: &N::View| N::COLUMNS.iter().map(|(_, cell)| cell(view)).collect();
    let rows: Vec<Vec<Cell>> = rows.iter().map(row).collect();
    let names = names(engine, rows.iter().flatten()).await?;
    let row = |cells: &Vec<Cell>| cells.iter().map(|cell| text(cell, &names)).collect();
    let mut rows: Vec<Vec<String>> = rows.iter().map(row).collect();
    let key = |row: &Vec<String>| N::SORTED_BY.iter().map(|column| row[*column].clone()).collect();
    rows.sort_by_cached_key(|row| -> Vec<String> { key(row) });
    let columns: Vec<_> = N::COLUMNS.iter().map(|(column, _)| *column).collect();
    Ok(table::lines(&columns, &rows, table::width()))
}

/// Names of users.
type Names = HashMap<Uuid, String>;

/// The names that it takes to show these cells, all asked for at once.
async fn names(engine: &Engine, cells: impl Iterator<Item = &Cell>) -> Result<Names, Failure> {
    Ok(engine.usernames(cells.filter_map(Cell::user)).await?)
}

/// A cell as people read it.
fn text(cell: &Cell, names: &Names) -> String {
    let name = |id: &Uuid| names.get(id).cloned().unwrap_or_else(|| id.to_string());
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Time(time) => minute(*time),
        Cell::User(id) => name(id),
        Cell::UserAnd(id, more) => name(id) + more,
        Cell::By(id) => id.as_ref().map_or("operator".to_owned(), name),
        Cell::Account(account) => match account.owner {
            Owner::User(id) => format!("user:{}", name(&id)),
            Owner::House(house) => format!("house:{}", house.as_str()),
        },
    }
}

/// Arguments of a noun's `show`.
#[derive(Debug, Args)]
pub struct ShowArgs<N: Show> {
    #[arg(value_name = "ID", help = format!("Id of the {}", N::NAMES.0))]
    id: Uuid,
    #[arg(skip)]
    noun: PhantomData<N>,
}

/// Shows one.
pub async fn show<N: Show>(context: &Context, args: ShowArgs<N>) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| show_with(context, engine, args).await)
        .await
}

async fn show_with<N: Show>(context: &Context, engine: &Engine, args: ShowArgs<N>) -> Result<Exit, Failure> {
    let found = views::show::<N>(engine, Viewer::OPERATOR, args.id).await?;
    let (whole, _) = found.ok_or_else(|| unknown::<N>(args.id))?;
    if context.json() {
        output::json(&whole)?;
    } else {
        let pairs = pairs(engine, &N::details(&whole)).await?;
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    }
    Ok(Exit::Ok)
}

/// There is none of this id.
pub fn unknown<N: Show>(id: Uuid) -> Failure {
    let message = format!("there is no {} {id}", N::NAMES.0);
    let hint = format!("see what there is: probity {} list", N::COMMAND);
    Failure::no(N::UNKNOWN.name, message, hint)
}

/// Names and what stands beside them; what is not there is left out.
pub async fn pairs(engine: &Engine, details: &[Titled]) -> Result<Vec<(&'static str, String)>, Failure> {
    let names = names(engine, details.iter().map(|(_, cell)| cell)).await?;
    let there = details.iter().filter(|(_, cell)| *cell != Cell::Empty);
    Ok(there.map(|(name, cell)| (*name, text(cell, &names))).collect())
}
