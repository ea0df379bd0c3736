//! The row of an invitation.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::record;

record! {
    /// An invitation, without its secret.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Invitation in "invitations" {
        /// Id.
        pub id: id,
        /// Who is invited.
        pub user_id: Uuid,
        /// SHA-256 of the token.
        pub hash: Vec<u8> [secret],
        /// When it was made.
        pub created_at: Timestamp,
        /// From when it can no longer be accepted.
        pub expires_at: Timestamp,
        /// When it was accepted or withdrawn.
        pub closed_at: Option<Timestamp>,
    }
}
