//! The command line: the enum of commands.

use clap::{Parser, Subcommand};

use crate::global::Global;
use crate::{
    activity, agent, approval, asset, audit, balance, completions, conversation, db, destination, governance,
    init, job, key, kyc, metric, operation, policy, role, serve, session, step, user, workflow,
};

/// A system of record that can show its work: who did what, and proof of it.
#[derive(Debug, Parser)]
#[command(
    name = "probity",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Commands open the database themselves, with the key of the data folder, and ask no server; they may run beside \
        one. What they do is recorded as done by the operator: the user of the operating system.\n\n\
        Exit codes: 0 done, 1 the answer is no (tampered, refused, unhealthy), 2 could not run.\n\n\
        Example:\n  probity serve --demo"
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the HTTP API; sets everything up at first start
    #[command(after_help = "Example:\n  probity serve --listen 127.0.0.1:8080")]
    Serve(serve::ServeArgs),
    /// Set up database, signing key, log and first admin, step by step; safe to repeat
    #[command(after_help = "Example:\n  probity --database postgres://probity@localhost/probity init")]
    Init(init::InitArgs),
    /// The audit log: record, read, prove and check entries
    #[command(subcommand, after_help = "Example:\n  probity audit list --action 'user.*'")]
    Audit(Box<audit::AuditCommand>),
    /// The activity feed: record and read what happened, in words
    #[command(subcommand, after_help = "Example:\n  probity activity list --user ann")]
    Activity(activity::ActivityCommand),
    /// Users: create, invite, change, disable, erase, import
    #[command(subcommand, after_help = "Example:\n  probity user create ann --role auditor")]
    User(Box<user::UserCommand>),
    /// Login sessions: list, end
    #[command(subcommand, after_help = "Example:\n  probity session list")]
    Session(session::SessionCommand),
    /// Roles: what each may do, and why one is refused
    #[command(subcommand, after_help = "Example:\n  probity role explain user.set_role")]
    Role(role::RoleCommand),
    /// API keys: create, list, show, rotate, revoke; the log's signing key: export, import
    #[command(
        subcommand,
        after_help = "Example:\n  probity key create --name ci --scopes write"
    )]
    Key(key::KeyCommand),
    /// Assets: make, list, and what there is of each
    #[command(subcommand, after_help = "Example:\n  probity asset supply BTC")]
    Asset(asset::AssetCommand),
    /// Balances: now, at any time, and their statements
    #[command(
        subcommand,
        after_help = "Example:\n  probity balance show user:ann --asset BTC"
    )]
    Balance(balance::BalanceCommand),
    /// Operations: deposits, withdrawals, transfers and others, step by step
    #[command(
        subcommand,
        after_help = "Example:\n  probity operation transfer user:ann user:bob 0.5 --asset BTC"
    )]
    Operation(Box<operation::OperationCommand>),
    /// KYC records: submit, check, approve, and the tier of a user
    #[command(subcommand, after_help = "Example:\n  probity kyc list --status pending")]
    Kyc(kyc::KycCommand),
    /// Destinations: where users may withdraw to
    #[command(subcommand, after_help = "Example:\n  probity destination list --user ann")]
    Destination(destination::DestinationCommand),
    /// Agents: programs that act by themselves, on behalf of users
    #[command(subcommand, after_help = "Example:\n  probity agent disable triage")]
    Agent(Box<agent::AgentCommand>),
    /// Approvals: ask, vote, withdraw
    #[command(subcommand, after_help = "Example:\n  probity approval list --status pending")]
    Approval(approval::ApprovalCommand),
    /// Policies: what is granted, asked or denied before anybody votes
    #[command(
        subcommand,
        after_help = "Example:\n  probity policy test request.json --agent triage"
    )]
    Policy(policy::PolicyCommand),
    /// Executions of workflows: start, keep alive, end, as a tree
    #[command(subcommand, after_help = "Example:\n  probity workflow list --status running")]
    Workflow(Box<workflow::WorkflowCommand>),
    /// Steps of executions: record, check, show
    #[command(
        subcommand,
        after_help = "Example:\n  probity step list --execution 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
    )]
    Step(step::StepCommand),
    /// Conversations of users with agents, by thread
    #[command(subcommand, after_help = "Example:\n  probity conversation list --user ann")]
    Conversation(conversation::ConversationCommand),
    /// What was executed last, and how it ended by workflow, DRAG mode and user
    #[command(
        subcommand,
        after_help = "Example:\n  probity governance workflows --since 7d"
    )]
    Governance(governance::GovernanceCommand),
    /// Metrics: record numbers, list them, and what is said of many
    #[command(
        subcommand,
        after_help = "Example:\n  probity metric figures --name reward --since 7d --by day"
    )]
    Metric(metric::MetricCommand),
    /// Jobs: what is done again and again, when, and how it went
    #[command(subcommand, after_help = "Example:\n  probity job list")]
    Job(job::JobCommand),
    /// The database: back it up and restore it, seed and clear one for development
    #[command(subcommand, after_help = "Example:\n  probity db backup --to /mnt/backups")]
    Db(db::DbCommand),
    /// Print the settings in force and where each came from; secrets are hidden
    #[command(after_help = "Example:\n  PROBITY_ENV=production probity config")]
    Config,
    /// Print the state of database, log and server parts; exits 1 when something is wrong
    #[command(after_help = "Example:\n  probity status --output json")]
    Status,
    /// Look for what is wrong with this installation, and say what to do about it
    #[command(
        after_help = "Exit codes: 0 nothing of weight is wrong, 1 something is, 2 could not run. What is a finding of \
        weight in production alone is said in docs/database.md.\n\n\
        Example:\n  probity doctor --output json"
    )]
    Doctor,
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  probity completions bash > /etc/bash_completion.d/probity")]
    Completions(completions::CompletionsArgs),
    /// Write the manual pages, one for each command, into a folder
    #[command(after_help = "Example:\n  probity man-pages /usr/local/share/man/man1")]
    ManPages(completions::ManPagesArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn arguments_are_well_formed() {
        Cli::command().debug_assert();
    }

    fn walk(command: &clap::Command, path: &str, seen: &mut dyn FnMut(&str, &clap::Command)) {
        seen(path, command);
        for sub in command.get_subcommands() {
            walk(sub, &format!("{path} {}", sub.get_name()), seen);
        }
    }

    /// The words of a shell's line, of which some are in single quotes.
    fn words(line: &str) -> Vec<&str> {
        let parts = line.split('\'').enumerate();
        let words = |(number, part)| -> Vec<&str> {
            if number % 2 == 1 {
                vec![part]
            } else {
                part.split_whitespace().collect()
            }
        };
        parts.flat_map(words).collect()
    }

    #[test]
    fn each_command_shows_an_example_that_parses() {
        let mut examples = Vec::new();
        walk(&Cli::command(), "probity", &mut |path, command| {
            let text = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let example = text.split("Example:\n").nth(1);
            let example = example
                .unwrap_or_else(|| panic!("{path} shows no example"))
                .trim();
            assert!(
                example.contains(path.split(' ').next_back().unwrap_or_default()),
                "{path}: {example}"
            );
            examples.push(example.to_owned());
        });
        assert!(examples.len() > 20);
        for example in examples {
            // What comes before the program (a variable, a pipe) and after it (a redirection) is the shell's.
            let start = example.find("probity").unwrap();
            let line = example[start..].split(['>', '|']).next().unwrap();
            if let Err(error) = Cli::try_parse_from(words(line)) {
                panic!("{example}: {error}");
            }
        }
    }

    /// Commands of a guide: those of its blocks, and those that it quotes.
    fn commands(guide: &str) -> impl Iterator<Item = &str> {
        let lines = guide.lines().map(|line| line.split('#').next().unwrap());
        let blocks = lines.flat_map(|line| line.split("&&")).map(str::trim);
        let quoted = guide.split('`').skip(1).step_by(2);
        blocks.chain(quoted).filter(|text| text.starts_with("probity "))
    }

    #[test]
    fn commands_of_the_guides_parse() {
        let guides = [
            include_str!("../../../docs/database.md"),
            include_str!("../../../docs/operations.md"),
        ];
        // A verb alone is named without what it needs.
        let needs = [
            "probity db restore",
            "probity audit acknowledge-restore",
            "probity completions",
            "probity man-pages",
        ];
        for guide in guides {
            let guide = guide.replace("probity-admin ", "probity ");
            let commands: Vec<&str> = commands(&guide).filter(|text| !needs.contains(text)).collect();
            assert!(commands.len() > 20);
            for command in commands {
                if let Err(error) =
                    Cli::try_parse_from(words(&command.replace(" N`", " 1").replace(" JOB", " verify")))
                {
                    panic!("{command}: {error}");
                }
            }
        }
    }

    #[test]
    fn help_fits_80_columns() {
        walk(&Cli::command().term_width(80), "probity", &mut |path, command| {
            let help = command.clone().term_width(80).render_long_help().to_string();
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "{path}: {line}");
            }
        });
    }
}
