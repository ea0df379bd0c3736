//! Jobs on real databases of both engines, by clocks that are set by hand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(dead_code, reason = "not every helper of the engine's tests is used here")]

#[path = "../../../engine/tests/conformance/agents.rs"]
mod agents;
#[path = "../../../engine/tests/conformance/attacker.rs"]
mod attacker;
#[path = "../../../engine/tests/conformance/catalogue.rs"]
mod catalogue;
#[path = "../../../engine/tests/conformance/custody_desk.rs"]
mod custody_desk;
#[path = "../../../engine/tests/conformance/custody_rich.rs"]
mod custody_rich;
#[path = "../../../engine/tests/conformance/holds.rs"]
mod holds;
#[path = "../../../engine/tests/conformance/people.rs"]
mod people;
#[path = "../../../engine/tests/conformance/retention.rs"]
mod retention;
mod running;
#[path = "../../../engine/tests/conformance/support.rs"]
mod support;
#[path = "../../../engine/tests/conformance/workflow_rich.rs"]
mod workflow_rich;
