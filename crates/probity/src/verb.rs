//! What verbs have in common. Those that change something ([`Verb`]) open the log, carry out a command, say what came of
//! it as a sentence or as JSON, and close the log again. A noun lists its verbs with [`verbs!`].

use clap::{Arg, Args, Command};
use domain::Reply;
use domain::identity::user::User;
use domain::record::Sealed;
use engine::{Answer, Engine};
use serde::Serialize;
use serde_json::Value;

use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::{account, output, person, table};

/// A verb that changes something. The type is its arguments.
pub trait Verb {
    /// Whether what it takes stands in a file, whose members are named as they are over HTTP.
    fn reads_file(&self) -> bool {
        false
    }

    /// Changes it, and says what came of it.
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure>;
}

/// What a verb works with.
pub struct Work<'a> {
    /// Settings, and how to print.
    pub context: &'a Context,
    /// The open log.
    pub engine: &'a Engine,
}

impl Work<'_> {
    /// Carries out a command as who runs this program.
    pub async fn submit<T>(&self, command: impl Into<domain::Command>) -> Result<Answer<T>, Failure>
    where
        T: TryFrom<Reply, Error = Reply>,
    {
        Ok(self
            .engine
            .submit_for(&caller(), origin(), command.into())
            .await?)
    }

    /// Carries out a command, or says what it would be answered now and writes nothing.
    pub async fn submit_or_try<T>(
        &self,
        command: impl Into<domain::Command>,
        dry: bool,
    ) -> Result<Answer<T>, Failure>
    where
        T: TryFrom<Reply, Error = Reply>,
    {
        if !dry {
            return self.submit(command).await;
        }
        let commands = vec![Ok(command.into())];
        let answer = self.engine.dry_run(&caller(), &origin(), commands).await?.pop();
        let nothing = || engine::Error::problem("a dry run was not answered", "report this as a bug");
        let reply = answer.ok_or_else(nothing)??;
        Ok(Answer { reply, entry: None }.typed()?)
    }

    /// Carries out a command as a user where one is named, who then logs in, and as who runs this program otherwise.
    pub async fn act<T>(
        &self,
        user: Option<&str>,
        command: impl Into<domain::Command>,
    ) -> Result<Answer<T>, Failure>
    where
        T: TryFrom<Reply, Error = Reply>,
    {
        match user {
            Some(user) => Ok(person::act_as(self.context, self.engine, user, command.into())
                .await?
                .typed()?),
            None => self.submit(command).await,
        }
    }

    /// The user that a text means: a name, an id or an e-mail address.
    pub async fn user(&self, text: &str) -> Result<Sealed<User>, Failure> {
        account::user(self.engine, text).await
    }
}

/// What came of a verb, for programs and for people.
pub struct Printout {
    json: Value,
    text: String,
    exit: Exit,
}

impl Printout {
    /// A text that is printed as it is.
    pub fn text(json: Value, text: String) -> Printout {
        let exit = Exit::Ok;
        Printout { json, text, exit }
    }

    /// A sentence, with a note where an answer says that nothing had to be done.
    pub fn sentence<T>(answer: &Answer<T>, json: Value, sentence: &str) -> Printout {
        Printout::noted(answer.entry.is_none(), json, sentence)
    }

    /// A sentence, with a note where it was so already.
    pub fn noted(already: bool, json: Value, sentence: &str) -> Printout {
        let text = format!("{sentence}{}", already_done_note(already));
        Printout::text(json, table::paragraph(&text))
    }

    /// The same, where the answer is no: the program's exit code says so.
    pub fn denying(self, denies: bool) -> Printout {
        let exit = if denies { Exit::No } else { self.exit };
        Printout { exit, ..self }
    }

    /// The same with names and values below.
    pub fn with(mut self, pairs: &[(&str, String)]) -> Printout {
        for line in table::pairs(pairs, table::width()) {
            self.text.push('\n');
            self.text.push_str(&line);
        }
        self
    }

    /// A secret that is shown once, with what there is to know of it; for scripts it stands alone.
    pub fn secret(work: &Work<'_>, json: Value, secret: &str, text: &str) -> Printout {
        let text = if work.context.global.quiet {
            secret.to_owned()
        } else {
            format!("{secret}\n\n{text}")
        };
        Printout::text(json, text)
    }

    fn print(self, context: &Context) -> Result<Exit, Failure> {
        if context.json() {
            output::json(&self.json)?;
        } else {
            output::line(&self.text)?;
        }
        Ok(self.exit)
    }
}

/// A view as JSON.
pub fn json(view: &impl Serialize) -> Result<Value, Failure> {
    Ok(serde_json::to_value(view).map_err(std::io::Error::from)?)
}

/// What a view would be, as JSON: without the id of what is not there.
pub fn would_be(view: &impl Serialize) -> Result<Value, Failure> {
    let mut value = json(view)?;
    if let Some(members) = value.as_object_mut() {
        members.remove("id");
        members.insert("dry_run".to_owned(), true.into());
    }
    Ok(value)
}

/// What is said of a command that found its work done.
fn already_done_note(already: bool) -> &'static str {
    if already { "\nIt was so already." } else { "" }
}

/// Which entry records it, as a sentence ends.
pub fn recorded_note<T>(answer: &Answer<T>) -> String {
    let entry = answer.entry.map(|entry| format!(", recorded as entry {entry}"));
    entry.unwrap_or_default()
}

/// Runs a verb that changes something.
pub async fn run<A: Args>(context: &Context, verb: impl Verb) -> Result<Exit, Failure> {
    let from_file = verb.reads_file();
    let worked = context.with_engine(async |engine| {
        let printout = verb.run(&Work { context, engine }).await?;
        printout.print(context)
    });
    let done = worked.await;
    if from_file {
        return done;
    }
    done.map_err(in_options::<A>)
}

/// A failure that names a field, in the words of these arguments.
pub fn in_options<A: Args>(mut failure: Failure) -> Failure {
    let command = A::augment_args(Command::new(""));
    let message = failure.field.as_ref().and_then(|field| {
        let rest = failure.message.strip_prefix(&format!("{field}: "))?;
        Some(format!("{} {rest}", word(argument(&command, field)?)))
    });
    if let Some(message) = message {
        failure.message = command.get_arguments().fold(message, |message, arg| {
            message.replace(&format!("`{}`", arg.get_id()), &word(arg))
        });
    }
    failure
}

/// The argument that a field comes from: of its name, or of what its name begins with, as `lease_s` comes from `--lease`. What
/// is within something comes from the argument for that, or from one of its own.
fn argument<'a>(command: &'a Command, field: &str) -> Option<&'a Arg> {
    let parts: Vec<&str> = field.split('.').collect();
    let is = |arg: &Arg, name: &str| match arg.get_long() {
        Some(long) => arg.get_id() == name || long == name.replace('_', "-"),
        None => arg.get_id() == name || word(arg).eq_ignore_ascii_case(name),
    };
    let named = |name: &str| command.get_arguments().find(|arg| is(arg, name));
    let begins = |name: &str| {
        let end = name.rfind('_')?;
        named(&name[..end])
    };
    let exact = parts.iter().find_map(|name| named(name));
    exact.or_else(|| begins(parts.last()?))
}

/// How an argument is written.
fn word(arg: &Arg) -> String {
    match (arg.get_long(), arg.get_value_names()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some([name, ..])) => name.to_string(),
        (None, _) => arg.get_id().as_str().to_uppercase(),
    }
}

/// No arguments at all.
#[derive(Debug, Args)]
pub struct NoArgs {}

/// The verbs of a noun as the command line has them, and how each is run: a [`Verb`] by itself, others by the function that
/// follows. `Verb(Args) is TYPE` makes the arguments into the verb that they are for; `Verb(Verbs) by run` has verbs of its own.
macro_rules! verbs {
    ($(#[$about:meta])* $noun:ident { $($(#[$help:meta])* $verb:ident($args:ty) $(by $own:ident)? $(is $is:path)? $(=> $run:path)?,)* }) => {
        $(#[$about])*
        #[derive(Debug, clap::Subcommand)]
        pub enum $noun {
            $($(#[$help])* $verb($args),)*
        }

        impl $noun {
            /// Runs the verb.
            pub async fn run(self, context: &crate::context::Context) -> Result<crate::failure::Exit, crate::failure::Failure> {
                match self {
                    $($noun::$verb(args) => $crate::verb::verbs!(@run context, args: $args, $(by $own)? $(is $is)? $(=> $run)?),)*
                }
            }
        }
    };
    (@run $context:ident, $arg:ident: $args:ty,) => { Box::pin($crate::verb::run::<$args>($context, $arg)).await };
    (@run $context:ident, $arg:ident: $args:ty, is $is:path) => {
        Box::pin($crate::verb::run::<$args>($context, $is($arg))).await
    };
    (@run $context:ident, $arg:ident: $args:ty, by $own:ident) => { Box::pin($arg.$own($context)).await };
    (@run $context:ident, $arg:ident: $args:ty, => $run:path) => {
        Box::pin($run($context, $arg)).await.map_err($crate::verb::in_options::<$args>)
    };
}
pub(crate) use verbs;
