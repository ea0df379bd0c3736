//! How hashes and ids of the log are written in JSON: hashes as base64, the way checkpoints and proofs write them; ids in
//! the one form that is hashed.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tlog::Hash;
use uuid::Uuid;

/// A hash as base64 in JSON.
#[derive(Clone, Copy)]
struct Base64(Hash);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_base64())
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Hash::from_base64(&text)
            .map(Base64)
            .ok_or_else(|| D::Error::custom("a hash is not 32 bytes in base64"))
    }
}

/// For `#[serde(with)]`: one hash.
pub(crate) mod hash {
    use super::{Base64, Deserialize, Deserializer, Hash, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        Base64(*hash).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        Ok(Base64::deserialize(deserializer)?.0)
    }
}

/// For `#[serde(with)]`: the hashes of a proof.
pub(crate) mod hashes {
    use super::{Base64, Deserialize, Deserializer, Hash, Serializer};

    pub(crate) fn serialize<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hashes.iter().copied().map(Base64))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        Ok(Vec::<Base64>::deserialize(deserializer)?
            .into_iter()
            .map(|hash| hash.0)
            .collect())
    }
}

/// For `#[serde(deserialize_with)]`: an id as Probity writes it. There are other forms of the same UUID, and what is shown
/// of an entry has one text.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(deserializer)?;
    let id = text.parse::<Uuid>().map_err(D::Error::custom)?;
    if id.to_string() == text {
        Ok(id)
    } else {
        Err(D::Error::custom("an id is a UUID in lower case with hyphens"))
    }
}

/// As [`id`], for a member that may be absent.
pub(crate) fn id_option<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    #[derive(Deserialize)]
    struct Id(#[serde(deserialize_with = "id")] Uuid);
    Ok(Option::<Id>::deserialize(deserializer)?.map(|id| id.0))
}
