use crate::harness::on_both;

const PASSWORD: &str = "lantern orbit gravel";

#[test]
fn sessions_are_listed_and_ended() {
    on_both(|place| {
        for name in ["ann", "bob"] {
            let create = ["user", "create", name, "--role", "user", "--password-stdin"];
            place.run_with(&create, PASSWORD).expect(0);
        }
        let token = place.log_in("ann", PASSWORD).unwrap();
        place.log_in("ann", PASSWORD).unwrap();
        place.log_in("bob", PASSWORD).unwrap();
        let all = place.json(&["session", "list"]);
        let names: Vec<_> = all["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|session| session["username"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["ann", "ann", "bob"]);
        assert_eq!(all["sessions"][0]["ip"], "192.0.2.7");
        assert!(!all.to_string().contains(&token));
        let list = place.narrow(&["session", "list", "--user", "bob"]);
        assert!(list.contains("192.0.2.7") && list.lines().count() == 2, "{list}");
        let shown = place.narrow(&["user", "show", "ann"]);
        assert!(
            shown.contains("Sessions:") && shown.contains("Last login     2"),
            "{shown}"
        );
        let users = place.json(&["user", "list", "--text", "bob"]);
        assert!(users["users"][0]["last_login_at"].is_string(), "{users}");

        let id = all["sessions"][0]["id"].as_str().unwrap();
        assert_eq!(place.json(&["session", "end", id])["ended"], 1);
        let again = place.narrow(&["session", "end", id]);
        assert!(again.contains("had ended already"), "{again}");
        assert_eq!(place.json(&["session", "end", "--user", "ann"])["ended"], 1);
        assert_eq!(place.json(&["session", "end", "--user", "ann"])["ended"], 0);
        assert_eq!(
            place.json(&["session", "list"])["sessions"]
                .as_array()
                .unwrap()
                .len(),
            1
        );

        let unknown = place.refused(1, &["session", "end", "0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"]);
        assert_eq!(unknown["code"], "unknown_session");
        assert!(
            unknown["hint"].as_str().unwrap().contains("probity session list"),
            "{unknown}"
        );
        place.run(&["session", "end"]).expect(2);
        place.run(&["session", "end", id, "--user", "ann"]).expect(2);
        place.run(&["audit", "verify"]).expect(0);
    });
}
