//! The file of prices: what a million tokens of a model cost.

use std::collections::BTreeMap;

use domain::workflow::step::{Cost, NAME_LEN_MAX, PROVIDER_LEN_MAX, Price, Prices};
use evidence::json::hex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::policies::PolicySettings;
use super::{Key, Kind, RuleError, section};

/// Longest file, in bytes.
const FILE_LEN_MAX: usize = 1_048_576;

section! {
    /// Settings of governance.
    Governance in "governance" with {
        /// What is said to what is asked for.
        policies: Vec<PolicySettings>;
    };
    /// The file of prices; none where it is empty.
    prices: text(String) = String::new();
    /// How long an execution that OpenTelemetry tells of runs without a span until the root of its trace is missing, in seconds.
    otlp_lease_s: number(10, 86_400) = 3_600;
    /// Largest body of OpenTelemetry's exporters once it is unpacked, in bytes.
    otlp_body_bytes_max: number(1_024, 1 << 30) = 64 << 20;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    price: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    provider: Spanned<String>,
    model: Spanned<String>,
    input: Spanned<String>,
    output: Spanned<String>,
    cache_read: Option<Spanned<String>>,
    cache_write: Option<Spanned<String>>,
    reasoning: Option<Spanned<String>>,
}

impl Governance {
    /// The prices, where there is a file of them.
    pub fn prices(&self) -> Result<Option<Prices>, RuleError> {
        if self.prices.is_empty() {
            return Ok(None);
        }
        let wrong = |message: String| RuleError {
            setting: "governance.prices".to_owned(),
            message,
        };
        let bytes = std::fs::read(&self.prices)
            .map_err(|error| wrong(format!("cannot read {}: {error}", self.prices)))?;
        let prices = read(&bytes).map_err(|message| wrong(format!("{}: {message}", self.prices)))?;
        Ok(Some(prices))
    }
}

fn read(bytes: &[u8]) -> Result<Prices, String> {
    if bytes.len() > FILE_LEN_MAX {
        return Err(format!(
            "is {} bytes long, and may be {FILE_LEN_MAX}",
            bytes.len()
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| format!("is not UTF-8: {error}"))?;
    let file: File = toml::from_str(text).map_err(|error| error.to_string().trim().replace('\n', " "))?;
    let place = |field: &str, of: &Spanned<String>| {
        let line = text[..of.span().start].matches('\n').count() + 1;
        format!("line {line}: {field}")
    };
    let named = |field: &str, of: &Spanned<String>, max: usize| {
        let length = of.get_ref().chars().count();
        let good = (1..=max).contains(&length);
        good.then(|| of.get_ref().clone())
            .ok_or_else(|| format!("{} must be 1 to {max} characters, not {length}", place(field, of)))
    };
    let usd = |field: &str, of: &Spanned<String>| {
        Cost::parse(of.get_ref()).map_err(|message| format!("{} {message}", place(field, of)))
    };
    let mut prices: BTreeMap<String, BTreeMap<String, Price>> = BTreeMap::new();
    for line in &file.price {
        let provider = named("provider", &line.provider, PROVIDER_LEN_MAX)?;
        let model = named("model", &line.model, NAME_LEN_MAX)?;
        let (input, output) = (usd("input", &line.input)?, usd("output", &line.output)?);
        let or = |field: &str, of: &Option<Spanned<String>>, usual: Cost| {
            of.as_ref().map_or(Ok(usual), |of| usd(field, of))
        };
        let price = Price {
            input,
            output,
            cache_read: or("cache_read", &line.cache_read, input)?,
            cache_write: or("cache_write", &line.cache_write, input)?,
            reasoning: or("reasoning", &line.reasoning, output)?,
        };
        if prices.entry(provider).or_default().insert(model, price).is_some() {
            return Err(format!("{} has a price already", place("model", &line.model)));
        }
    }
    Ok(Prices {
        file: hex(&Sha256::digest(bytes)),
        of: prices,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[price]]\nprovider = \"p\"\nmodel = \"m\"\ninput = \"3\"\noutput = \"15\"\n";

    #[test]
    fn what_is_left_out_costs_as_what_it_is_a_part_of() {
        let prices = read(format!("{GOOD}cache_read = \"0.3\"\n").as_bytes()).unwrap();
        let price = prices.of["p"]["m"];
        let usd = |text| Cost::parse(text).unwrap();
        let found = [
            price.input,
            price.output,
            price.cache_read,
            price.cache_write,
            price.reasoning,
        ];
        assert_eq!(found, ["3", "15", "0.3", "3", "15"].map(usd));
        assert_eq!(read(b"").unwrap().of.len(), 0);
        // SHA-256 of nothing, as everybody knows it.
        assert!(read(b"").unwrap().file.starts_with("e3b0c44298fc1c14"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_field() {
        let with = |from: &str, to: &str| GOOD.replace(from, to);
        for (text, expected) in [
            (with("\"3\"", "\"-3\""), "line 4: input must be a decimal number"),
            (with("\"3\"", "3"), "TOML parse error at line 4"),
            (
                with("\"3\"", "\"0.0000000000001\""),
                "line 4: input has more than 12 digits",
            ),
            (
                with("\"3\"", "\"1000000.1\""),
                "line 4: input must be at most 1000000",
            ),
            (with("\"15\"", "\"\""), "line 5: output must be"),
            (with("\"p\"", "\"\""), "line 2: provider must be 1 to 100"),
            (
                with("\"p\"", &format!("\"{}\"", "p".repeat(101))),
                "line 2: provider must be 1 to 100",
            ),
            (
                with("\"m\"", &format!("\"{}\"", "m".repeat(201))),
                "line 3: model must be 1 to 200",
            ),
            (with("output", "outputs"), "TOML parse error at line 5"),
            (with("input = \"3\"\n", ""), "TOML parse error at line 1"),
            (format!("{GOOD}{GOOD}"), "line 8: model has a price already"),
            (format!("prices = 1\n{GOOD}"), "TOML parse error at line 1"),
            ("x".repeat(FILE_LEN_MAX + 1), "is 1048577 bytes long"),
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(error.starts_with(expected), "{expected}: {error}");
        }
        assert!(read(&[0xff]).unwrap_err().starts_with("is not UTF-8"));
        let longest = with("\"m\"", &format!("\"{}\"", "m".repeat(200)));
        assert!(read(with("\"3\"", "\"1000000\"").as_bytes()).is_ok() && read(longest.as_bytes()).is_ok());
        let error = Governance {
            policies: Vec::new(),
            prices: "/there/is/none".to_owned(),
            ..Governance::default()
        };
        let error = error.prices().unwrap_err();
        assert_eq!(error.setting, "governance.prices");
        assert!(
            error.message.starts_with("cannot read /there/is/none"),
            "{}",
            error.message
        );
    }
}
