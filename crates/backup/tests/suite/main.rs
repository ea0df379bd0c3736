//! Backups of real databases of both engines. What fills them is what fills those of the engine's own tests.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(dead_code, reason = "not every helper of the engine's tests is used here")]

#[path = "../../../engine/tests/conformance/agents.rs"]
mod agents;
#[path = "../../../engine/tests/conformance/attacker.rs"]
mod attacker;
mod bucket;
#[path = "../../../engine/tests/conformance/catalogue.rs"]
mod catalogue;
mod checking;
#[path = "../../../engine/tests/conformance/custody_desk.rs"]
mod custody_desk;
#[path = "../../../engine/tests/conformance/custody_rich.rs"]
mod custody_rich;
mod erasing;
mod faults;
#[path = "../../../engine/tests/conformance/holds.rs"]
mod holds;
mod opened;
mod past_schemas;
#[path = "../../../engine/tests/conformance/people.rs"]
mod people;
mod reading;
mod restoring;
mod retained;
#[path = "../../../engine/tests/conformance/retention.rs"]
mod retention;
#[path = "../../../engine/tests/conformance/retention_model.rs"]
mod retention_model;
#[path = "../../../engine/tests/conformance/support.rs"]
mod support;
#[path = "../../../engine/tests/conformance/workflow_rich.rs"]
mod workflow_rich;
mod writing;
