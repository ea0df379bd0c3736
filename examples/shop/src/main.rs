//! Runs the shop: `cargo run -p shop -- [DATA_DIR]`, then
//! `curl -X POST localhost:8090/orders -H 'content-type: application/json' -d '{"customer":"ann","article":"tea","quantity":2}'`.

use std::path::PathBuf;

use engine::{Engine, Options};
use store::db::Location;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data_dir = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "shop-data".to_owned()));
    let options = Options::new(data_dir.clone(), Location::Sqlite(data_dir.join("probity.db")));
    Engine::init(&options, &mut |_| {}).await?;
    let engine = Engine::open(options).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8090").await?;
    axum::serve(listener, shop::router(engine)).await?;
    Ok(())
}
