//! The row of a second factor.

use crate::words::shows;
use evidence::json;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::record;
use crate::record::{Field, Kind, Val};

/// SHA-256 hashes, stored as one text: in hex, separated by spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashes(pub Vec<[u8; 32]>);

impl Field for Hashes {
    const KIND: Kind = Kind::Text;

    fn to_val(&self) -> Val {
        let hashes: Vec<_> = self.0.iter().map(|hash| json::hex(hash)).collect();
        hashes.join(" ").into()
    }

    fn of_val(value: Val) -> Result<Hashes, String> {
        let text = String::of_val(value)?;
        let hashes: Option<_> = text.split_terminator(' ').map(json::from_hex).collect();
        hashes
            .map(Hashes)
            .ok_or_else(|| "expected SHA-256 hashes in hex, separated by spaces".to_owned())
    }
}

record! {
    /// A user's second factor.
    #[derive(Clone, PartialEq, Eq)]
    pub struct SecondFactor in "second_factors" {
        /// Whose it is: the user's id is the row's.
        pub user_id: id,
        /// The TOTP secret, encrypted; none once removed.
        pub secret: Option<Vec<u8>> [secret],
        /// When a first code was right: from then on it counts.
        pub confirmed_at: Option<Timestamp>,
        /// The last 30-second step whose code was used.
        pub last_step: Option<i64>,
        /// SHA-256 of the recovery codes that are left.
        pub recovery: Hashes [secret],
    }
}

shows! { SecondFactor: user_id, confirmed_at }

impl SecondFactor {
    /// Whether it counts at login.
    pub fn is_confirmed(&self) -> bool {
        self.secret.is_some() && self.confirmed_at.is_some()
    }

    /// The row of a user without a second factor.
    pub fn none(user_id: Uuid) -> SecondFactor {
        SecondFactor {
            user_id,
            secret: None,
            confirmed_at: None,
            last_step: None,
            recovery: Hashes::default(),
        }
    }
}

/// A second factor that was checked.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// A TOTP code.
    Totp {
        /// The encrypted secret that it was checked against.
        secret: Vec<u8>,
        /// The step that matched.
        step: i64,
    },
    /// SHA-256 of a recovery code, which is looked for here.
    Recovery([u8; 32]),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Proof::Totp { .. } => "Totp",
            Proof::Recovery(_) => "Recovery",
        })
    }
}
