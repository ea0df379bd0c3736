//! Lists and single rows of nouns: arguments, table and JSON follow from what [`views`] says of them.

use std::fmt;
use std::marker::PhantomData;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use engine::Engine;
use engine::list::Order;
use views::{
    Asked, Cell, Filter, Given, LIMIT_USUAL, Names, Noun, Page, Paging, Place, Show, Takes, Titled, Viewer,
    second,
};

use crate::account::{self, ACCOUNT};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted, minute, moment};
use crate::{parse, table};

/// Most rows of the log that one command lists.
const LISTED_MAX: u64 = 10_000;

/// What a noun's list is narrowed down by, as options.
pub struct FilterArgs<N>(Vec<(Filter, Raw)>, PhantomData<N>);

/// What was given with a filter.
#[derive(Clone, Debug)]
enum Raw {
    /// To be looked up.
    Name(String),
    Given(Given),
}

impl<N> fmt::Debug for FilterArgs<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

fn option(filter: &Filter) -> Arg {
    let takes = filter.takes();
    let (word, more) = match takes {
        Takes::User => ("NAME", ": name, id or e-mail address".to_owned()),
        Takes::Asset => ("CODE", ": code or id".to_owned()),
        Takes::Agent => ("NAME", ": name or id".to_owned()),
        Takes::Balance => (
            ACCOUNT,
            ": its id, or user:NAME or house:NAME with --asset".to_owned(),
        ),
        Takes::Amount => ("AMOUNT", String::new()),
        Takes::Role => ("ROLE", String::new()),
        Takes::Word(words) => ("WORD", format!(": {}", words.join(", "))),
        Takes::Id => ("ID", String::new()),
        Takes::Time => ("TIME", ": 2026-11-21T08:30:00Z, 2026-11-21, or 7d ago".to_owned()),
        Takes::Address => ("ADDRESS", String::new()),
        Takes::Either => ("true|false", String::new()),
        Takes::Text(_) | Takes::Action | Takes::Flag(_) => ("TEXT", String::new()),
    };
    let help = format!("{}{more}", output::capital(filter.doc)).replace('`', "'");
    let arg = Arg::new(filter.name).long(filter.option).help(help);
    let mut arg = arg.help_heading("Which ones");
    if filter.option != filter.name {
        // The name over HTTP is understood too.
        arg = arg.alias(filter.name);
    }
    match takes {
        Takes::Flag(_) => return arg.action(ArgAction::SetTrue),
        Takes::Either => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        _ => arg,
    }
    .value_name(word)
    .value_parser(move |text: &str| match takes {
        Takes::User | Takes::Asset | Takes::Agent | Takes::Balance | Takes::Amount => {
            Ok(Raw::Name(text.to_owned()))
        }
        Takes::Role => parse::role(text).map(|role| Raw::Name(role.to_string())),
        Takes::Time => parse::past(text).map(|time| Raw::Given(Given::Time(time))),
        _ => takes.read(text).map(Raw::Given),
    })
}

impl<N: Noun> Args for FilterArgs<N> {
    fn augment_args(mut command: Command) -> Command {
        for filter in N::FILTERS {
            if let Takes::Flag(flag) = filter.takes()
                && let Some((name, doc)) = flag.no
            {
                let no = Arg::new(name).long(name).action(ArgAction::SetTrue);
                let no = no.help(output::capital(doc));
                command = command.arg(no.conflicts_with(filter.name).help_heading("Which ones"));
            }
            command = command.arg(option(filter));
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<N: Noun> FromArgMatches for FilterArgs<N> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = |filter: &Filter| match filter.takes() {
            Takes::Flag(flag) => {
                let no = flag.no.is_some_and(|(name, _)| matches.get_flag(name));
                (no || matches.get_flag(filter.name)).then_some(Raw::Given(Given::Flag(!no)))
            }
            _ => matches.get_one(filter.name).cloned(),
        };
        let filters = N::FILTERS.iter();
        let given = filters.filter_map(|filter| Some((*filter, given(filter)?)));
        Ok(FilterArgs(given.collect(), PhantomData))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<N: Noun> FilterArgs<N> {
    /// What they mean.
    pub async fn asked(self, context: &Context, engine: &Engine) -> Result<Asked, Failure> {
        let mut asked = Asked::default();
        for (filter, raw) in self.0 {
            let given = match (filter.takes(), raw) {
                (_, Raw::Given(given)) => given,
                (Takes::Asset, Raw::Name(code)) => Given::Id(engine.asset_named(&code).await?.id),
                (Takes::Agent, Raw::Name(name)) => Given::Id(account::agent(engine, &name).await?.row.id),
                (Takes::Balance, Raw::Name(text)) => {
                    let asset = asked.id("asset").map(|id| id.to_string());
                    let (account, _) = account::find(engine, &text, asset.as_deref()).await?;
                    Given::Id(account.id())
                }
                (Takes::Amount, Raw::Name(text)) => {
                    let asset = match asked.id("asset") {
                        Some(id) => Some(engine.asset_of(id).await?),
                        None => None,
                    };
                    Given::amount(filter.option, &text, asset.as_deref())?
                }
                (Takes::Role, Raw::Name(role)) => {
                    if !engine
                        .rules()
                        .roles()
                        .iter()
                        .any(|rule| rule.name.as_str() == role)
                    {
                        context.remark(&format!("There is no role {role} (any more): probity role list"));
                    }
                    Given::Text(role)
                }
                (_, Raw::Name(name)) => Given::Id(account::user(engine, &name).await?.row.id),
            };
            asked.0.push((filter.name, given));
        }
        Ok(asked.checked()?)
    }
}

/// Arguments of a noun's `list`.
#[derive(Debug)]
pub struct ListArgs<N: Noun> {
    /// Which ones.
    pub filters: FilterArgs<N>,
    /// Which page of them.
    pub paging: Paging<N::Place>,
}

impl<N: Noun> Args for ListArgs<N> {
    fn augment_args(command: Command) -> Command {
        let many = N::NAMES.1;
        let mut command = FilterArgs::<N>::augment_args(command);
        let limit = Arg::new("limit").long("limit").value_name("N");
        command = command.arg(if N::Place::IN_LOG {
            limit
                .value_parser(parse::number::<u32, 1, LISTED_MAX>)
                .help(format!(
                    "Most {many} to list: 1 to {LISTED_MAX}; {LIMIT_USUAL} unless given"
                ))
        } else {
            limit
                .value_parser(parse::number::<u32, 1, { parse::ALL }>)
                .help(format!("Most {many} to list; all unless given"))
        });
        if let Some(usual) = N::ORDER {
            let orders = [
                PossibleValue::new("newest").alias("desc"),
                PossibleValue::new("oldest").alias("asc"),
            ];
            let order = Arg::new("order").long("order").value_name("newest|oldest");
            let order = order.value_parser(PossibleValuesParser::new(orders));
            let usual = if usual == Order::Descending {
                "newest"
            } else {
                "oldest"
            };
            let order = order.hide_possible_values(true).default_value(usual);
            command = command.arg(order.help("newest or oldest first"));
        }
        let after = Arg::new("cursor").long("cursor").value_name("CURSOR");
        command.arg(after.help("Go on there, as the page before says"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<N: Noun> FromArgMatches for ListArgs<N> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let order = N::ORDER.and_then(|_| matches.get_one::<String>("order"));
        let order = match order.map(String::as_str) {
            Some("oldest" | "asc") => Order::Ascending,
            Some(_) => Order::Descending,
            None => N::USUAL,
        };
        let wrong = || {
            let message = "--cursor must be what a page before says, in the same order\n";
            Error::raw(ErrorKind::ValueValidation, message)
        };
        let cursor = matches.get_one::<String>("cursor");
        let after = cursor.map(|word| N::Place::decode(order, word).ok_or_else(wrong));
        Ok(ListArgs {
            filters: FilterArgs::from_arg_matches(matches)?,
            paging: Paging {
                order,
                after: after.transpose()?,
                limit: matches.get_one("limit").copied(),
                ..Paging::ALL
            },
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

pub async fn list<N: Noun>(context: &Context, args: ListArgs<N>) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let asked = args.filters.asked(context, engine).await?;
            page::<N>(context, engine, &asked, args.paging).await
        })
        .await
}

/// Lists a page.
pub async fn page<N: Noun>(
    context: &Context,
    engine: &Engine,
    asked: &Asked,
    paging: Paging<N::Place>,
) -> Result<Exit, Failure> {
    let mut page: Page<N> = N::page(engine, Viewer::OPERATOR, asked, paging).await?;
    // A page of large entries ends early, and so does a search: here it goes on until there are as many as are asked for.
    let limit = paging.limit.unwrap_or(LIMIT_USUAL);
    while N::Place::IN_LOG
        && let left @ 1.. = limit.saturating_sub(u32::try_from(page.views.len()).unwrap_or(u32::MAX))
        && let Some(after) = page
            .next
            .as_ref()
            .and_then(|word| N::Place::decode(paging.order, word))
    {
        let rest = Paging {
            after: Some(after),
            limit: Some(left),
            ..paging
        };
        let more = N::page(engine, Viewer::OPERATOR, asked, rest).await?;
        page.views.extend(more.views);
        page.missing.extend(more.missing);
        (page.next, page.size) = (more.next, more.size);
    }
    if context.json() {
        output::json(&page)?;
        return Ok(Exit::Ok);
    }
    if !page.views.is_empty() {
        output::line(&lines::<N>(engine, &page.views).await?.join("\n"))?;
    }
    let found = page.views.len() as u64;
    let found = match page.size {
        Some(size) => format!("{found} shown, {} in the log", counted(size, "entry", "entries")),
        None => counted(found, N::NAMES.0, N::NAMES.1),
    };
    context.remark(&match page.next {
        Some(next) => format!("{found}; more with\n--cursor {next}"),
        None => found,
    });
    for index in page.missing {
        context.remark(&format!(
            "✗ entry {index} is missing: somebody removed it by hand; see what else was changed with probity audit verify"
        ));
    }
    for id in page.unread {
        context.remark(&format!(
            "✗ the {} {id} was changed by hand, and does not read: see what else was changed with probity audit verify",
            N::NAMES.0
        ));
    }
    Ok(Exit::Ok)
}

/// The lines of a table of rows.
pub async fn lines<N: Noun>(engine: &Engine, rows: &[N::View]) -> Result<Vec<String>, Failure> {
    let row = |view: &N::View| N::COLUMNS.iter().map(|(_, cell)| cell(view)).collect();
    let rows: Vec<Vec<Cell>> = rows.iter().map(row).collect();
    let names = Names::of(engine, Viewer::OPERATOR, rows.iter().flatten()).await?;
    let row = |cells: &Vec<Cell>| cells.iter().map(|cell| text(cell, &names)).collect();
    let mut rows: Vec<Vec<String>> = rows.iter().map(row).collect();
    let key = |row: &Vec<String>| N::SORTED_BY.iter().map(|column| row[*column].clone()).collect();
    rows.sort_by_cached_key(|row| -> Vec<String> { key(row) });
    let columns: Vec<_> = N::COLUMNS.iter().map(|(column, _)| *column).collect();
    Ok(table::lines(&columns, &rows, table::width()))
}

/// A cell as people read it in a table.
fn text(cell: &Cell, names: &Names) -> String {
    names.text(cell, |cell, at| match cell {
        Cell::Second(_) => second(at),
        _ => minute(at),
    })
}

/// Arguments of a noun's `show`.
#[derive(Debug, Args)]
pub struct ShowArgs<N: Show> {
    #[arg(
        value_name = N::NAMED.map_or("ID", |named| named.word),
        help = N::NAMED.map_or_else(|| format!("Id of the {}", N::NAMES.0), |named| named.doc.to_owned()),
        value_parser = name::<N>
    )]
    pub name: String,
    #[arg(skip)]
    noun: PhantomData<N>,
}

fn name<N: Show>(text: &str) -> Result<String, String> {
    match N::NAMED {
        Some(named) if !(named.good)(text) => Err(format!("must be {}", named.must)),
        Some(_) => Ok(text.to_owned()),
        None => Ok(parse::id(text)?.to_string()),
    }
}

/// Shows one.
pub async fn show<N: Show>(context: &Context, args: ShowArgs<N>) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let found = N::find(engine, Viewer::OPERATOR, &args.name).await?;
            let (whole, _) = found.ok_or_else(|| unknown::<N>(&args.name))?;
            shown::<N>(context, engine, &whole).await
        })
        .await
}

/// Shows what was found.
pub async fn shown<N: Show>(context: &Context, engine: &Engine, whole: &N::Whole) -> Result<Exit, Failure> {
    if context.json() {
        output::json(whole)?;
    } else {
        let pairs = pairs(engine, &N::details(whole)).await?;
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    }
    Ok(Exit::Ok)
}

/// There is none of this name.
pub fn unknown<N: Show>(name: impl fmt::Display) -> Failure {
    let message = format!("there is no {} {name}", N::NAMES.0);
    let hint = format!("see what there is: probity {} list", N::COMMAND);
    Failure::no(N::UNKNOWN.name, message, hint)
}

/// Names and what stands beside them; what is not there is left out.
pub async fn pairs(engine: &Engine, details: &[Titled]) -> Result<Vec<(&'static str, String)>, Failure> {
    let cells = details.iter().map(|(_, cell)| cell);
    let names = Names::of(engine, Viewer::OPERATOR, cells).await?;
    let there = details.iter().filter(|(_, cell)| *cell != Cell::Empty);
    let text = |cell: &Cell| names.text(cell, |_, at| moment(at));
    Ok(there.map(|(name, cell)| (*name, text(cell))).collect())
}
