//! The result: printed for people or programs, and as exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::args::Output;

/// What was proved.
#[derive(Debug)]
pub struct Proof {
    /// A sentence each.
    pub proved: Vec<String>,
    /// What the reader might take as proved, but is not.
    pub not_proved: Vec<String>,
    /// What it is worth as evidence of an agent's work, a sentence each, where that was asked.
    pub reviewed: Vec<String>,
    /// The same for programs: a JSON object.
    pub facts: Value,
}

/// Why nothing was proved.
#[derive(Debug)]
pub enum Failure {
    /// The evidence is wrong: exit code 1.
    DoesNotHold(String),
    /// The evidence could not be looked at: exit code 2.
    CouldNotCheck(String),
}

impl Failure {
    /// The evidence is wrong, as this error says.
    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    pub fn does_not_hold(error: impl ToString) -> Failure {
        Failure::DoesNotHold(error.to_string())
    }

    /// The same reason, but no word on the evidence.
    pub fn into_unchecked(self) -> Failure {
        let (Failure::DoesNotHold(reason) | Failure::CouldNotCheck(reason)) = self;
        Failure::CouldNotCheck(reason)
    }
}

/// Columns of a terminal of the usual width.
const WIDTH: usize = 80;

/// Longest error text; a file can make an error quote much of itself.
const REASON_MAX: usize = 400;

/// Prints the result, and gives the exit code. A result that cannot be printed counts as not checked.
pub fn print(outcome: &Result<Proof, Failure>, output: Output) -> ExitCode {
    let (text, code) = match output {
        Output::Text => (to_text(outcome), exit_code(outcome)),
        Output::Json => (to_json(outcome), exit_code(outcome)),
    };
    let unchecked = matches!(outcome, Err(Failure::CouldNotCheck(_))) && output == Output::Text;
    let printed = if unchecked {
        io::stderr().lock().write_all(text.as_bytes())
    } else {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
    };
    ExitCode::from(if printed.is_ok() { code } else { 2 })
}

fn exit_code(outcome: &Result<Proof, Failure>) -> u8 {
    match outcome {
        Ok(_) => 0,
        Err(Failure::DoesNotHold(_)) => 1,
        Err(Failure::CouldNotCheck(_)) => 2,
    }
}

fn to_text(outcome: &Result<Proof, Failure>) -> String {
    match outcome {
        Ok(proof) => {
            let mut out = String::from("HOLDS\n");
            proof
                .proved
                .iter()
                .for_each(|line| wrap("  proved: ", line, &mut out));
            proof
                .not_proved
                .iter()
                .for_each(|line| wrap("  not proved: ", line, &mut out));
            proof
                .reviewed
                .iter()
                .for_each(|line| wrap("  review: ", line, &mut out));
            out
        }
        Err(Failure::DoesNotHold(reason)) => format!("DOES NOT HOLD: {}\n", plain(&shortened(reason))),
        Err(Failure::CouldNotCheck(reason)) => format!("could not check: {}\n", plain(&shortened(reason))),
    }
}

fn to_json(outcome: &Result<Proof, Failure>) -> String {
    let value = match outcome {
        Ok(Proof {
            proved,
            not_proved,
            reviewed: _,
            facts,
        }) => {
            json!({"holds": true, "facts": facts, "proved": proved, "not_proved": not_proved})
        }
        Err(Failure::DoesNotHold(reason)) => json!({"holds": false, "error": shortened(reason)}),
        Err(Failure::CouldNotCheck(reason)) => json!({"holds": null, "error": shortened(reason)}),
    };
    format!("{value}\n")
}

/// Appends `text` behind `label`, broken at spaces; later lines are indented by two more than the label is.
fn wrap(label: &str, text: &str, out: &mut String) {
    let indent = 4;
    out.push_str(label);
    let mut column = label.chars().count();
    for (position, word) in plain(text).split(' ').enumerate() {
        let width = word.chars().count();
        if position > 0 && column + 1 + width > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if position > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
}

/// Text from a file, made safe for a terminal: no control characters, and none that turn the writing direction.
fn plain(text: &str) -> String {
    let unsafe_char = |c: char| {
        c.is_control()
            || matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
    };
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, c| {
            if unsafe_char(c) {
                out.extend(c.escape_unicode());
            } else {
                out.push(c);
            }
            out
        })
}

fn shortened(reason: &str) -> String {
    if reason.chars().count() <= REASON_MAX {
        return reason.to_owned();
    }
    reason.chars().take(REASON_MAX).chain("…".chars()).collect()
}
