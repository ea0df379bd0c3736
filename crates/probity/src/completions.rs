//! `probity completions` and `probity man-pages`: what is made from the command line itself.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, ValueEnum};

use crate::cli::Cli;
use crate::failure::{Exit, Failure};
use crate::output;

/// Arguments of `probity completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// A shell.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Prints the script.
pub fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let shell = match args.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    // By way of a buffer: the generator panics where its output is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "probity", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Ok)
}

/// Arguments of `probity man-pages`.
#[derive(Debug, Args)]
pub struct ManPagesArgs {
    /// The folder to write them into
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes a manual page for each command.
pub fn man_pages(args: &ManPagesArgs) -> Result<Exit, Failure> {
    let failed = |error| Failure::file("write", &args.folder, &error);
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(failed)?;
    Ok(Exit::Ok)
}
