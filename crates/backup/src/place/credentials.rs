//! Where the credentials of a storage are: in the environment, in the file that Amazon's programs read, or with the machine.

use std::path::PathBuf;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};

use crate::error::{Error, Tried};

/// Where a container or a pod is told of its own.
const OF_THE_MACHINE: [(&str, AmazonS3ConfigKey); 6] = [
    (
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
    ),
    (
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        AmazonS3ConfigKey::ContainerCredentialsFullUri,
    ),
    (
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        AmazonS3ConfigKey::ContainerAuthorizationTokenFile,
    ),
    (
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        AmazonS3ConfigKey::WebIdentityTokenFile,
    ),
    ("AWS_ROLE_ARN", AmazonS3ConfigKey::RoleArn),
    ("AWS_ROLE_SESSION_NAME", AmazonS3ConfigKey::RoleSessionName),
];

/// Set, and not to nothing.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A key and its secret, with the token of a session where they are one's. Without a key those of the machine are taken.
#[derive(Default, PartialEq, Eq)]
pub struct Credentials {
    /// The key's id.
    pub key: Option<String>,
    /// Its secret.
    pub secret: Option<String>,
    /// The session's token.
    pub token: Option<String>,
}

impl Credentials {
    /// Those of the environment, else those of the file that Amazon's programs read, else none.
    pub fn find() -> Result<Credentials, Error> {
        match variable("AWS_ACCESS_KEY_ID") {
            None => of_file(),
            key => Ok(Credentials {
                key,
                secret: variable("AWS_SECRET_ACCESS_KEY"),
                token: variable("AWS_SESSION_TOKEN"),
            }),
        }
    }

    /// Gives them to the builder. What cannot stand in a header of HTTP would end the program later.
    pub(super) fn add(self, builder: AmazonS3Builder) -> Result<AmazonS3Builder, Error> {
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", &self.key),
            ("AWS_SECRET_ACCESS_KEY", &self.secret),
            ("AWS_SESSION_TOKEN", &self.token),
        ] {
            let is_odd = |value: &str| !value.chars().all(|c| c.is_ascii_graphic());
            if value.as_deref().is_some_and(is_odd) {
                let what =
                    format!("{name} has a space, a line break or another character that no such key has");
                return Err(engine::Error::problem(
                    what,
                    "look at its end: a file may have given it a line break",
                )
                .into());
            }
        }
        let given = [
            (AmazonS3ConfigKey::AccessKeyId, self.key),
            (AmazonS3ConfigKey::SecretAccessKey, self.secret),
            (AmazonS3ConfigKey::Token, self.token),
        ];
        let of_machine = OF_THE_MACHINE.map(|(name, key)| (key, variable(name)));
        let all = given.into_iter().chain(of_machine);
        Ok(all.fold(builder, |builder, (key, value)| match value {
            Some(value) => builder.with_config(key, value),
            None => builder,
        }))
    }
}

fn of_file() -> Result<Credentials, Error> {
    let home = || Some(PathBuf::from(variable("HOME")?).join(".aws/credentials"));
    let named = variable("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from);
    let Some(path) = named.clone().or_else(home) else {
        return Ok(Credentials::default());
    };
    let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(read(&text, &profile)),
        // One that nobody named need not be there.
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            Ok(Credentials::default())
        }
        Err(error) => Err(error).tried("read", path.display()),
    }
}

/// What a profile says (AWS CLI user guide, "Configuration and credential file settings").
fn read(text: &str, profile: &str) -> Credentials {
    let mut found = Credentials::default();
    let mut ours = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            ours = name.trim() == profile;
        } else if let Some((name, value)) = line.split_once('=').filter(|_| ours) {
            let value = Some(value.trim().to_owned());
            match name.trim() {
                "aws_access_key_id" => found.key = value,
                "aws_secret_access_key" => found.secret = value,
                "aws_session_token" => found.token = value,
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Credentials, read};

    #[test]
    fn a_profile_is_read_from_the_file() {
        let text = "[default]\naws_access_key_id = A\naws_secret_access_key=B=\n# c\n[ other ]\nregion = x\n\
                    aws_access_key_id=C\naws_secret_access_key=D\naws_session_token=E\n";
        let found = |key: &str, secret: &str, token: Option<&str>| Credentials {
            key: Some(key.to_owned()),
            secret: Some(secret.to_owned()),
            token: token.map(str::to_owned),
        };
        assert!(read(text, "default") == found("A", "B=", None));
        assert!(read(text, "other") == found("C", "D", Some("E")));
        assert!(read(text, "none") == Credentials::default());
    }
}
