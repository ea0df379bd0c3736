use std::fs;

use crate::harness::{Place, Ran, run, sqlite};

/// A place whose settings have a role of their own. No database is needed.
fn place() -> Place {
    let place = sqlite();
    fs::create_dir_all(place.path("config")).unwrap();
    let roles = "[roles.trader]\ndescription = \"Trades\"\npermissions = [\"audit:write\", \"api_keys:own\"]\n\
                 second_factor = true\n";
    fs::write(place.path("config/development.toml"), roles).unwrap();
    place
}

#[test]
fn roles_are_listed_with_what_they_may_do() {
    let place = place();
    let roles = place.json(&["role", "list"]);
    let roles = roles["roles"].as_array().unwrap();
    assert_eq!(roles.len(), 10);
    let trader = roles.iter().find(|role| role["name"] == "trader").unwrap();
    assert_eq!(
        *trader,
        serde_json::json!({
            "name": "trader",
            "description": "Trades",
            "permissions": ["audit:write", "api_keys:own"],
            "second_factor": true,
            "built_in": false,
        })
    );
    let text = place.narrow(&["role", "list"]);
    assert!(
        text.contains("Trades (own, needs a second factor)") && text.contains("Everything (built in)"),
        "{text}"
    );
    assert!(!place.path("data").exists());
}

#[test]
fn the_matrix_says_who_may_do_what() {
    let place = place();
    let text = place.narrow(&["role", "matrix"]);
    let of = |role: &str, permission: &str| {
        let mut lines = text
            .lines()
            .skip_while(|line| !line.contains(&format!(" {role}")));
        let names: Vec<_> = lines.next().unwrap().split_whitespace().collect();
        let position = names.iter().position(|name| *name == role).unwrap();
        let row = lines.find(|line| line.starts_with(permission)).unwrap();
        row.split_whitespace().nth(position + 1).unwrap() == "✓"
    };
    for (role, permission, may) in [
        ("admin", "users:write", true),
        ("compliance", "users:erase", true),
        ("viewer", "audit:read", true),
        ("viewer", "audit:write", false),
        ("trader", "audit:write", true),
        ("trader", "audit:read", false),
    ] {
        assert_eq!(of(role, permission), may, "{role} {permission}");
    }
    let matrix = place.json(&["role", "matrix"]);
    let permission = &matrix["permissions"][1];
    assert_eq!(permission["name"], "audit:write");
    assert!(
        permission["roles"].as_array().unwrap().contains(&"trader".into()),
        "{permission}"
    );
    assert_eq!(permission["scopes"], serde_json::json!(["write", "admin"]));
}

#[test]
fn permissions_and_actions_are_explained() {
    let place = place();
    for (word, expected) in [
        (
            "audit:write",
            &["trader", "write, admin", "audit.append", "permission_missing"][..],
        ),
        ("audit:read", &["viewer", "reading"]),
        (
            "user.set_role",
            &["users:write", "exceeds_own", "probity user role"],
        ),
        ("api_key.create", &["api_keys:own", "api_keys:write"]),
        ("authn_login_fail", &["authn_login_success", "credentials"]),
        ("second_factor.enrol", &["session_needed"]),
        ("security_event", &["to every caller"]),
        (
            "approval.vote",
            &["custody:approve", "governance:approve", "a session"],
        ),
    ] {
        let text = place.narrow(&["role", "explain", word]);
        // Long lines are broken.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for expected in expected {
            assert!(text.contains(expected), "{word}: {expected}: {text}");
        }
        place.json(&["role", "explain", word]);
    }
    let error = place.refused(1, &["role", "explain", "users:raed"]);
    assert_eq!(error["code"], "unknown_permission");
}

#[test]
fn a_role_of_ones_own_is_given_and_one_that_is_gone_holds_nothing() {
    let place = place();
    place.run(&["init"]).expect(0);
    place
        .run(&["user", "create", "tom", "--role", "trader"])
        .expect(0);
    fs::remove_file(place.path("config/development.toml")).unwrap();
    let text = place.narrow(&["user", "show", "tom"]);
    assert!(text.contains("not defined any more"), "{text}");
    let error = place.refused(1, &["user", "create", "tim", "--role", "trader"]);
    assert_eq!(
        (&error["code"], &error["field"]),
        (&"invalid_field".into(), &"role".into())
    );
    assert!(
        error["hint"].as_str().unwrap().contains("probity role list"),
        "{error}"
    );
    let Ran { err, .. } = run(place.command(&["user", "list", "--role", "trader"]), "").expect(0);
    assert!(err.contains("no role trader"), "{err}");
}
