use crate::harness::on_both;

#[test]
fn an_agent_is_made_changed_and_stopped() {
    on_both(|place| {
        let say = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            place.run(&words).expect(0).out
        };
        let said = say("agent create triage --release 2.1.0");
        assert!(said.contains("on behalf of admin"), "{said}");
        assert!(say("agent create other --dry-run").contains("could be made"));
        assert!(!say("agent list").contains("other"));
        assert!(say("agent update triage --release 2.2.0").contains("is changed"));
        assert!(say("agent update triage --release 2.2.0").contains("so already"));
        assert!(say("agent show triage").contains("2.2.0"));
        let key = say("key create --agent triage --name triage --scopes workflows,read");
        assert!(key.starts_with("prb_"), "{key}");
        assert!(say("agent disable triage --dry-run").contains("could be disabled"));
        assert!(say("agent list --status active").contains("triage"));
        assert!(say("agent disable triage").contains("is disabled"));
        assert!(say("agent disable triage").contains("already"));
        assert!(say("agent list").contains("disabled"));
        assert!(say("agent enable triage").contains("is enabled"));
        say("audit verify");
    });
}

#[test]
fn what_cannot_be_is_refused() {
    on_both(|place| {
        place.run(&["agent", "create", "triage"]).expect(0);
        for (line, code) in [
            ("agent create triage", "agent_exists"),
            ("agent create Triage", "invalid_field"),
            ("agent create other --user nobody", "unknown_user"),
            ("agent show nobody", "unknown_agent"),
            ("agent disable nobody", "unknown_agent"),
            ("agent update nobody --release 2", "unknown_agent"),
            (
                "key create --agent nobody --name x --scopes read",
                "unknown_agent",
            ),
            (
                "key create --agent triage --name x --scopes admin",
                "invalid_field",
            ),
            ("approval list --agent nobody", "unknown_agent"),
        ] {
            let words: Vec<_> = ["--output", "json"].into_iter().chain(line.split(' ')).collect();
            assert_eq!(place.run(&words).expect(1).error()["code"], code, "{line}");
        }
        place.run(&["agent", "update", "triage"]).expect(2);
        place
            .run(&[
                "key", "create", "--agent", "triage", "--user", "admin", "--name", "x", "--scopes", "read",
            ])
            .expect(2);
    });
}
