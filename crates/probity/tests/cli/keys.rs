use crate::harness::on_both;

#[test]
fn a_key_is_shown_once_listed_and_revoked() {
    on_both(|place| {
        let made = place.json(&[
            "key",
            "create",
            "--name",
            "ci",
            "--scopes",
            "read,write",
            "--expires",
            "90d",
        ]);
        let secret = made["key"].as_str().unwrap();
        assert!(secret.starts_with("prb_") && secret.len() == 40, "{made}");
        let key = &made["api_key"];
        assert!(
            key["expires_at"].is_string() && key["scopes"] == serde_json::json!(["read", "write"]),
            "{made}"
        );

        let listed = place.run(&["--output", "json", "key", "list"]).expect(0);
        assert!(!listed.out.contains(secret));
        assert_eq!(listed.json()["api_keys"][0]["id"], key["id"]);
        assert!(place.run(&["key", "list"]).expect(0).out.contains("until "));

        let id = key["id"].as_str().unwrap();
        assert!(place.json(&["key", "revoke", id])["revoked_at"].is_string());
        assert!(
            place
                .run(&["key", "revoke", id])
                .expect(0)
                .out
                .contains("already")
        );
        assert!(place.run(&["key", "list"]).expect(0).out.contains("revoked"));

        assert!(
            place
                .run(&["key", "create", "--name", "x", "--scopes", "read"])
                .expect(0)
                .out
                .starts_with("prb_")
        );
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn what_cannot_be_is_refused_and_recorded() {
    on_both(|place| {
        let create = |args: &[&str]| {
            let mut words = vec!["--output", "json", "key", "create", "--scopes", "read"];
            words.extend(args);
            place.run(&words).expect(1).error()
        };
        for (args, code, field) in [
            (&["--name", "x", "--user", "nobody"][..], "unknown_user", "user"),
            (&["--name", ""], "invalid_field", "name"),
            (
                &["--name", "x", "--expires", "2020-01-01"],
                "invalid_field",
                "expires_at",
            ),
        ] {
            let error = create(args);
            assert_eq!(
                (&error["code"], &error["field"]),
                (&code.into(), &field.into()),
                "{error}"
            );
            let entry = place.json(&["audit", "show", &error["entry"].to_string()]);
            assert_eq!(
                (&entry["action"], &entry["outcome"]),
                (&"api_key.create".into(), &"failed".into())
            );
        }
        place
            .run(&["key", "revoke", "0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"])
            .expect(1);
        place
            .run(&["key", "create", "--name", "x", "--scopes", "root"])
            .expect(2);
    });
}

#[test]
fn a_key_shows_what_it_may_do_and_is_rotated() {
    on_both(|place| {
        place
            .run(&["user", "create", "ann", "--role", "auditor"])
            .expect(0);
        let made = place.json(&[
            "key",
            "create",
            "--name",
            "ci",
            "--scopes",
            "read,write",
            "--user",
            "ann",
            "--requests-per-minute",
            "60",
        ]);
        let id = made["api_key"]["id"].as_str().unwrap();
        let shown = place.json(&["key", "show", id]);
        // An auditor may not write, whatever the key's scopes are.
        assert_eq!(
            shown["permissions"],
            serde_json::json!([
                "custody:read",
                "kyc:read",
                "approvals:read",
                "audit:read",
                "operate:read",
                "users:read",
                "sessions:read",
                "api_keys:read",
                "agents:read",
                "workflows:read"
            ])
        );
        assert_eq!(
            (
                &shown["owner"],
                &shown["user_role"],
                &shown["requests_per_minute_in_force"]
            ),
            (&"ann".into(), &"auditor".into(), &60.into()),
            "{shown}"
        );
        assert_eq!(
            (&shown["entries"], &shown["last_used_at"]),
            (&0.into(), &serde_json::Value::Null)
        );
        assert_eq!(
            shown["user_requests_per_minute_in_force"],
            serde_json::Value::Null
        );
        let mut command = place.command(&["key", "show", id]);
        command.env("PROBITY_LIMITS_USER_QUOTA_INCLUDES_KEYS", "true");
        let shared = crate::harness::run(command, "").expect(0).out;
        let shared = shared.split_whitespace().collect::<Vec<_>>().join(" ");
        let limit = "Shares 1,200 requests a minute together with its owner's sessions and other keys";
        assert!(shared.contains(limit), "{shared}");

        let rotated = place.json(&["key", "rotate", id, "--overlap", "2h"]);
        assert_ne!(rotated["key"], made["key"]);
        assert_eq!(
            (&rotated["rotated"], &rotated["api_key"]["scopes"]),
            (&made["api_key"]["id"], &made["api_key"]["scopes"])
        );
        assert!(rotated["rotated_expires_at"].is_string(), "{rotated}");
        let old = place.json(&["key", "show", id]);
        assert_eq!(
            (&old["successor"], &old["expires_at"]),
            (&rotated["api_key"]["id"], &rotated["rotated_expires_at"])
        );
        let list = place.narrow(&["key", "list", "--user", "ann"]);
        assert!(list.contains("rotated, ") && list.contains("active"), "{list}");
        assert_eq!(
            place.json(&["key", "list", "--user", "admin"])["api_keys"],
            serde_json::json!([])
        );
        let text = place.narrow(&["key", "show", id]);
        assert!(
            text.contains("ann (auditor)") && text.contains(&format!("audit list --recorded-by {id}")),
            "{text}"
        );
        let again = place.refused(1, &["key", "rotate", id]);
        assert_eq!(again["code"], "api_key_rotated");
        assert!(
            again["hint"].as_str().unwrap().contains("probity key show"),
            "{again}"
        );

        for (overlap, expected) in [
            (&[][..], "works until "),
            (&["--overlap", "0s"], "no longer works"),
        ] {
            let keys = place.json(&["key", "list", "--user", "ann"]);
            let newest = keys["api_keys"].as_array().unwrap().last().unwrap()["id"].clone();
            let mut words = vec!["key", "rotate", newest.as_str().unwrap()];
            words.extend(overlap);
            let text = place.narrow(&words);
            assert!(text.starts_with("prb_") && text.contains(expected), "{text}");
        }
        place.run(&["audit", "verify"]).expect(0);
    });
}
