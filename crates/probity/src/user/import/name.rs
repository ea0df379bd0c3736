//! What a user of another system is called here.

use domain::FieldError;
use domain::identity::user::{check_email, check_username, is_username_char};

/// The rule, for people.
pub const RULE: &str = "a name with capitals is imported in lower case; an e-mail address becomes the user's address, \
                        unless the file has another, and the name is what it has before the @, in lower case, with - \
                        for every character that a name cannot hold";

/// A name from a file, as it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// User name.
    pub username: String,
    /// The e-mail address that the name was.
    pub email: Option<String>,
}

/// What a user whom a file calls `name` is called here, by [`RULE`].
pub fn of(name: &str) -> Result<Named, FieldError> {
    let named = if name.contains('@') {
        check_email(name).map_err(|error| {
            let message = format!("a name with @ must be an e-mail address: it {}", error.message);
            FieldError::new("username", message)
        })?;
        let local = name.split('@').next().unwrap_or_default().to_ascii_lowercase();
        let held = |c: char| if is_username_char(c) { c } else { '-' };
        Named {
            username: local.chars().map(held).collect(),
            email: Some(name.to_owned()),
        }
    } else {
        Named {
            username: name.to_ascii_lowercase(),
            email: None,
        }
    };
    check_username(&named.username)?;
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_systems_as_a_table() {
        let longest = "A".repeat(64);
        let address = format!("{longest}@example.com");
        for (name, username, is_address) in [
            ("ann", "ann", false),
            ("0._-", "0._-", false),
            ("Ann", "ann", false),
            ("ANN.Smith-2_b", "ann.smith-2_b", false),
            ("ann@example.com", "ann", true),
            ("Ann.Smith@Example.COM", "ann.smith", true),
            ("ann+news@example.com", "ann-news", true),
            ("o'brien@example.com", "o-brien", true),
            ("jörg@example.com", "j-rg", true),
            (&longest, &"a".repeat(64), false),
            (&address, &"a".repeat(64), true),
        ] {
            let email = is_address.then(|| name.to_owned());
            let username = username.to_owned();
            assert_eq!(of(name), Ok(Named { username, email }));
        }
        let id = "0197A3C4-5E6F-7A8B-9C0D-1E2F3A4B5C6D";
        let too_long = "a".repeat(65);
        let as_address = format!("{id}@example.com");
        for name in [
            "",
            " ann",
            "Ann Smith",
            "ünal",
            "Ünal",
            "ann+news",
            "a\0",
            "@",
            "ann@",
            "@example.com",
            "ann@a@b",
            "a nn@example.com",
            "me",
            "ME",
            "Me@example.com",
            "..",
            "..@example.com",
            id,
            &as_address,
            &too_long,
        ] {
            let error = of(name).unwrap_err();
            assert_eq!(error.field, "username", "{name}");
        }
    }
}
