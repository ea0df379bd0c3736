//! A whole block of Bitcoin as deposits: exact to the satoshi, and nothing new the second time.

use crate::on_both;

on_both!(a_block_of_bitcoin);

mod cases {
    use std::fs::File;
    use std::io::BufReader;

    use domain::custody::{Account, House, Owner};
    use engine::Engine;
    use engine::custody::DepositsReport;

    use crate::attacker::{assert_intact, close};
    use crate::support::{Bed, operator};

    async fn import(engine: &Engine) -> DepositsReport {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/bitcoin-block-413567.jsonl"
        );
        let file = BufReader::new(File::open(path).unwrap());
        engine
            .import_bitcoin_block(&operator(), "BTC", file, &mut |_, _| {})
            .await
            .unwrap()
    }

    pub async fn a_block_of_bitcoin(bed: Bed) {
        let engine = bed.open().await;
        let first = import(&engine).await;
        assert_eq!(first.rejections, []);
        assert_eq!(
            (first.transactions, first.outputs, first.added, first.users),
            (1_557, 3_581, 3_581, 3_064)
        );
        assert_eq!(first.amount.to_decimal(8), "9147.05170223");
        let asset = engine.asset_named("BTC").await.unwrap();
        let before = engine.supply(&asset).await.unwrap();
        assert_eq!(asset.words(before.supply), "9147.05170223 BTC");
        assert_eq!(before.sum.units(), 0);
        assert_eq!(before.balances, 3_064 + 4);
        let figures = engine.operation_figures(None, (None, None), false).await.unwrap();
        let counts: Vec<_> = figures
            .iter()
            .map(|figure| (figure.kind.as_str(), figure.count, figure.amount.to_decimal(8)))
            .collect();
        assert_eq!(
            counts,
            [
                ("deposit", 3_580, "9121.73859985".to_owned()),
                ("mint", 1, "25.31310238".to_owned())
            ]
        );
        let suspense = Account {
            asset: asset.id,
            owner: Owner::House(House::Suspense),
        };
        let suspense = engine.balance(suspense.id()).await.unwrap().unwrap();
        assert_eq!(suspense.balance.posted.units(), 0, "three outputs of nothing");
        let size = *engine.size().borrow();
        let again = import(&engine).await;
        assert_eq!((again.added, again.already_there, again.users), (0, 3_581, 0));
        assert_eq!(*engine.size().borrow(), size, "nothing was written");
        assert_eq!(engine.supply(&asset).await.unwrap(), before);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
