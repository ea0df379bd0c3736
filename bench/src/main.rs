//! `bench <scenario> [options]`: exit code 0 when all went well, 1 when any answer was not as it should be or something
//! did not work at all, 2 when the command line makes no sense.

use std::io::Write as _;
use std::process::ExitCode;

use bench::options::{Options, Output};
use clap::Parser as _;

fn main() -> ExitCode {
    let options = Options::parse();
    let (report, result) = match bench::scenario::run(&options) {
        Ok(found) => found,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let text = match options.common.output {
        Output::Table => report.text(),
        Output::Json => serde_json::to_string_pretty(&report).unwrap_or_default() + "\n",
    };
    let written = std::io::stdout().write_all(text.as_bytes());
    if let Err(error) = &result {
        let _ = writeln!(std::io::stderr(), "error: {error}");
    }
    if written.is_err() || result.is_err() || report.has_failures() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
