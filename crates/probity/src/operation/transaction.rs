//! What is known of a transaction, as options.

use clap::Args;
use domain::custody::operation::Transaction;
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
        }
    }
}
