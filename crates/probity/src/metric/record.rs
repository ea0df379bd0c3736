//! `probity metric record`.

use clap::Args;
use domain::workflow::metric::{Metric, NewMetric, Number, RecordMetrics};
use evidence::Timestamp;
use evidence::payload::DragMode;
use uuid::Uuid;
use views::MetricView;

use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work, json, would_be};

/// Arguments of `probity metric record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// What is measured: 1 to 100 of A-Z a-z 0-9 . _ : / -
    name: String,
    /// The number, such as 0.5 or -2e3
    #[arg(allow_hyphen_values = true, value_parser = Number::parse)]
    value: Number,
    /// In what, such as ms
    #[arg(long, value_name = "TEXT")]
    unit: Option<String>,
    /// When it was so: 2026-11-21T08:30:00Z, 2026-11-21, or 2h ago; now unless given
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    at: Option<Timestamp>,
    /// The workflow that it is about
    #[arg(long, value_name = "TEXT")]
    workflow: Option<String>,
    /// What sort of work it is about: draft, research, analysis or grunt
    #[arg(long, value_name = "WORD", value_parser = parse::drag_mode)]
    drag_mode: Option<DragMode>,
    /// The execution that it is about
    #[arg(long, value_name = "ID")]
    execution: Option<Uuid>,
    /// An id of your own: the same id with the same content is the same metric
    #[arg(long)]
    id: Option<Uuid>,
    /// Say what would come of it, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Verb for RecordArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let metric = NewMetric {
            id: self.id,
            name: self.name,
            value: self.value,
            unit: self.unit,
            at: self.at,
            workflow: self.workflow,
            drag_mode: self.drag_mode,
            execution: self.execution,
        };
        let command = RecordMetrics {
            metrics: vec![metric],
            list: false,
            next: None,
        };
        let answer = work
            .submit_or_try::<Vec<(Metric, bool)>>(command, self.dry_run)
            .await?;
        let row = answer.reply.first().map(|(row, _)| row.clone());
        let row =
            row.ok_or_else(|| engine::Error::problem("no metric was answered with", "report this as a bug"))?;
        let view = MetricView::of(row);
        let unit = view
            .unit
            .as_ref()
            .map(|unit| format!(" {unit}"))
            .unwrap_or_default();
        let said = format!("{}: {}{unit}", view.name, view.value.text());
        if self.dry_run {
            return Ok(Printout::noted(
                false,
                would_be(&view)?,
                &format!("{said} would be recorded."),
            ));
        }
        let id = view.id.unwrap_or_default().to_string();
        let printout = Printout::sentence(&answer, json(&view)?, &format!("{said} is recorded."));
        Ok(printout.with(&[("Id", id)]))
    }
}
