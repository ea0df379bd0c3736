//! A tab: what a test does with it, and what it sees there.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use thirtyfour::{By, Key, TypingData, WebDriver, WebElement};

/// Kinds of elements, as they are asked for by their words.
const PRESSED: &str = "a[href], button, summary";
const FILLED: &str = "input:not([type=hidden]), select, textarea";

/// What a screen reader would call an element.
const WORDS: &str = "const words = (one) => (one.ariaLabel ?? (one.labels?.length ? [...one.labels].map((label) => label.textContent).join(' ')
    : one.textContent)).replace(/\\s+/g, ' ').trim().toLowerCase();";

/// Whether pressing an element leads to another page. Then its document is marked as one that is left, until a script of the
/// page does something else instead. Without scripts, nothing does.
const LEADS: &str = "const [one] = arguments;
    const leads = one.matches('a[href]:not([target]):not([download]):not([href^=\"#\"])') || one.type === 'submit' && one.form?.method !== 'dialog';
    document.left = leads;
    const stay = (event) => { if (event.defaultPrevented) document.left = false; };
    addEventListener('click', stay, { once: true });
    addEventListener('submit', stay, { once: true });
    return leads;";

/// Pages that may come and go before the one that is waited for.
const PAGES_MAX: usize = 20;

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

    /// The first element of a kind that is shown and called so, or whose words begin so, or have these in them.
    async fn called(&self, kind: &str, name: &str) -> WebElement {
        let script = format!(
            "{WORDS} const [kind, name] = arguments;
            const shown = [...document.querySelectorAll(kind)].filter((one) => one.checkVisibility());
            return shown.find((one) => words(one) === name) ?? shown.find((one) => words(one).startsWith(name))
                ?? shown.find((one) => words(one).includes(name)) ?? null;"
        );
        let arguments = vec![json!(kind), json!(name.to_lowercase())];
        let found = self.web.execute(script.as_str(), arguments).await.unwrap();
        if let Ok(element) = found.element() {
            return element;
        }
        panic!("nothing is called {name:?} on\n{}", self.text("body").await)
    }

    /// Presses the link or the button with these words. Where it leads to another page, returns when that one is loaded.
    pub async fn press(&self, words: &str) {
        let element = self.called(PRESSED, words).await;
        let argument = vec![element.to_json().unwrap()];
        let leads = self.script(LEADS, argument).await == true;
        let pressed = element.click().await;
        pressed.unwrap_or_else(|error| panic!("{words}: {error}"));
        if leads {
            self.wait_until("!document.left && document.readyState === 'complete'", Vec::new())
                .await;
        }
    }

    /// Types into the field with this label, in the place of what is there; of a choice, chooses.
    pub async fn enter(&self, label: &str, text: &str) {
        let field = self.called(FILLED, label).await;
        if field.tag_name().await.unwrap() != "select" {
            field.clear().await.unwrap();
        }
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys, wherever the focus is.
    pub async fn keys(&self, keys: impl Into<TypingData>) {
        self.web.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// Presses a key while Shift is held.
    pub async fn keys_with_shift(&self, key: Key) {
        let chain = self.web.action_chain().key_down(Key::Shift).send_keys(key);
        chain.key_up(Key::Shift).perform().await.unwrap();
    }

    /// Unfolds all that is folded in the page's content.
    pub async fn unfold(&self) {
        let script = "for (const one of document.querySelectorAll('main details')) one.open = true";
        self.script(script, Vec::new()).await;
    }

    /// Path and query of the page that is shown.
    pub async fn place(&self) -> String {
        let place = self
            .script("return location.pathname + location.search", Vec::new())
            .await;
        place.as_str().unwrap().to_owned()
    }

    /// Where the first row of a list leads.
    pub async fn first_row(&self) -> Option<String> {
        let script = "return document.querySelector('main tbody th a[href], main tbody td a[href]')?.getAttribute('href') ?? null";
        self.script(script, Vec::new()).await.as_str().map(str::to_owned)
    }

    /// Whether the page can be scrolled sideways.
    pub async fn goes_sideways(&self) -> bool {
        let script = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
        self.script(script, Vec::new()).await == true
    }

    /// To the page before, as by the browser's button.
    pub async fn back(&self) {
        self.web.back().await.unwrap();
    }

    /// Loads an address in a tab of its own, which then is the one that is looked at.
    pub async fn open_tab(&self, url: &str) {
        let tab = self.web.new_tab().await.unwrap();
        self.web.switch_to_window(tab).await.unwrap();
        self.open(url).await;
    }

    /// Writes a picture of what is seen now.
    #[allow(dead_code, reason = "for `examples/shots.rs`, which shares this file")]
    pub async fn picture(&self, file: &Path) {
        let written = self.web.screenshot(file).await;
        written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
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

    /// Records this event so many times, all at once, by the session of the page that is shown.
    pub async fn record(&self, event: &Value, count: usize) {
        const POST: &str = "const [events, done] = arguments;
            fetch('/v1/audit/entries', { method: 'POST', headers: { 'content-type': 'application/json' }, body: events })
                .then((answer) => done(answer.status), (error) => done(String(error)));";
        let events = json!(vec![event; count]).to_string();
        let status = self.script_later(POST, vec![json!(events)]).await;
        assert!(status == 200 || status == 201, "{status}");
    }

    /// Waits until an element has this text in it.
    pub async fn wait_for(&self, css: &str, text: &str) {
        let there =
            "[...document.querySelectorAll(given[0])].some((one) => one.textContent.includes(given[1]))";
        self.wait_until(there, vec![json!(css), json!(text)]).await;
    }

    /// Waits until a page is shown at this path with its query; at one that begins so, where it ends with a sign.
    pub async fn wait_for_place(&self, place: &str) {
        let there = "{ const [wanted, place] = [given[0], location.pathname + location.search];
            const begins = /[^a-z0-9]$/i.test(wanted) && place.startsWith(wanted);
            return document.readyState === 'complete' && (place === wanted || begins); }";
        self.wait_until(there, vec![json!(place)]).await;
    }

    /// Waits until an expression is true, which is looked at whenever the page changes. The page may go while it is waited for.
    pub async fn wait_until(&self, expression: &str, given: Vec<Value>) {
        let script = format!(
            "const done = arguments[arguments.length - 1], given = [...arguments];
            const there = () => {expression};
            const look = () => there() && (watch.disconnect(), done(true));
            const watch = new MutationObserver(look);
            addEventListener('load', look);
            watch.observe(document, {{ subtree: true, childList: true, characterData: true, attributes: true }});
            look();"
        );
        for _ in 0..PAGES_MAX {
            let Err(error) = self.web.execute_async(script.as_str(), given.clone()).await else {
                return;
            };
            // The page that was looked at may have gone without a word, and this be the next one.
            let now = format!("const given = [...arguments], there = () => {expression}; return there()");
            if error.to_string().contains("script timeout") && self.script(&now, given.clone()).await == true
            {
                return;
            }
            if !error.to_string().contains("document unloaded") {
                let shown = self.text("body").await;
                panic!("{expression} of {given:?} never came: {error}\n{shown}");
            }
        }
        panic!("one page after the other, and never {expression} of {given:?}");
    }

    /// What the browser's console says since it was asked last: errors, warnings, refused resources.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.web.browser_log().await.unwrap();
        entries
            .into_iter()
            // Signing out is told, and is what was asked for; so is advice that is no warning.
            .filter(|entry| entry.level != "DEBUG" && !entry.message.contains("Clear-Site-Data header"))
            .map(|entry| format!("{}: {}", entry.level, entry.message))
            .collect()
    }

    /// Expects that the console says nothing but that an answer had this status.
    pub async fn only_said(&self, status: u16) {
        let said = self.console().await;
        let other = said
            .iter()
            .find(|line| !line.contains(&format!("status of {status}")));
        assert_eq!(other, None, "{}", said.join("\n"));
    }

    /// Expects that the console is empty.
    pub async fn nothing_was_said(&self) {
        let said = self.console().await;
        assert!(said.is_empty(), "{}", said.join("\n"));
    }

    /// Removes what the browser keeps for the origins that were visited.
    pub async fn forget(&self) {
        for origin in self.origins.take() {
            let all = json!({"origin": origin, "storageTypes": "all"});
            let _ = self.web.cdp().send_raw("Storage.clearDataForOrigin", all).await;
        }
        let _ = self.web.browser_log().await;
    }
}
