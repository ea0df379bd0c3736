//! A wrong command line, as people read it or as one JSON object that leaves nothing out.

use std::ffi::OsStr;

use clap::error::ErrorKind;

use crate::failure::{Exit, Failure};
use crate::global::Output;

/// Help and version go out as they are; a wrong command line is an error like any other.
pub fn tell(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        // A reader that went away has had what it wanted.
        let _ = error.print();
        return Exit::Ok;
    }
    if asks_for_json(std::env::args_os().skip(1)) {
        failure(error).print(Output::Json);
    } else {
        let _ = error.print();
    }
    Exit::CouldNotRun
}

/// Whether the last `--output` says json; the command line as a whole could not be read.
fn asks_for_json(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> bool {
    let mut json = false;
    let mut value_comes = false;
    for argument in arguments {
        let argument = argument.as_ref();
        if value_comes {
            json = argument == "json";
        } else if let Some(value) = argument.to_str().and_then(|text| text.strip_prefix("--output=")) {
            json = value == "json";
        }
        value_comes = !value_comes && argument == "--output";
    }
    json
}

fn failure(error: &clap::Error) -> Failure {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::could_not_run("usage", "a command is missing", "see --help");
    }
    let (message, hint) = parts(&error.to_string());
    Failure::could_not_run("usage", message, hint)
}

/// The message in one line, and what helps: the parser gives paragraphs, of which the first says what is wrong, with a
/// line for each argument, and others give tips and the usage.
fn parts(text: &str) -> (String, String) {
    let mut message = String::new();
    let mut hints = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(tip) = line.strip_prefix("tip: ") {
            hints.push(tip.to_owned());
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            hints.push(format!("usage: {usage}"));
        } else if line.starts_with("For more information") {
            hints.push("see --help".to_owned());
        } else if message.is_empty() {
            message.push_str(line.trim_start_matches("error: "));
        } else {
            let separator = if message.ends_with(':') || line.starts_with('[') {
                " "
            } else {
                ", "
            };
            message.push_str(separator);
            message.push_str(line);
        }
    }
    (message, hints.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_an_error_is_kept() {
        let text = "error: the following required arguments were not provided:\n  --name <NAME>\n  --scopes <SCOPE,…>\n\n\
                    Usage: probity key create --name <NAME>\n\nFor more information, try '--help'.\n";
        let (message, hint) = parts(text);
        assert_eq!(
            message,
            "the following required arguments were not provided: --name <NAME>, --scopes <SCOPE,…>"
        );
        assert_eq!(hint, "usage: probity key create --name <NAME>; see --help");
        let text = "error: invalid value 'x' for '--kind <KIND>'\n  [possible values: a, b]\n\n  tip: a similar value exists: 'a'\n";
        assert_eq!(
            parts(text),
            (
                "invalid value 'x' for '--kind <KIND>' [possible values: a, b]".to_owned(),
                "a similar value exists: 'a'".to_owned()
            )
        );
    }

    #[test]
    fn the_last_output_counts() {
        for (line, expected) in [
            ("--output json audit", true),
            ("audit --output=json list", true),
            ("audit list json", false),
            ("--output json --output table", false),
            ("--output --output json", false),
            ("", false),
        ] {
            assert_eq!(asks_for_json(line.split(' ')), expected, "{line}");
        }
    }
}
