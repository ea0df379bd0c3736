//! Options of every command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Folder of the signing key and the SQLite database; PROBITY_DATA_DIR [default: ./probity-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Database: a SQLite file or postgres://… URL; PROBITY_DATABASE_URL, DATABASE_URL
    /// [default: DIR/probity.db]
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// How to print
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "table|json",
        hide_possible_values = true
    )]
    pub output: Output,
    /// Print results and errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}
