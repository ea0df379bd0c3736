//! What to do with a credential that was just made: commands to copy. The credential itself is not in them: it is
//! printed once.

use crate::config::Http;
use crate::context::Context;

/// Where the server is, as far as the settings tell.
pub fn base(context: &Context) -> String {
    let config = &context.settings.config;
    at(&config.http, &config.listen)
}

/// Where a server that listens there is found: where it is said to be, or on its own machine.
pub fn at(http: &Http, listen: &str) -> String {
    let public = http.public_url.get().map(str::to_owned);
    public.unwrap_or_else(|| url(http.scheme(), listen))
}

/// On its own machine: no one can call "every address".
fn url(scheme: &str, listen: &str) -> String {
    let (host, port) = listen.rsplit_once(':').unwrap_or((listen, "8080"));
    let host = match host {
        "" | "0.0.0.0" | "[::]" => "127.0.0.1",
        host => host,
    };
    format!("{scheme}://{host}:{port}")
}

/// How to use a one-time password.
pub fn change_password(base: &str, username: &str) -> String {
    format!(
        "It must be changed at first login. Log in; the answer holds a token, prs_…:\n\n\
         curl {base}/v1/auth/login \\\n  -H 'Content-Type: application/json' \\\n  \
         -d '{{\"username\": \"{username}\", \"password\": \"…\"}}'\n\n\
         Set a new password with it:\n\n\
         curl {base}/v1/me/password \\\n  \
         -H 'Authorization: Bearer prs_…' -H 'Content-Type: application/json' \\\n  \
         -d '{{\"current_password\": \"…\", \"new_password\": \"…\"}}'"
    )
}

/// How to use an invitation.
pub fn accept_invitation(base: &str) -> String {
    format!(
        "Its user sets a password with it:\n\n\
         curl {base}/v1/auth/invitation \\\n  -H 'Content-Type: application/json' \\\n  \
         -d '{{\"token\": \"pri_…\", \"password\": \"…\"}}'"
    )
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn addresses_that_can_be_called() {
        for (listen, expected) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:80", "http://127.0.0.1:80"),
            ("[::1]:80", "http://[::1]:80"),
            ("log.example.com:80", "http://log.example.com:80"),
        ] {
            assert_eq!(url("http", listen), expected);
        }
    }
}
