//! Progress of long work: a bar on a terminal, else a line every ten seconds.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::context::Context;
use crate::output;

const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows how far long work is.
pub enum Progress {
    /// Nobody wants to see it.
    Silent,
    /// A bar on a terminal.
    Bar(ProgressBar),
    /// Lines; the time of the last one.
    Lines(Mutex<Instant>),
}

impl Progress {
    /// Progress as wished for, on standard error.
    pub fn new(context: &Context) -> Progress {
        if context.global.quiet {
            return Progress::Silent;
        }
        if !std::io::stderr().is_terminal() {
            return Progress::Lines(Mutex::new(Instant::now()));
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Progress::Bar(bar)
    }

    /// Tells how far the work is; `total` is 0 where it is not known.
    pub fn at(&self, done: u64, total: u64, text: &str) {
        match self {
            Progress::Silent => {}
            Progress::Bar(bar) => {
                // First, since what follows may draw.
                bar.set_message(text.to_owned());
                if total > 0 && bar.length() != Some(total) {
                    bar.set_length(total);
                    let template = "{bar:24} {percent:>3} %  {msg}  {eta} left";
                    if let Ok(style) = ProgressStyle::with_template(template) {
                        bar.set_style(style.progress_chars("━╸─"));
                    }
                }
                bar.set_position(done);
            }
            Progress::Lines(last) => {
                let Ok(mut last) = last.lock() else { return };
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    match done.saturating_mul(100).checked_div(total) {
                        Some(percent) => output::remark(&format!("{percent:>3} %  {text}")),
                        None => output::remark(text),
                    }
                }
            }
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Progress::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
