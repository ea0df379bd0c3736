//! Governance of what acts by itself: which agents there are, whose they are, and whether they may act.

pub mod agent;

pub use agent::Agent;
