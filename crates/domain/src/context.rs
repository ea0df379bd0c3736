//! What comes in as values: the caller, where the request came from, the time, and randomness.

use evidence::Salt;
use evidence::time::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Who calls, as authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// The API key of this id.
    ApiKey(Uuid),
    /// The API key of an agent: which agent a key is for never changes.
    AgentKey {
        /// Id of the key.
        key: Uuid,
        /// Id of the agent.
        agent: Uuid,
    },
    /// The login session of this id.
    Session(Uuid),
    /// Someone with access to the server's machine and data folder, by the operating system's user name.
    Operator {
        /// User name in the operating system.
        name: String,
    },
    /// Probity itself: set-up and timers, by the part's name.
    System {
        /// Which part, such as `init`.
        part: &'static str,
    },
}

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Network address.
    pub ip: Option<String>,
    /// The caller's program.
    pub user_agent: Option<String>,
    /// W3C trace id, 32 hex digits.
    pub trace_id: Option<String>,
}

/// Time and randomness for one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The time of the batch.
    pub now: Timestamp,
    /// 256 random bits, new for each command; ids and salts derive from them.
    pub seed: [u8; 32],
    /// Where the request came from.
    pub origin: Origin,
}

impl Context {
    fn derive(&self, purpose: &[u8], number: u32) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.seed)
            .chain_update(purpose)
            .chain_update(number.to_be_bytes())
            .finalize()
            .into()
    }

    /// The context of a command's `number`th part, where each part is an entry of its own; part 0 is the command itself.
    #[must_use]
    pub fn part(&self, number: u32) -> Context {
        if number == 0 {
            return self.clone();
        }
        Context {
            seed: self.derive(b"part", number),
            ..self.clone()
        }
    }

    /// The command's `number`th salt.
    pub fn salt(&self, number: u32) -> Salt {
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.derive(b"salt", number)[..16]);
        Salt(salt)
    }

    /// The command's `number`th id, a UUIDv7 (RFC 9562) of the batch's time. The twelve bits after the milliseconds
    /// are their fraction (section 6.2, method 3), so that ids of one millisecond are in the order of their batches.
    pub fn id(&self, number: u32) -> Uuid {
        let mut random = [0; 10];
        random.copy_from_slice(&self.derive(b"id", number)[..10]);
        let micros = self.now.micros().rem_euclid(1_000);
        let fraction = u16::try_from(micros * 4_096 / 1_000).unwrap_or(0);
        random[..2].copy_from_slice(&fraction.to_be_bytes());
        uuid_v7(self.now, random)
    }
}

/// A UUIDv7 (RFC 9562 section 5.7) from a time and 80 bits, of which the version and variant take six.
pub fn uuid_v7(at: Timestamp, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(at.micros().div_euclid(1_000)).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_are_in_order() {
        let id = |micros: i64, seed: u8| {
            let now = Timestamp::from_micros(1_800_000_000_000_000 + micros).unwrap();
            let origin = Origin::default();
            let seed = [seed; 32];
            Context { now, seed, origin }.id(0)
        };
        for micros in 0..2_000 {
            let (earlier, later) = (id(micros, 255), id(micros + 1, 0));
            assert!(earlier < later, "{micros}: {earlier} {later}");
            assert_eq!(later.get_version_num(), 7);
        }
    }
}
