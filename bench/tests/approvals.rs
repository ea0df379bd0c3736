//! `approvals` from the command line to the report, against a stand-in for `probity`.

mod common;

use common::{json, rows};

#[test]
fn approvals_on_both_engines() {
    let report = json("approvals --connections 3,5 --votes 20");
    let loads = rows(&report, "loads");
    assert_eq!(loads.len(), 4);
    for load in loads {
        assert_eq!(load["failures"], 0, "{load}");
        assert_eq!(load["items"], "requests and uses");
        assert!(load["requests"].as_u64().unwrap() > 10, "{load}");
    }
    let ratios = rows(&report, "ratios");
    let whats: Vec<_> = ratios
        .iter()
        .map(|ratio| ratio["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        whats.len(),
        8,
        "two loads, votes and those who wait, on two engines: {whats:?}"
    );
    assert_eq!(whats[6], "50 ms / from a vote to who waits on postgres, p99");
    assert!(ratios.iter().all(|ratio| ratio["value"].as_f64().unwrap() > 0.0));
}
