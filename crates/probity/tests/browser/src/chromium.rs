//! The browser that all tests of a run share, one test at a time, each in a tab of its own with nothing kept from before.
//! (A profile for each tab, a browser context, is nothing that chromedriver lets anybody make.)

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use testkit::free_port;
use thirtyfour::{
    Capabilities, ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
};
use tokio::runtime::Runtime;

use crate::guarded::{self, Guarded};
use crate::page::Page;

/// How long a script of a test waits for what it waits for, on a machine that is busy with other things. The driver's client
/// gives a request 120 s.
const SCRIPT_MAX: Duration = Duration::from_secs(110);
/// The window of a test that asks for no other.
pub const WIDTH: u32 = 1440;
pub const HEIGHT: u32 = 900;

/// The browser, which ends with this process.
struct Chromium {
    runtime: Runtime,
    web: WebDriver,
    _driver: Guarded,
}

static SHARED: LazyLock<Chromium> = LazyLock::new(Chromium::start);
static TURN: Mutex<()> = Mutex::new(());

fn capabilities(folder: &Path) -> Capabilities {
    let mut wanted = DesiredCapabilities::chrome();
    wanted
        .add_arg(&format!("--user-data-dir={}", folder.display()))
        .unwrap();
    for argument in [
        "--headless=new",
        // What it shows is ours, and as root it starts without alone.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--force-color-profile=srgb",
    ] {
        wanted.add_arg(argument).unwrap();
    }
    wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
    wanted.into()
}

impl Chromium {
    fn start() -> Chromium {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("probity-browser-{}", std::process::id()));
        let mut driver = Command::new("chromedriver");
        driver.arg(format!("--port={port}"));
        let (driver, lines) = guarded::start(&driver, &folder);
        // It says when it listens; nothing at all where it is not there.
        let ready = lines
            .map_while(Result::ok)
            .any(|line| line.contains("started successfully"));
        assert!(
            ready,
            "chromedriver does not start; ./test installs it, or apt-get install chromium chromium-driver"
        );
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let web = runtime.block_on(async {
            let url = format!("http://127.0.0.1:{port}");
            let web = WebDriver::new(url, capabilities(&folder)).await.unwrap();
            web.set_script_timeout(SCRIPT_MAX).await.unwrap();
            web
        });
        Chromium {
            runtime,
            web,
            _driver: driver,
        }
    }
}

/// Runs a test in a fresh tab, and expects that the browser's console is empty in the end.
pub fn in_browser(test: impl AsyncFnOnce(&Page)) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (chromium, web) = (&*SHARED, &SHARED.web);
    chromium.runtime.block_on(async {
        let first = web.windows().await.unwrap();
        web.switch_to_window(first[0].clone()).await.unwrap();
        let cdp = web.cdp();
        cdp.send_raw("Network.clearBrowserCookies", json!({}))
            .await
            .unwrap();
        cdp.send_raw("Network.clearBrowserCache", json!({}))
            .await
            .unwrap();
        let tab = web.new_tab().await.unwrap();
        web.switch_to_window(tab).await.unwrap();
    });
    let page = Page::new(web.clone());
    let result = catch_unwind(AssertUnwindSafe(|| {
        chromium.runtime.block_on(async {
            page.size(WIDTH, HEIGHT).await;
            test(&page).await;
            page.nothing_was_said().await;
        });
    }));
    chromium.runtime.block_on(async {
        // What the tabs said is not the next one's.
        let tabs = web.windows().await.unwrap();
        for tab in &tabs[1..] {
            let _ = web.switch_to_window(tab.clone()).await;
            let _ = web.close_window().await;
        }
        let _ = web.switch_to_window(tabs[0].clone()).await;
        page.forget().await;
    });
    if let Err(panic) = result {
        resume_unwind(panic);
    }
}
