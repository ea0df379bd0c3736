//! What there is in Probity as everybody outside sees it.
//!
//! A [`Noun`] says in one file how its rows are shown, by what they are filtered, who may read them, and which columns
//! a table of them has. The HTTP API and the command line make their lists from it: endpoint, documentation and schema
//! there, arguments and table here, and the same JSON in both. Nothing in this crate knows of HTTP or of arguments.
//!
//! To add a list: a file beside [`destination`], then a line in the table of routes and one in the commands of
//! `probity`.

mod activity;
mod agent;
mod api_key;
mod approval;
mod approval_parts;
mod asset;
mod balance;
mod cell;
mod changed;
mod chart;
mod conversation;
mod cursor;
mod destination;
mod entry;
pub mod example;
mod execution;
mod figures;
mod filter;
mod found;
mod governance;
mod hold;
mod job;
mod kyc;
mod metric;
mod names;
mod new_step;
mod noun;
mod operation;
mod role;
mod rows;
mod session;
mod status;
mod step;
mod unread;
mod user;
mod value;
mod verified;
mod viewer;

pub use domain::approval::Approval;
pub use domain::audit::hold::LegalHold;
pub use domain::custody::destination::Destination;
pub use domain::custody::kyc::KycRecord;
pub use domain::custody::{Asset, Balance, Operation};
pub use domain::governance::Agent;
pub use domain::identity::api_key::ApiKey;
pub use domain::identity::session::Session;
pub use domain::identity::user::User;
pub use domain::workflow::conversation::Conversation;
pub use domain::workflow::execution::Execution;
pub use domain::workflow::metric::Metric;
pub use domain::workflow::step::ExecutionStep;
pub use evidence::Entry;

pub use activity::Activity;
pub use agent::AgentView;
pub use api_key::{ApiKeyMade, ApiKeyView, ApiKeyWhole};
pub use approval::ApprovalView;
pub use approval_parts::{VoteView, policy_setting};
pub use asset::AssetView;
pub use balance::{BalanceThen, BalanceView, LineView, StatementView, movements};
pub use cell::{Cell, Column, Columns, Elide, Titled, column, count, minute, moment, number, second, told};
pub use changed::{Changed, ChangedColumn, changed};
pub use chart::Chart;
pub use conversation::ConversationView;
pub use cursor::Place;
pub use destination::DestinationView;
pub use entry::{BY_HAND, entry_filter, repeated};
pub use execution::{ExecutionPart, ExecutionView, ExecutionWhole};
pub use figures::{StatisticsView, SupplyView, day};
pub use filter::{Asked, Filter, Given, Kind, Takes, check_times};
pub use found::{PartOfId, called, shown_of_key};
pub use governance::{DragModeRuns, Recent, UserRuns, WorkflowRuns};
pub use hold::HoldView;
pub use job::{BackupView, Backups, JobView, Jobs};
pub use kyc::{DocumentView, KycRecordView};
pub use metric::{MetricFiguresView, MetricView, metric_figures};
pub use names::Names;
pub use new_step::StepBody;
pub use noun::{About, LIMIT_USUAL, Named, Noun, Page, Paging, Reads, Show, Shown};
pub use operation::OperationView;
pub use role::{PermissionView, Permissions, RoleView, Roles};
pub use rows::{Part, Rows};
pub use session::{SessionListed, SessionView};
pub use status::{CertificateView, CheckView, KeptView, StatusView};
pub use step::{StepView, StepWhole, TotalView, UsageView};
pub use user::{USER_PARTS, UserErased, UserListed, UserMade, UserView, UserWhole};
pub use value::{Holder, Units};
pub use verified::{FindingView, VerifiedView, table_of};
pub use viewer::Viewer;
