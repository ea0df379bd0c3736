//! Many tabs, and a server that goes away.

use serde_json::json;

use crate::areas::record;
use crate::chromium::in_browser;
use crate::demo::{Demo, demos};

/// A browser opens six connections to a server over HTTP/1.1: streams that stay open in as many tabs would block it.
const TABS: usize = 8;

#[test]
fn beside_eight_live_tabs_a_ninth_still_loads() {
    for demo in demos() {
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            for number in 0..TABS {
                let list = ["/activity", "/audit/entries"][number % 2];
                page.open_tab(&format!("{}{list}", demo.url)).await;
                page.wait_for("main", "Live").await;
            }
            page.open_tab(&format!("{}/users", demo.url)).await;
            assert!(page.text("main").await.contains("alice"));
            // And what is new comes, in the tab that is looked at.
            demo.open(page, "/activity").await;
            page.wait_for("main", "Live").await;
            record(page, "parcel.find", 1).await;
            page.wait_for("main tbody tr", "parcel.find").await;
        });
    }
}

#[test]
fn a_server_that_goes_away_is_told_and_waited_for() {
    for engine in ["sqlite", "postgres"] {
        let mut demo = Demo::alone(engine);
        in_browser(async |page| {
            demo.sign_in(page, "admin").await;
            demo.open(page, "/activity").await;
            page.wait_for("main", "Live").await;
            page.nothing_was_said().await;
            demo.stop();
            page.wait_for("main", "The server does not answer").await;
            demo.start_again();
            demo.append("parcel.return", &[]);
            page.wait_for("main tbody tr", "parcel.return").await;
            page.wait_for("main", "Live").await;
            // Who is signed out is told, and the server is asked no more.
            demo.stop();
            page.wait_for("main", "The server does not answer").await;
            page.devtools("Network.clearBrowserCookies", json!({})).await;
            demo.start_again();
            page.wait_for("main", "The session has ended").await;
            // That the server was not there, and then knew nobody, is all that the browser had to say.
            let said = page.console().await;
            let known = |line: &&String| {
                ["net::ERR_", "status of 401"]
                    .iter()
                    .any(|known| line.contains(known))
            };
            let other = said.iter().find(|line| !known(line));
            assert_eq!(other, None);
        });
        demo.stop();
    }
}
