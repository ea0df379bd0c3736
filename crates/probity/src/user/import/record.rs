//! What a line says of a user.

use domain::FieldError;
use domain::identity::user::{CreateUser, User, check_email, check_full_name};
use domain::identity::{Role, password};
use serde_json::{Map, Value};

use super::name;

/// Every column or member; the first two must be there.
pub const COLUMNS: [&str; 6] = [
    "username",
    "role",
    "email",
    "full_name",
    "password_hash",
    "active",
];

/// A user as a file has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// What is to be made.
    pub user: CreateUser,
    /// What the file calls the user, where that is something else.
    pub called: Option<String>,
}

impl Record {
    /// From the members of an object.
    pub fn of(members: &Map<String, Value>) -> Result<Record, FieldError> {
        if let Some(name) = members.keys().find(|name| !COLUMNS.contains(&name.as_str())) {
            let message = format!("is not known here; known: {}", COLUMNS.join(", "));
            return Err(FieldError::new(name.as_str(), message));
        }
        let text = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(value)) => Ok(Some(value.clone()).filter(|value| !value.is_empty())),
            Some(_) => Err(FieldError::new(name, "must be a text")),
        };
        let needed = |name: &str| text(name)?.ok_or_else(|| FieldError::new(name, "is missing"));
        let active = match members.get("active") {
            None | Some(Value::Null) => true,
            Some(Value::Bool(active)) => *active,
            Some(_) => return Err(FieldError::new("active", "must be true or false")),
        };
        let called = needed("username")?;
        let named = name::of(&called)?;
        let role = Role::parse(&needed("role")?);
        let role = role.ok_or_else(|| FieldError::new("role", "is no name of a role"))?;
        let email = text("email")?;
        email.as_deref().map_or(Ok(()), check_email)?;
        let full_name = text("full_name")?;
        full_name.as_deref().map_or(Ok(()), check_full_name)?;
        let password_hash = text("password_hash")?;
        password_hash.as_deref().map_or(Ok(()), password::importable)?;
        Ok(Record {
            called: Some(called).filter(|called| *called != named.username),
            user: CreateUser {
                email: email.or(named.email),
                full_name,
                password_hash,
                active,
                ..CreateUser::new(named.username, role)
            },
        })
    }

    /// A fault of this record: where the user is called otherwise here, it says so.
    pub fn fault(&self, text: impl std::fmt::Display) -> String {
        match &self.called {
            Some(called) => format!("{called:?} is {:?} here: {text}", self.user.username),
            None => text.to_string(),
        }
    }

    /// In which fields a user that is there differs. A hash that the user's login or change of password has replaced
    /// since is no difference: the file cannot know it.
    pub fn differs(&self, user: &User) -> Vec<&'static str> {
        let own = &self.user;
        let replaced = user
            .password_hash
            .as_deref()
            .is_some_and(|hash| user.password_changed_at.is_some() || hash.starts_with(OURS));
        let same_password = own.password_hash == user.password_hash || replaced;
        [
            ("role", own.role == user.role),
            ("email", own.email == user.email),
            ("full_name", own.full_name == user.full_name),
            ("password_hash", same_password),
            ("active", own.active == user.active),
        ]
        .into_iter()
        .filter(|(_, same)| !same)
        .map(|(name, _)| name)
        .collect()
    }
}

/// How the hashes begin that a login makes.
const OURS: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> Result<Record, FieldError> {
        Record::of(value.as_object().unwrap())
    }

    #[test]
    fn members() {
        let record = of(&json!({"username": "ann", "role": "user", "email": "", "active": false})).unwrap();
        assert_eq!((record.user.email, record.user.active), (None, false));
        for (value, field) in [
            (json!({"role": "user"}), "username"),
            (json!({"username": "ann"}), "role"),
            (json!({"username": "Ann B", "role": "user"}), "username"),
            (json!({"username": "Me", "role": "user"}), "username"),
            (json!({"username": "ann", "role": "User"}), "role"),
            (json!({"username": "ann", "role": "user", "email": "x"}), "email"),
            (
                json!({"username": "ann", "role": "user", "full_name": 7}),
                "full_name",
            ),
            (
                json!({"username": "ann", "role": "user", "active": "true"}),
                "active",
            ),
            (
                json!({"username": "ann", "role": "user", "password": "x"}),
                "password",
            ),
            (
                json!({"username": "ann", "role": "user", "password_hash": "secret-plain-text"}),
                "password_hash",
            ),
        ] {
            let Err(error) = of(&value) else { panic!("{value}") };
            assert_eq!(error.field, field, "{value}");
            assert!(!error.message.contains("secret"), "{}", error.message);
        }
    }

    /// The file's own address counts before the one that the name is.
    #[test]
    fn a_name_that_is_an_address() {
        let record = of(&json!({"username": "Ann@Example.com", "role": "user"})).unwrap();
        assert_eq!(
            (
                record.user.username.as_str(),
                record.user.email.as_deref(),
                record.called.as_deref()
            ),
            ("ann", Some("Ann@Example.com"), Some("Ann@Example.com"))
        );
        let text = json!({"username": "Ann@Example.com", "role": "user", "email": "a@example.org"});
        assert_eq!(of(&text).unwrap().user.email.as_deref(), Some("a@example.org"));
        let record = of(&json!({"username": "ann", "role": "user"})).unwrap();
        assert_eq!((record.called, record.user.email), (None, None));
    }
}
