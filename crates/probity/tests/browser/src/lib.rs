//! Pages in a browser: Chromium, driven by chromedriver, one for all tests of a run. `./test` installs both where it may.
//! The program under test is the one that `PROBITY_BIN` names, or else the debug build.
#![cfg(test)]

mod axe;
mod chromium;
mod demo;
mod entry_page;
mod guarded;
mod order;
mod page;
mod reference;
mod verify_html;
