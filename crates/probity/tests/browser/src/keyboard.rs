//! Everything by keyboard alone: where the focus is can be seen at each step, and nothing lies over it.

use serde_json::Value;
use thirtyfour::Key;

use crate::changing::asked;
use crate::chromium::in_browser;
use crate::demo::demos;
use crate::page::Page;

/// What has the focus: its words, and what is wrong with how it is seen.
const FOCUS: &str = "const one = document.activeElement;
    const words = (one.ariaLabel ?? (one.labels?.length ? [...one.labels].map((label) => label.textContent).join(' ') : one.textContent)).replace(/\\s+/g, ' ').trim();
    if (one === document.body) return ['', ''];
    const box = [...one.getClientRects()].find((box) => box.width && box.height);
    if (!box) return [words, 'has no place'];
    const style = getComputedStyle(one);
    if (style.outlineStyle === 'none' || !parseFloat(style.outlineWidth)) return [words, 'is not marked'];
    const tall = box.height > innerHeight / 2;
    if (box.top < -1 || (!tall && box.bottom > innerHeight + 1)) return [words, `is at ${box.top} to ${box.bottom} of ${innerHeight}`];
    const [x, y] = [box.left + Math.min(box.width, innerWidth) / 2, tall ? Math.max(box.top, 120) + 20 : box.top + box.height / 2];
    const over = document.elementFromPoint(x, y);
    if (!over || !(one.contains(over) || over.contains(one))) return [words, `is under ${over?.outerHTML.slice(0, 90)}`];
    return [words, ''];";

/// So many elements can have the focus on one page.
const STOPS_MAX: usize = 400;

/// What has the focus now, which must be seen.
async fn focus(page: &Page) -> String {
    let said = page.script(FOCUS, Vec::new()).await;
    let [Value::String(words), Value::String(wrong)] = &said.as_array().unwrap()[..] else {
        panic!("{said}");
    };
    assert!(wrong.is_empty(), "{}: {words:?} {wrong}", page.place().await);
    words.clone()
}

/// Goes on by Tab, if need be, until the focus is on what is called so.
async fn tab_to(page: &Page, name: &str) {
    let mut passed = Vec::new();
    for _ in 0..STOPS_MAX {
        let words = focus(page).await;
        if words.to_lowercase().starts_with(&name.to_lowercase()) {
            return;
        }
        passed.push(words);
        page.keys(Key::Tab).await;
    }
    panic!("{name} is not reached: {passed:?}");
}

#[test]
fn signing_in_finding_verifying_and_approving_take_no_mouse() {
    for demo in demos() {
        in_browser(async |page| {
            let approval = asked(page, demo, "m-10").await;
            demo.open(page, "/sign-in").await;
            tab_to(page, "User name").await;
            page.keys("admin").await;
            tab_to(page, "Password").await;
            page.keys(demo.password("admin")).await;
            page.keys(Key::Enter).await;
            page.wait_for("header", "admin").await;
            // The first stop leads past everything that is the same on each page.
            page.keys(Key::Tab).await;
            assert_eq!(focus(page).await, "Skip to the content");
            tab_to(page, "Audit log").await;
            page.keys(Key::Enter).await;
            page.wait_for_place("/audit/entries").await;
            page.keys("/").await;
            let in_filter = "return document.activeElement.closest('details.filter')?.open";
            assert_eq!(
                page.script(in_filter, Vec::new()).await,
                true,
                "the filter was closed"
            );
            tab_to(page, "action").await;
            page.keys("user.create").await;
            page.keys(Key::Enter).await;
            page.wait_for_place("/audit/entries?action=user.create").await;
            page.keys("j").await;
            focus(page).await;
            page.keys(Key::Enter).await;
            page.wait_for_place("/audit/entries/").await;
            tab_to(page, "Verify here").await;
            page.keys(Key::Enter).await;
            page.wait_for("main", "Everything that was checked holds.").await;

            demo.open(page, "/").await;
            tab_to(page, "Approvals").await;
            page.keys(Key::Enter).await;
            page.wait_for_place("/approvals").await;
            tab_to(page, "Waiting").await;
            page.keys(Key::Enter).await;
            page.wait_for_place("/approvals?status=pending").await;
            // Of those that wait, the one that was just asked for.
            let row =
                format!("document.querySelector('[aria-selected=true]')?.dataset.href === '{approval}'");
            for _ in 0..50 {
                page.keys("j").await;
                focus(page).await;
                if page.script(&format!("return {row}"), Vec::new()).await == true {
                    break;
                }
            }
            page.keys(Key::Enter).await;
            page.wait_for_place(&approval).await;
            tab_to(page, "Approve").await;
            page.keys(Key::Enter).await;
            page.wait_for("main", "granted").await;
        });
    }
}

#[test]
fn the_focus_is_never_under_what_stays_at_the_top() {
    let demo = demos()[0];
    in_browser(async |page| {
        demo.sign_in(page, "admin").await;
        // From the end of a long list up to its begin, on a screen and on a telephone.
        for (width, height) in [(1440, 900), (390, 844)] {
            page.size(width, height).await;
            demo.open(page, "/audit/entries").await;
            let end =
                "scrollTo(0, document.body.scrollHeight); document.querySelector('main a[rel=next]').focus()";
            page.script(end, Vec::new()).await;
            for _ in 0..70 {
                page.keys_with_shift(Key::Tab).await;
                focus(page).await;
            }
        }
    });
}

#[test]
fn single_keys_can_be_switched_off() {
    let demo = demos()[1];
    in_browser(async |page| {
        demo.sign_in(page, "admin").await;
        demo.open(page, "/preferences").await;
        page.enter("Single keys", "off").await;
        page.press("Keep").await;
        page.wait_until(
            "document.readyState === 'complete' && document.documentElement.dataset.keys === 'off'",
            Vec::new(),
        )
        .await;
        demo.open(page, "/audit/entries").await;
        page.keys("jo?").await;
        assert_eq!(page.count("[aria-selected=true], dialog[open]").await, 0);
    });
}
