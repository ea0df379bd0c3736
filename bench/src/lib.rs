//! Load generator for Probity, and what is needed to trust its numbers.
//!
//! It runs on the processors that the server and the database need, so its own cost comes first: one thread, one
//! epoll, raw HTTP/1.1 from a template, no allocation and no parsing of bodies but for a sample. `bench calibrate`
//! measures that cost.
//!
//! Where things are: [`load`] is the loop over [`connection`]s, fed by a [`workload`] (those of users: [`identity`], of money:
//! [`custody`], of executions: [`governance`], of approvals: [`approvals`], by tools of MCP: [`mcp`], questions: [`reading`], pages: [`pages`]); [`response`] frames answers; [`probity`] and [`database`] start what is measured; [`hashing`] measures what a login
//! costs at least; [`scenario`] says what to measure and how to add to it; [`report`] shows it. [`stub`] stands in for
//! the server in tests.

#![expect(
    missing_docs,
    reason = "a program, whose library is for its own tests: names that say it all need no words"
)]

pub mod approvals;
pub mod connection;
pub mod custody;
pub mod database;
pub mod error;
pub mod governance;
pub mod hashing;
pub mod identity;
pub mod latency;
pub mod load;
pub mod machine;
pub mod mcp;
pub mod options;
pub mod otlp;
pub mod pages;
pub mod probity;
pub mod process;
pub mod random;
pub mod reading;
pub mod report;
pub mod response;
pub mod scenario;
pub mod statistics;
pub mod stub;
pub mod text;
pub mod tls;
pub mod workload;
