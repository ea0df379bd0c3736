//! Pages in a browser: Chromium, driven by chromedriver, one for all tests of a run. `./test` installs both where it may.
//! The program under test is the one that `PROBITY_BIN` names, or else the debug build.
#![cfg(test)]

mod areas;
mod away;
mod axe;
mod changing;
mod chromium;
mod crawl;
mod demo;
mod entry_page;
mod everywhere;
mod guarded;
mod keyboard;
mod order;
mod page;
mod reference;
mod verify_html;
