//! What is known of a transaction, as options.

use clap::Args;
use domain::custody::operation::{OnChain, Transaction};
use engine::custody::TransactionInput;

/// What is known of a transaction.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Transaction")]
pub struct ChainArgs {
    /// Its hash, as the chain writes it
    #[arg(long, value_name = "HASH")]
    tx_hash: Option<String>,
    /// Which of its outputs, from 0
    #[arg(long, value_name = "N")]
    tx_output: Option<u64>,
    /// The chain; the asset's own unless given
    #[arg(long)]
    chain: Option<String>,
    /// The height of its block
    #[arg(long, value_name = "HEIGHT")]
    block: Option<u64>,
    /// Blocks on it
    #[arg(long, value_name = "N")]
    confirmations: Option<u64>,
    /// A transaction beside it, once for each; of a step all of them, in the place of those that
    /// were known
    #[arg(long, value_name = "CHAIN:HASH[:OUTPUT]", value_parser = further)]
    transaction: Vec<OnChain>,
}

/// Reads a transaction beside the first one.
fn further(text: &str) -> Result<OnChain, String> {
    let expected = || "must be CHAIN:HASH or CHAIN:HASH:OUTPUT".to_owned();
    let mut parts = text.split(':');
    let (Some(chain), Some(tx_hash), output, None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(expected());
    };
    let output = output.map(|number| number.parse().map_err(|_| expected()));
    Ok(OnChain {
        chain: chain.to_owned(),
        tx_hash: tx_hash.to_owned(),
        output: output.transpose()?,
        block: None,
        confirmations: None,
    })
}

impl ChainArgs {
    /// For a new operation.
    pub fn input(self) -> TransactionInput {
        TransactionInput {
            chain: self.chain,
            tx_hash: self.tx_hash,
            output: self.tx_output,
            block: self.block,
            confirmations: self.confirmations,
            further: self.transaction,
        }
    }

    /// For a step.
    pub fn transaction(self) -> Transaction {
        Transaction {
            chain: self.chain,
            tx_hash: self.tx_hash,
            output: self.tx_output,
            block: self.block,
            confirmations: self.confirmations,
            further: (!self.transaction.is_empty()).then_some(self.transaction),
        }
    }
}
