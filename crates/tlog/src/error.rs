//! Every way in which building, parsing or checking can fail.

use crate::node::Node;

/// Why something was refused. One variant a cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A leaf index at or past the end of the tree.
    #[error("leaf index {index} is not in a tree of size {size}")]
    IndexOutOfRange {
        /// The leaf index asked for.
        index: u64,
        /// The number of leaves in the tree.
        size: u64,
    },
    /// A consistency proof from a larger tree to a smaller one.
    #[error("a tree cannot shrink from size {from} to {to}")]
    SizeShrinks {
        /// The size of the older tree.
        from: u64,
        /// The size of the newer tree.
        to: u64,
    },
    /// A tree with more leaves than an appendable tree may have (`2^63 - 1`).
    #[error("a tree of {0} leaves is too large to append to")]
    SizeTooLarge(u64),
    /// The number of hashes does not fit the size of the tree.
    #[error("the right edge of this tree has {expected} hashes, {found} given")]
    EdgeLength {
        /// Hashes that a tree of this size has on its edge.
        expected: usize,
        /// Hashes that were given.
        found: usize,
    },
    /// Bytes that should be concatenated 32-byte hashes are not a multiple of 32.
    #[error("{0} bytes are not a sequence of 32-byte hashes")]
    HashBytes(usize),
    /// A node that a plan needs could not be fetched.
    #[error("the hash of node {}/{} is missing", .0.height, .0.index)]
    MissingNode(Node),
    /// A proof has more or fewer hashes than the tree sizes require.
    #[error("the proof has the wrong number of hashes")]
    ProofLength,
    /// The proof leads to a root other than the one given.
    #[error("the proof does not lead to the root hash")]
    RootMismatch,
    /// The proof does not lead to the root of the older tree.
    #[error("the proof does not lead to the older root hash")]
    OldRootMismatch,
    /// A path that does not name a tile or an entry bundle.
    #[error("not a tile path")]
    TilePath,
    /// A tile level above 63.
    #[error("tile level {0} is above 63")]
    TileLevel(u64),
    /// A tile index that does not fit in 64 bits, or is not written in canonical form.
    #[error("malformed tile index")]
    TileIndex,
    /// The width of a partial tile is not within 1 and 255, or is not written in canonical form.
    #[error("malformed tile width")]
    TileWidth,
    /// An entry does not fit the 16-bit length prefix of an entry bundle.
    #[error("an entry of {0} bytes is too long for an entry bundle")]
    EntryTooLong(usize),
    /// A bundle holds no entries, or more than 256, or another number than its path says.
    #[error("an entry bundle cannot have {0} entries here")]
    BundleWidth(usize),
    /// A bundle ends in the middle of an entry.
    #[error("the entry bundle is cut short")]
    BundleTruncated,
    /// Bytes follow the last entry of a bundle.
    #[error("{0} bytes follow the last entry of the bundle")]
    BundleTrailing(usize),
    /// Bytes that are not UTF-8.
    #[error("not valid UTF-8")]
    Utf8,
    /// An ASCII control character other than newline.
    #[error("control character 0x{0:02x} in a note")]
    ControlCharacter(u8),
    /// The text does not end with a newline.
    #[error("the text does not end with a newline")]
    NoFinalNewline,
    /// No blank line stands between the text and the signatures.
    #[error("the note has no signatures")]
    NoSignatures,
    /// More signatures than [`crate::note::MAX_SIGNATURES`].
    #[error("the note has too many signatures")]
    TooManySignatures,
    /// A signature line is not of the form "— name base64".
    #[error("malformed signature line")]
    SignatureLine,
    /// A key name is empty or contains a space, a plus or a control character.
    #[error("invalid key name")]
    KeyName,
    /// Text that is not a verifier key ("name+hash+base64").
    #[error("malformed verifier key")]
    VerifierKeyFormat,
    /// Text that is not a signing key ("PRIVATE+KEY+name+hash+base64").
    #[error("malformed signing key")]
    SigningKeyFormat,
    /// A key of a signature type that is not supported.
    #[error("unsupported signature type 0x{0:02x}")]
    UnsupportedKeyType(u8),
    /// The key ID written in a key is not that of the key.
    #[error("the key ID does not belong to the key")]
    KeyIdMismatch,
    /// A public key that is not a point of the curve, or is of small order.
    #[error("invalid Ed25519 public key")]
    PublicKey,
    /// A signature from a known key does not verify.
    #[error("invalid signature of {0}")]
    BadSignature(String),
    /// The note carries no signature from any known key.
    #[error("no signature from a known key")]
    NoKnownSignature,
    /// Two different known keys share a name and a key ID.
    #[error("two known keys share the name {0} and the key ID")]
    AmbiguousKey(String),
    /// The key is of a kind that this operation does not take.
    #[error("a key of the wrong kind for this operation")]
    KeyKind,
    /// A cosignature timestamp above `2^63 - 1`.
    #[error("cosignature timestamp {0} is out of range")]
    Timestamp(u64),
    /// A checkpoint has fewer than three lines.
    #[error("a checkpoint has at least three lines")]
    CheckpointLines,
    /// A checkpoint has an empty line.
    #[error("empty line in a checkpoint")]
    CheckpointEmptyLine,
    /// The size of a tree is not a canonical decimal number of at most 64 bits.
    #[error("malformed tree size")]
    TreeSize,
    /// A root hash is not the canonical base64 of 32 bytes.
    #[error("malformed root hash")]
    RootHash,
    /// A checkpoint whose text would not parse back into it (a newline in the origin, say).
    #[error("the checkpoint cannot be written")]
    CheckpointFields,
    /// The origin of a checkpoint is not the name of the key.
    #[error("the checkpoint is from {origin}, the key is of {key}")]
    OriginMismatch {
        /// The origin line of the checkpoint.
        origin: String,
        /// The name of the key.
        key: String,
    },
    /// The first line is not `c2sp.org/tlog-proof@v1`.
    #[error("not a tlog-proof of version 1")]
    ProofHeader,
    /// The `extra` line of a tlog-proof is not canonical base64.
    #[error("malformed extra line in a tlog-proof")]
    ProofExtra,
    /// The `index` line of a tlog-proof is missing or is not a canonical decimal number.
    #[error("malformed index line in a tlog-proof")]
    ProofIndex,
    /// A line of the inclusion path is not the canonical base64 of 32 bytes.
    #[error("malformed hash in a tlog-proof")]
    ProofHash,
    /// A tlog-proof ends before its checkpoint.
    #[error("the tlog-proof has no checkpoint")]
    ProofCheckpoint,
}
