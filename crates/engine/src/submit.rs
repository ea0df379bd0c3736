//! Handing commands to the Writer, and trying them without it.

use std::cell::Cell;
use std::sync::Arc;

use domain::{Caller, Command, Origin, Reply};

use crate::engine::Engine;
use crate::error::Error;
use crate::random;
use crate::writer::{self, Answer, Job};

tokio::task_local! {
    /// The first entry that this task's commands made.
    static NOTED: Cell<Option<u64>>;
}

/// Runs some work, and says with its outcome which entry its commands made first: for a log of requests, so that not
/// every part in between must hand it on.
pub async fn noting<T>(work: impl Future<Output = T>) -> (T, Option<u64>) {
    let both = async {
        let outcome = work.await;
        (outcome, NOTED.with(Cell::get))
    };
    NOTED.scope(Cell::new(None), both).await
}

fn note(answer: &Result<Answer, Error>) {
    let entry = match answer {
        Ok(answer) => answer.entry,
        Err(Error::Refused { entry, .. }) => *entry,
        Err(_) => None,
    };
    // Where nobody asked for it there is nothing to note it in.
    let _ = NOTED.try_with(|noted| noted.set(noted.get().or(entry)));
}

impl Engine {
    /// Carries out a command: returns once it is committed, durably, or refused.
    pub async fn submit(&self, caller: &Caller, origin: Origin, command: Command) -> Result<Answer, Error> {
        // The first entry after a restore says that it was one.
        if !matches!(command, Command::AcknowledgeRestore(_)) {
            self.rules_first().await?;
        }
        self.hand_over(caller, origin, command).await
    }

    /// Before the first change the log says under which rules this process decides.
    async fn rules_first(&self) -> Result<(), Error> {
        if self.shared().rules_recorded.initialized() {
            return Ok(());
        }
        // It is large, and happens once.
        Box::pin(self.record_rules()).await
    }

    /// The same, whatever the log says of the rules.
    pub(crate) async fn hand_over(
        &self,
        caller: &Caller,
        origin: Origin,
        command: Command,
    ) -> Result<Answer, Error> {
        let changes_access = command.changes_access();
        let (job, answer) = Job::new(caller.clone(), origin, command)?;
        self.queue().push(job)?;
        let answer = answer.await.map_err(|_| writer::stopped())?;
        if changes_access {
            self.remembered().forget();
        }
        note(&answer);
        answer
    }

    /// The same where the kind of the answer is known.
    pub async fn submit_for<T>(
        &self,
        caller: &Caller,
        origin: Origin,
        command: Command,
    ) -> Result<Answer<T>, Error>
    where
        T: TryFrom<Reply, Error = Reply>,
    {
        self.submit(caller, origin, command).await?.typed()
    }

    /// Carries out commands, each for itself: all of them are queued at once, or none where too much is waiting. The
    /// answers are in the order of the commands.
    pub async fn submit_all(
        &self,
        caller: &Caller,
        origin: &Origin,
        commands: Vec<Command>,
    ) -> Result<Vec<Result<Answer, Error>>, Error> {
        self.rules_first().await?;
        let changes_access = commands.iter().any(Command::changes_access);
        let (mut jobs, mut waiting) = (Vec::new(), Vec::new());
        for command in commands {
            let (job, answer) = Job::new(caller.clone(), origin.clone(), command)?;
            jobs.push(job);
            waiting.push(answer);
        }
        self.queue().push_all(jobs)?;
        let mut answers = Vec::with_capacity(waiting.len());
        for answer in waiting {
            let answer = answer.await.unwrap_or_else(|_| Err(writer::stopped()));
            note(&answer);
            answers.push(answer);
        }
        if changes_access {
            self.remembered().forget();
        }
        Ok(answers)
    }

    /// What commands would be answered now, one after the other, without writing anything: neither rows nor entries,
    /// not even of a refusal. The answer holds for the state that was read, and promises nothing about a later one.
    pub async fn dry_run(
        &self,
        caller: &Caller,
        origin: &Origin,
        commands: Vec<Result<Command, Error>>,
    ) -> Result<Vec<Result<Reply, Error>>, Error> {
        let now = self.now();
        let rules = Arc::clone(self.rules());
        let mut needs = domain::Needs::at(now, &rules);
        let good = commands.iter().filter_map(|command| command.as_ref().ok());
        good.for_each(|command| command.needs(caller, &rules, &mut needs));
        let mut conn = self.db().reader().await?;
        conn.begin_snapshot().await?;
        let loaded = async {
            let facts = store::facts::load(&mut conn, &needs, false).await?;
            self.shared().seals.check_snapshot(&mut conn, &facts).await?;
            Ok::<_, Error>(facts)
        }
        .await;
        conn.rollback().await?;
        let mut facts = loaded?;
        facts.rules = rules;
        let mut answers = Vec::with_capacity(commands.len());
        for command in commands {
            answers.push(match command {
                Ok(command) => {
                    let context = domain::Context {
                        now,
                        seed: random::array()?,
                        origin: origin.clone(),
                    };
                    let decided = domain::command::decide(&facts, caller, &command, &context);
                    match &decided {
                        Ok(decision) => facts.apply(&decision.drafts),
                        Err((refusal, Some(draft))) => facts.refused(refusal, draft),
                        Err((_, None)) => {}
                    }
                    decided
                        .map(|decision| decision.reply)
                        .map_err(|(refusal, _)| Error::from(refusal))
                }
                Err(error) => Err(error),
            });
        }
        Ok(answers)
    }
}
