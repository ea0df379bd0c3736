//! `/log/…`: C2SP tlog-tiles.

use serde_json::json;
use tlog::{Checkpoint, EntryBundle};
use web::Settings;

use crate::api::{Api, BOTH, On};

async fn filled(on: On, settings: Settings) -> Api {
    let api = Api::with(on, settings).await;
    let event = json!({"actor": {"kind": "user"}, "action": "x"});
    api.record(&json!(vec![event; 300])).await;
    api
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checkpoint_is_public() {
    for on in BOTH {
        let api = Api::new(on).await;
        let got = api.get_open("/log/checkpoint").await;
        assert_eq!(got.header("content-type"), "text/plain; charset=utf-8");
        let checkpoint = Checkpoint::open(got.text(), api.engine.verifier_key()).unwrap();
        assert_eq!(checkpoint.size, api.size().await);
        assert_eq!(got.body, api.get("/v1/audit/checkpoint").await.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tiles_are_public_and_full_ones_immutable() {
    for on in BOTH {
        let api = filled(on, Settings::default()).await;
        let partial = api.size().await - 256;
        let full = api.get_open("/log/tile/0/000").await;
        assert_eq!(full.header("content-type"), "application/octet-stream");
        assert_eq!(
            full.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(full.body.len(), 256 * 32);
        let leaf = api.get("/v1/audit/entries/0").await.json()["evidence"]["leaf"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(full.body[..32], tlog::Hash::leaf(leaf.as_bytes()).as_bytes()[..]);
        let got = api.get_open(&format!("/log/tile/0/001.p/{partial}")).await;
        assert_eq!(got.body.len(), usize::try_from(partial).unwrap() * 32);
        assert_eq!(got.header("cache-control"), "public, max-age=60");
        assert_eq!(api.get_open("/log/tile/1/000.p/1").await.body.len(), 32);

        let wider = format!("/log/tile/0/001.p/{}", partial + 1);
        for path in [
            &*wider,
            "/log/tile/0/001",
            "/log/tile/1/000",
            "/log/tile/63/000",
            "/log/tile/0/x999/x999/x999/x999/x999/x999/999",
        ] {
            let got = api.get_open(path).await;
            assert_eq!(got.status, 404, "{path}");
            assert!(
                ["no_such_tile", "unknown_path"].contains(&got.problem().1.as_str()),
                "{path}"
            );
            assert_eq!(got.header("cache-control"), "no-store");
        }
        for path in [
            "0/0",
            "0/000.p/0",
            "0/000.p/256",
            "64/000",
            "x/000",
            "0/x000/001",
            "0",
            "0/000/",
            "-1/000",
            "0/%30%30%30%ff",
        ] {
            api.get_open(&format!("/log/tile/{path}"))
                .await
                .assert_problem(404, "unknown_path", None);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry_bundles_need_a_key_unless_public() {
    for on in BOTH {
        let api = filled(on, Settings::default()).await;
        api.get_open("/log/tile/entries/000")
            .await
            .assert_problem(401, "no_credential", None);
        let got = api.get("/log/tile/entries/000").await;
        assert_eq!(
            got.header("cache-control"),
            "no-store",
            "shared caches would give it to everyone"
        );
        let leaves = EntryBundle { index: 0, width: 256 };
        let leaves = leaves.decode(&got.body).unwrap();
        let leaf = api.get("/v1/audit/entries/255").await.json()["evidence"]["leaf"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(leaves[255], leaf.as_bytes());
        api.get("/log/tile/entries/009")
            .await
            .assert_problem(404, "no_such_tile", None);
        api.get("/log/tile/entries/9")
            .await
            .assert_problem(404, "unknown_path", None);

        let public = filled(
            on,
            Settings {
                public_entries: true,
                ..Settings::default()
            },
        )
        .await;
        let got = public.get_open("/log/tile/entries/000").await;
        assert_eq!(got.header("cache-control"), "public, max-age=31536000, immutable");
        let got = public.get_open("/log/tile/entries/001.p/3").await;
        assert_eq!(
            EntryBundle { index: 1, width: 3 }
                .decode(&got.body)
                .unwrap()
                .len(),
            3
        );
    }
}
