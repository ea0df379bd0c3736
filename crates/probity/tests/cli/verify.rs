use crate::harness::on_both;

#[test]
fn an_untouched_log_is_intact() {
    on_both(|place| {
        place.append(&["--actor", "user:alice", "--action", "user.login"]);
        let ran = place.run(&["audit", "verify"]).expect(0);
        assert!(
            ran.out.contains("✓ intact") && ran.out.contains("Entries checked  2"),
            "{}",
            ran.out
        );
        let report = place.json(&["audit", "verify"]);
        assert_eq!(
            (&report["intact"], &report["entries_checked"]),
            (&true.into(), &2.into()),
            "{report}"
        );
    });
}

#[test]
fn a_row_changed_by_hand_is_named() {
    on_both(|place| {
        place.by_hand("UPDATE users SET role = 'viewer'");
        let ran = place.run(&["audit", "verify"]).expect(1);
        assert!(
            ran.out.contains("✗ users ") && ran.out.contains("✗ tampered: 1 finding"),
            "{}",
            ran.out
        );
        let ran = place.run(&["--output", "json", "audit", "verify"]).expect(1);
        let report = ran.json();
        assert_eq!(
            (&report["intact"], &report["findings"][0]["table"]),
            (&false.into(), &"users".into()),
            "{report}"
        );
    });
}

#[test]
fn what_is_checked_can_be_asked() {
    on_both(|place| {
        let text = place.run(&["audit", "verify", "--explain"]).expect(0).out;
        assert!(
            text.starts_with("Checked:") && text.contains("Not checked:") && text.contains("entries"),
            "{text}"
        );
        assert!(
            place.json(&["audit", "verify", "--explain"])["sealed"]
                .as_array()
                .unwrap()
                .len()
                >= 4
        );
    });
}

#[test]
fn without_the_key_nothing_can_be_checked() {
    on_both(|place| {
        std::fs::remove_file(place.path("data/signing.key")).unwrap();
        place.run(&["audit", "verify"]).expect(2);
    });
}
