//! What an endpoint is, beside what handles it: its method, and who may call it.

use domain::identity::{Permission, Principal};

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone, without a credential.
    Open,
    /// Everyone: the credentials are in the body.
    Credentials,
    /// Whoever has an API key or a session.
    Caller,
    /// Whoever has a session.
    Session,
    /// Whoever has a session whose password need not be changed first.
    SecondFactor,
    /// Who holds this permission; checked before the handler runs.
    Read(Permission),
    /// Who holds one of these permissions; checked before the handler runs.
    ReadEither(Permission, Permission),
    /// Who holds this permission; checked where the command is decided, so that a refusal is recorded.
    Command(Permission),
    /// Who holds the first permission for what is their own, or the second for all; checked before the handler runs.
    ReadOwnOr(Permission, Permission),
    /// Who holds the first permission for what is their own, or the second for all; checked where the command is
    /// decided.
    OwnOr(Permission, Permission),
    /// Whoever has a session for what is their own, or holds the permission for all; checked where the command is
    /// decided.
    OwnSessionOr(Permission),
    /// Whoever has a session and holds one of these permissions: the first for what is about custody, the second for
    /// all else. That it is one of them is checked before the handler runs, which one it takes where the command is
    /// decided.
    Vote(Permission, Permission),
    /// Who holds this permission, or everyone where the settings say so.
    ReadUnlessPublic(Permission),
}

impl Access {
    /// Whether a caller may be shown the way there. What depends on what it is about is checked where it is decided.
    pub(crate) fn offered(self, to: &Principal) -> bool {
        match self {
            Access::Read(one) | Access::Command(one) | Access::ReadUnlessPublic(one) => to.holds(one),
            Access::ReadEither(one, other)
            | Access::ReadOwnOr(one, other)
            | Access::OwnOr(one, other)
            | Access::Vote(one, other) => to.holds(one) || to.holds(other),
            Access::Open
            | Access::Credentials
            | Access::Caller
            | Access::Session
            | Access::SecondFactor
            | Access::OwnSessionOr(_) => true,
        }
    }
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads, and changes nothing.
    Get,
    /// Makes something, or does what the path's last part says.
    Post,
    /// Changes in part.
    Patch,
    /// Ends or removes.
    Delete,
}

impl Verb {
    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }
}
