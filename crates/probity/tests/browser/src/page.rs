//! A tab: what a test does with it, and what it sees there.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use thirtyfour::{By, WebDriver, WebElement};

/// A tab of the browser.
pub struct Page {
    web: WebDriver,
    /// Origins that were visited, whose storage goes at the end.
    origins: RefCell<BTreeSet<String>>,
}

impl Page {
    pub fn new(web: WebDriver) -> Page {
        let origins = RefCell::new(BTreeSet::new());
        Page { web, origins }
    }

    /// Sends a command of the DevTools.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let answer = self.web.cdp().send_raw(command, parameters).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Opens an address, and returns when it is loaded.
    pub async fn open(&self, url: &str) {
        let end = url.find("://").map_or(0, |at| at + 3);
        let origin = url[end..].split('/').next().unwrap();
        self.origins
            .borrow_mut()
            .insert(format!("{}{origin}", &url[..end]));
        self.web
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Width and height of the window, in CSS pixels.
    pub async fn size(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Whether the system is dark.
    pub async fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Whether pages may run scripts.
    pub async fn scripts(&self, on: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({"value": !on}))
            .await;
    }

    /// Whether there is a network.
    pub async fn network(&self, on: bool) {
        let conditions =
            json!({"offline": !on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.emulateNetworkConditions", conditions)
            .await;
    }

    /// The one element that a selector of CSS finds.
    pub async fn find(&self, css: &str) -> WebElement {
        let found = self.web.find(By::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// How many elements there are.
    pub async fn count(&self, css: &str) -> usize {
        self.web.find_all(By::Css(css)).await.unwrap().len()
    }

    /// All text of an element, shown or folded.
    pub async fn text(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.textContent ?? null";
        let text = self.script(script, vec![json!(css)]).await;
        text.as_str()
            .unwrap_or_else(|| panic!("there is no {css}"))
            .to_owned()
    }

    pub async fn click(&self, css: &str) {
        let clicked = self.find(css).await.click().await;
        clicked.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Types into a field, in the place of what is there.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// The states of the verifier's steps.
    pub async fn states(&self) -> String {
        let script = "return [...document.querySelectorAll('[data-step]')].map((step) => step.dataset.state).join(' ')";
        self.script(script, Vec::new()).await.as_str().unwrap().to_owned()
    }

    /// Runs a script, and gives what it returns.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        let returned = self.web.execute(script, arguments).await;
        returned
            .unwrap_or_else(|error| panic!("{script}: {error}"))
            .json()
            .clone()
    }

    /// Runs a script that calls its last argument with what it gives.
    pub async fn script_later(&self, script: &str, arguments: Vec<Value>) -> Value {
        let returned = self.web.execute_async(script, arguments).await;
        returned
            .unwrap_or_else(|error| panic!("{script}: {error}"))
            .json()
            .clone()
    }

    /// Waits until an element has this text in it.
    pub async fn wait_for(&self, css: &str, text: &str) {
        const WAIT: &str = "const [css, text, done] = arguments;
            const there = () => [...document.querySelectorAll(css)].some((one) => one.textContent.includes(text));
            const watch = new MutationObserver(() => there() && (watch.disconnect(), done(true)));
            if (there()) done(true);
            else watch.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });";
        let waited = self.web.execute_async(WAIT, vec![json!(css), json!(text)]).await;
        if let Err(error) = waited {
            let shown = self.text("body").await;
            panic!("{text:?} never came into {css}: {error}\n{shown}");
        }
    }

    /// What the browser's console says since it was asked last: errors, warnings, refused resources.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.web.browser_log().await.unwrap();
        entries
            .into_iter()
            .map(|entry| format!("{}: {}", entry.level, entry.message))
            .collect()
    }

    /// Expects that the console is empty.
    pub async fn nothing_was_said(&self) {
        let said = self.console().await;
        assert!(said.is_empty(), "{}", said.join("\n"));
    }

    /// Removes what the browser keeps for the origins that were visited.
    pub async fn forget(&self) {
        for origin in self.origins.borrow().iter() {
            let all = json!({"origin": origin, "storageTypes": "all"});
            let _ = self.web.cdp().send_raw("Storage.clearDataForOrigin", all).await;
        }
        let _ = self.web.browser_log().await;
    }
}
