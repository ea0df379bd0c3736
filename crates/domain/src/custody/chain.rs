//! Chains: how the hash of a transaction is written on each, and what makes two spellings one.
//!
//! A hash has one canonical form on a chain that is known here; what is written otherwise is brought into that form or
//! refused. Two outputs are the same when their [`OutputKey`]s are: that looks through every spelling, also of what was
//! stored before there was a rule (`docs/decisions/0022-outputs-are-claimed.md`).

use uuid::Uuid;

use crate::own_id::derived_id;
use crate::refusal::FieldError;

/// Longest name of a chain, in characters.
pub const CHAIN_LEN_MAX: usize = 32;

/// Longest transaction hash, in characters.
pub const TX_HASH_LEN_MAX: usize = 128;

/// From so many hexadecimal digits on, a text on a chain that is not known is taken for a hash in hexadecimal.
const HEX_LEN_MIN: usize = 32;

/// How a chain writes the hash of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// 64 hexadecimal digits in lower case.
    Hex,
    /// `0x` and 64 hexadecimal digits in lower case.
    Prefixed,
    /// Nothing is known of it.
    Any,
}

/// Chains whose hashes are 64 hexadecimal digits: the name, and other names of the same chain.
const HEX: &[(&str, &[&str])] = &[
    ("bitcoin", &["btc", "xbt"]),
    (
        "testnet3",
        &[
            "testnet",
            "bitcoin-testnet",
            "bitcoin-testnet3",
            "btc-testnet",
            "btc-testnet3",
        ],
    ),
    ("testnet4", &["bitcoin-testnet4", "btc-testnet4"]),
    ("signet", &["bitcoin-signet", "btc-signet"]),
    ("regtest", &["bitcoin-regtest", "btc-regtest"]),
    ("liquid", &["lbtc"]),
    ("litecoin", &["ltc"]),
    ("dogecoin", &["doge"]),
    ("bitcoin-cash", &["bch", "bitcoincash"]),
    ("bitcoin-sv", &["bsv"]),
    ("dash", &[]),
    ("zcash", &["zec"]),
    ("digibyte", &["dgb"]),
    ("groestlcoin", &["grs"]),
    ("namecoin", &["nmc"]),
    ("decred", &["dcr"]),
    ("monero", &["xmr"]),
    ("cardano", &["ada"]),
    ("tron", &["trx"]),
    ("stellar", &["xlm", "soroban"]),
];

/// Chains whose hashes are `0x` and 64 hexadecimal digits.
const PREFIXED: &[(&str, &[&str])] = &[
    ("ethereum", &["eth"]),
    ("sepolia", &["ethereum-sepolia", "eth-sepolia"]),
    ("holesky", &["ethereum-holesky", "eth-holesky"]),
    ("hoodi", &["ethereum-hoodi", "eth-hoodi"]),
    ("ethereum-classic", &["etc"]),
    ("polygon", &["matic", "pol"]),
    ("arbitrum", &["arbitrum-one"]),
    ("optimism", &["op"]),
    ("base", &[]),
    ("avalanche", &["avax"]),
    ("bsc", &["bnb", "binance-smart-chain"]),
    ("gnosis", &["xdai"]),
    ("linea", &[]),
    ("scroll", &[]),
    ("zksync", &["zksync-era"]),
    ("blast", &[]),
    ("mantle", &[]),
    ("celo", &[]),
    ("fantom", &["ftm"]),
    ("sonic", &[]),
];

/// What a test network's name ends with; the chain before it says how hashes are written.
const NETWORKS: &[&str] = &[
    "-testnet",
    "-testnet3",
    "-testnet4",
    "-signet",
    "-regtest",
    "-sepolia",
    "-holesky",
    "-hoodi",
    "-amoy",
    "-fuji",
    "-futurenet",
    "-devnet",
    "-nile",
    "-shasta",
];

/// What the name of the main network may end with.
const MAIN: &[&str] = &["-mainnet", "-pubnet"];

/// A chain by any of its names: its one name without the network, and how it writes hashes.
fn known(name: &str) -> (&str, Form) {
    let named = |list: &'static [(&'static str, &[&str])]| {
        let mut list = list.iter();
        let found = list.find(|(own, others)| *own == name || others.contains(&name));
        found.map(|(own, _)| *own)
    };
    match (named(HEX), named(PREFIXED)) {
        (Some(own), _) => (own, Form::Hex),
        (None, Some(own)) => (own, Form::Prefixed),
        (None, None) => (name, Form::Any),
    }
}

/// A chain by any of its names: its one name with the network, and how it writes hashes.
fn resolve(name: &str) -> (String, Form) {
    let name = MAIN
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(name);
    if let (own, form @ (Form::Hex | Form::Prefixed)) = known(name) {
        return (own.to_owned(), form);
    }
    let network = NETWORKS.iter().find(|suffix| name.ends_with(*suffix));
    let Some(network) = network else {
        return (name.to_owned(), Form::Any);
    };
    let (own, form) = known(&name[..name.len() - network.len()]);
    (format!("{own}{network}"), form)
}

/// Checks the name of a chain.
pub fn check_chain(chain: &str) -> Result<(), FieldError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if chain.is_empty() || chain.len() > CHAIN_LEN_MAX || !chain.chars().all(allowed) {
        let message = format!("must be 1 to {CHAIN_LEN_MAX} characters of a-z, 0-9 and '-'");
        return Err(FieldError::new("chain", message));
    }
    Ok(())
}

/// A text without `0x`, where it is that and hexadecimal digits, or hexadecimal digits alone.
fn hex_digits(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = digits.unwrap_or(text);
    let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then_some(digits)
}

/// The hash of a transaction as its chain writes it: in lower case and with or without `0x`, where the chain's form is
/// known or it is hexadecimal; otherwise as it is. Blanks are refused everywhere.
pub fn canonical_hash(chain: &str, hash: &str) -> Result<String, FieldError> {
    let refuse = |message: String| Err(FieldError::new("tx_hash", message));
    let length = hash.chars().count();
    if length == 0 || length > TX_HASH_LEN_MAX || !hash.chars().all(|c| c.is_ascii_graphic()) {
        return refuse(format!(
            "must be 1 to {TX_HASH_LEN_MAX} printable ASCII characters without blanks"
        ));
    }
    let digits = hex_digits(hash);
    match (resolve(chain).1, digits) {
        (Form::Any, Some(digits)) if digits.len() >= HEX_LEN_MIN => Ok(hash.to_ascii_lowercase()),
        (Form::Any, _) => Ok(hash.to_owned()),
        (Form::Hex, Some(digits)) if digits.len() == 64 => Ok(digits.to_ascii_lowercase()),
        (Form::Prefixed, Some(digits)) if digits.len() == 64 => {
            Ok(format!("0x{}", digits.to_ascii_lowercase()))
        }
        (Form::Hex, _) => refuse(format!("must be 64 hexadecimal digits on the chain {chain}")),
        (Form::Prefixed, _) => refuse(format!(
            "must be 0x and 64 hexadecimal digits on the chain {chain}"
        )),
    }
}

/// Whether a character shows as nothing: white space, and what takes no room at all.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// What a hash is known by, however it is spelt, on whatever chain: without blanks; where it is hexadecimal in lower
/// case and without `0x`.
pub fn hash_key(hash: &str) -> String {
    let dense: String = hash.chars().filter(|c| !is_blank(*c)).collect();
    match hex_digits(&dense) {
        Some(digits) if digits.len() >= HEX_LEN_MIN => digits.to_ascii_lowercase(),
        _ => dense,
    }
}

/// How a hash of this key may be stored, with its blanks away and in lower case.
pub fn spellings(key: &str) -> Vec<String> {
    let mut spellings = vec![key.to_ascii_lowercase()];
    if hex_digits(key).is_some() {
        spellings.push(format!("0x{key}").to_ascii_lowercase());
    } else if key.to_lowercase() != spellings[0] {
        // Which letters a database has a lower case for depends on its locale.
        spellings.push(key.to_lowercase());
    }
    spellings
}

/// An output of a transaction, however it is spelt. Without a number it is the transaction as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputKey {
    /// The chain by its one name.
    pub chain: String,
    /// The key of the transaction's hash.
    pub tx_hash: String,
    /// Which output, from 0.
    pub output: Option<u64>,
}

impl OutputKey {
    /// The output that these words mean.
    pub fn of(chain: &str, tx_hash: &str, output: Option<u64>) -> OutputKey {
        OutputKey {
            chain: resolve(chain).0,
            tx_hash: hash_key(tx_hash),
            output,
        }
    }

    /// The id of the `number`th claim to it, counted from 1.
    pub fn claim_id(&self, number: u64) -> Uuid {
        let output = self.output.map(u64::to_be_bytes);
        let output = output.as_ref().map_or(&[][..], |bytes| &bytes[..]);
        derived_id(
            "output",
            &[
                self.chain.as_bytes(),
                self.tx_hash.as_bytes(),
                output,
                &number.to_be_bytes(),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";

    /// Chain, what is sent, and what is stored; none where it is refused.
    #[test]
    fn a_hash_has_one_form_on_its_chain() {
        let upper = HASH.to_uppercase();
        let prefixed = format!("0x{HASH}");
        let cases: Vec<(&str, String, Option<String>)> = vec![
            ("bitcoin", HASH.into(), Some(HASH.into())),
            ("bitcoin", upper.clone(), Some(HASH.into())),
            ("bitcoin", prefixed.clone(), Some(HASH.into())),
            ("bitcoin", format!("0X{upper}"), Some(HASH.into())),
            ("bitcoin-testnet4", upper.clone(), Some(HASH.into())),
            ("regtest", upper.clone(), Some(HASH.into())),
            ("litecoin", upper.clone(), Some(HASH.into())),
            ("stellar", upper.clone(), Some(HASH.into())),
            ("soroban", prefixed.clone(), Some(HASH.into())),
            ("ethereum", upper.clone(), Some(prefixed.clone())),
            (
                "base",
                prefixed.to_uppercase().replace("0X", "0x"),
                Some(prefixed.clone()),
            ),
            ("polygon-amoy", prefixed.clone(), Some(prefixed.clone())),
            ("bitcoin", format!(" {HASH}"), None),
            ("bitcoin", format!("{HASH} "), None),
            ("bitcoin", format!("{HASH}\u{a0}"), None),
            ("bitcoin", format!("{}\u{200b}{}", &HASH[..9], &HASH[9..]), None),
            ("bitcoin", format!("{HASH}\n"), None),
            ("bitcoin", HASH[1..].into(), None),
            ("bitcoin", format!("{HASH}0"), None),
            ("bitcoin", HASH.replace('a', "g"), None),
            ("bitcoin", "0x".into(), None),
            ("bitcoin", String::new(), None),
            ("ethereum", HASH[1..].into(), None),
            // Chains that are not known.
            ("my-chain", upper.clone(), Some(HASH.into())),
            ("my-chain", format!("0x{upper}"), Some(prefixed.clone())),
            (
                "solana",
                "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnb".into(),
                Some("5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnb".into()),
            ),
            ("my-chain", "Beef".into(), Some("Beef".into())),
            ("my-chain", "a b".into(), None),
            // What shows as nothing, or as another letter.
            ("solana", "5VERv8NM\u{ad}".into(), None),
            ("solana", "5VERv8NM\u{3164}".into(), None),
            ("solana", "5VЕRv8NM".into(), None),
            ("my-chain", "a\tb".into(), None),
            ("my-chain", "x".repeat(128), Some("x".repeat(128))),
            ("my-chain", "x".repeat(129), None),
        ];
        for (chain, sent, stored) in cases {
            let found = canonical_hash(chain, &sent).ok();
            assert_eq!(found, stored, "{sent:?} on {chain}");
            if let Some(stored) = stored {
                assert_eq!(canonical_hash(chain, &stored).ok().as_ref(), Some(&stored));
                assert_eq!(hash_key(&stored), hash_key(&sent));
            }
        }
    }

    #[test]
    fn an_output_has_one_key_however_it_is_spelt() {
        let key = OutputKey::of("bitcoin", HASH, Some(0));
        for chain in ["bitcoin", "btc", "xbt", "bitcoin-mainnet", "btc-mainnet"] {
            for hash in [
                HASH.to_owned(),
                HASH.to_uppercase(),
                format!("0x{HASH}"),
                format!("0X {} ", HASH.to_uppercase()),
                format!("\u{a0}{HASH}\u{200b}"),
            ] {
                assert_eq!(OutputKey::of(chain, &hash, Some(0)), key, "{hash:?} on {chain}");
            }
        }
        let others = [
            OutputKey::of("bitcoin", HASH, None),
            OutputKey::of("bitcoin", HASH, Some(1)),
            OutputKey::of("bitcoin-testnet", HASH, Some(0)),
            OutputKey::of("litecoin", HASH, Some(0)),
        ];
        let mut ids = vec![key.claim_id(1), key.claim_id(2)];
        for other in others {
            assert_ne!(other, key);
            ids.push(other.claim_id(1));
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 6);
        assert_eq!(
            OutputKey::of("soroban-testnet", HASH, None),
            OutputKey::of("stellar-testnet", &HASH.to_uppercase(), None)
        );
        assert_ne!(hash_key("Beef"), hash_key("beef"), "too short for a hash");
        for names in [
            &["testnet", "testnet3", "bitcoin-testnet", "bitcoin-testnet3"][..],
            &["testnet4", "bitcoin-testnet4"],
            &["signet", "bitcoin-signet", "btc-signet"],
            &["sepolia", "ethereum-sepolia", "eth-sepolia"],
        ] {
            let keys = names.iter().map(|name| OutputKey::of(name, HASH, None));
            let keys: std::collections::BTreeSet<_> = keys.collect();
            assert_eq!(keys.len(), 1, "{names:?}");
        }
    }

    #[test]
    fn what_is_stored_is_found_by_its_spellings() {
        assert_eq!(spellings(HASH), [HASH.to_owned(), format!("0x{HASH}")]);
        assert_eq!(spellings("tx-Ä"), ["tx-Ä", "tx-ä"]);
        assert_eq!(spellings("Tx"), ["tx"]);
    }
}
