//! Questions on the terminal, and secrets from standard input.

use std::io::{self, BufRead as _, IsTerminal as _};

use crate::failure::Failure;
use crate::output;

/// Asks for a yes, where there is a terminal to ask on; `yes` is the answer of an option.
pub fn confirm(yes: bool, question: &str, nothing_done: &str) -> Result<(), Failure> {
    if yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    output::remark(&format!("{question} Type yes to go on:"));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if answer.trim() == "yes" {
        return Ok(());
    }
    Err(Failure::no(
        "not_confirmed",
        nothing_done,
        "answer yes, or use --yes",
    ))
}

/// A new password: from a terminal twice and unseen, else the first line of standard input.
pub fn new_password() -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return next_line();
    }
    let terminal = console::Term::stderr();
    let ask = |question| {
        terminal.write_str(question).map_err(unreadable)?;
        terminal.read_secure_line().map_err(unreadable)
    };
    let password = ask("Password: ")?;
    if ask("The same again: ")? == password {
        return Ok(password);
    }
    Err(Failure::no(
        "not_the_same",
        "the passwords are not the same",
        "nothing was changed: try again",
    ))
}

/// A secret that is there already: from a terminal unseen, else the next line of standard input.
pub fn secret(question: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return next_line();
    }
    let terminal = console::Term::stderr();
    terminal.write_str(question).map_err(unreadable)?;
    terminal.read_secure_line().map_err(unreadable)
}

fn next_line() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(unreadable)?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: io::Error) -> Failure {
    let message = format!("cannot read the password: {error}");
    Failure::could_not_run("input", message, "give it as a line of standard input")
}
