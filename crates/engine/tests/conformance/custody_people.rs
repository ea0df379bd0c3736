//! Whose a step is, who votes on a payment, and by whom what was refused is found.

crate::on_both!(
    a_hold_is_let_go_by_who_made_it,
    who_is_paid_does_not_vote_on_the_payment,
    what_an_approval_is_about_is_spelled_out,
    refusals_about_a_user_are_found_by_that_user
);

mod cases {
    use domain::approval::operation_of;
    use domain::audit::EntryFilter;
    use domain::custody::OperationKind::{Deposit, Transfer, Withdrawal};
    use domain::custody::balance::ConfigureBalance;
    use domain::custody::destination::AddDestination;
    use domain::custody::kyc::SubmitKyc;
    use domain::custody::operation::{Step, Transaction};
    use domain::identity::{Role, Scope};
    use domain::{Caller, Command, Origin};
    use engine::Engine;
    use engine::custody::{NewOperation, NewStep, Proposal, StepKind, Viewer};
    use evidence::Outcome;
    use serde_json::json;
    use store::query::Page;
    use uuid::Uuid;

    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::*;
    use crate::people::{code, entries_by, open_with, person, session};
    use crate::support::{Bed, create_key, operator};
    use domain::custody::operation::steps::{Release, Start};

    const ADDRESS: &str = "bc1qexample";

    /// Ann has 100 BTC and a key; a destination can be used at once.
    async fn world(bed: &Bed) -> (Engine, Uuid, Caller) {
        let engine = open_with(bed, |rules| rules.custody.cooling_off_s = 0).await;
        let ann = person(&engine, "ann", Role::USER).await.id;
        asset(&engine, "BTC", 8, None).await;
        make(&engine, new(Deposit, "-", "user:ann", "100")).await.unwrap();
        let key = create_key(&engine, "ann", vec![Scope::Custody]).await;
        (engine, ann, key)
    }

    async fn end(engine: Engine, bed: &Bed) {
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    fn start(operation: Uuid) -> Proposal {
        let start = Step::Start(Start {
            transaction: Transaction::default(),
            approval: None,
        });
        Proposal::Step(NewStep {
            operation,
            version: None,
            kind: StepKind::Other(start),
        })
    }

    /// A destination of somebody's, with a label.
    async fn destination(engine: &Engine, user: Uuid) -> Uuid {
        let command = AddDestination {
            id: None,
            user,
            asset: engine.asset_named("btc").await.unwrap().id,
            address: ADDRESS.into(),
            label: Some("cold wallet".into()),
        };
        match done(engine, &operator(), Command::AddDestination(command)).await {
            domain::Reply::Destination(row) => row.id,
            other => panic!("{other:?}"),
        }
    }

    async fn withdrawal(engine: &Engine, name: &str, amount: &str) -> Uuid {
        let user = user_id(engine, name).await;
        let new = NewOperation {
            destination: Some(destination(engine, user).await),
            ..new(Withdrawal, &format!("user:{name}"), "-", amount)
        };
        make(engine, new).await.unwrap().operation.id
    }

    pub async fn a_hold_is_let_go_by_who_made_it(bed: Bed) {
        let (engine, ann, key) = world(&bed).await;
        let bob = person(&engine, "bob", Role::USER).await.id;
        let bob_key = create_key(&engine, "bob", vec![Scope::Custody]).await;
        let release = || StepKind::Other(Step::Release(Release { reason: None }));
        let from = format!("user:{ann}");
        let hold = || pending(Transfer, &from, &format!("user:{bob}"), "3");
        let of_house = make(&engine, hold()).await.unwrap().operation.id;
        let own = make_as(&engine, &key, hold()).await.unwrap().operation.id;
        for caller in [&key, &bob_key] {
            for kind in [release(), capture("1")] {
                let came = step_as(&engine, caller, of_house, kind).await;
                assert_eq!(code(came), "permission_missing");
            }
        }
        let came = step_as(&engine, &bob_key, own, release()).await;
        assert_eq!(code(came), "permission_missing");
        step_as(&engine, &key, own, capture("1")).await.unwrap();
        step_as(&engine, &key, own, release()).await.unwrap();
        assert_eq!(
            units(&engine, "user:ann").await,
            (9_900_000_000, 300_000_000, 9_600_000_000)
        );
        step(&engine, of_house, release()).await.unwrap();
        assert_eq!(
            units(&engine, "user:ann").await,
            (9_900_000_000, 0, 9_900_000_000)
        );
        end(engine, &bed).await;
    }

    pub async fn who_is_paid_does_not_vote_on_the_payment(bed: Bed) {
        let (engine, _, _) = world(&bed).await;
        for name in ["cyd", "dora"] {
            person(&engine, name, Role::COMPLIANCE).await;
        }
        make(&engine, new(Deposit, "-", "user:cyd", "9")).await.unwrap();
        let (cyd, dora) = (session(&engine, "cyd").await, session(&engine, "dora").await);
        let out = withdrawal(&engine, "cyd", "2").await;
        let transfer = |credit: &str| Proposal::Operation(Box::new(new(Transfer, "user:ann", credit, "2")));
        for (proposal, expected) in [
            (transfer("user:cyd"), "own_payment"),
            (start(out), "own_payment"),
            (transfer("house:fees"), "done"),
            (start(withdrawal(&engine, "ann", "1").await), "done"),
        ] {
            let approval = request_approval(&engine, &operator(), proposal, None).await;
            let ballot = vote(&engine, approval, true).await;
            let came = engine.submit(&cyd, Origin::default(), ballot.clone()).await;
            assert_eq!(code(came), expected);
            if expected == "own_payment" {
                done(&engine, &dora, ballot).await;
            }
            let view = engine.approval(approval).await.unwrap().unwrap();
            assert_eq!(view.approval.status.as_str(), "granted");
        }
        // A vote that was read before there was the approval says nothing of who is paid.
        let approval = request_approval(&engine, &operator(), start(out), None).await;
        let view = engine.approval(approval).await.unwrap().unwrap();
        assert_eq!(operation_of(&view.approval), Some(out));
        let blind = domain::approval::CastVote {
            approval,
            operation: None,
            approve: true,
            suggested_arguments: None,
            reason: None,
        };
        let came = engine
            .submit(&dora, Origin::default(), Command::CastVote(blind))
            .await;
        assert_eq!(code(came), "unknown_approval");
        end(engine, &bed).await;
    }

    pub async fn what_an_approval_is_about_is_spelled_out(bed: Bed) {
        let (engine, ann, _) = world(&bed).await;
        let eve = person(&engine, "eve", Role::USER).await.id;
        let out = withdrawal(&engine, "ann", "2.5").await;
        let started = request_approval(&engine, &operator(), start(out), None).await;
        // Eve has no balance yet.
        let paid = Proposal::Operation(Box::new(new(Transfer, "user:ann", "user:eve", "7")));
        let paid = request_approval(&engine, &operator(), paid, None).await;
        let other = request_approval(&engine, &operator(), outside(1), None).await;
        let mut approvals = Vec::new();
        for id in [started, paid, other] {
            approvals.push(engine.approval(id).await.unwrap().unwrap().approval);
        }
        let subjects = engine.approval_subjects(&approvals).await.unwrap();
        assert_eq!(
            subjects.len(),
            2,
            "what is not Probity's own says itself what it is"
        );
        let seen = |id, viewer: &Viewer| subjects[id].clone().seen_by(viewer);
        let shown = seen(&started, &Viewer::ALL).unwrap().as_json();
        assert_eq!(
            (&shown["amount"], &shown["debit"]["name"], &shown["operation"]),
            (&json!("2.50000000"), &json!("ann"), &json!(out))
        );
        assert_eq!(
            (&shown["destination"]["address"], &shown["destination"]["label"]),
            (&json!(ADDRESS), &json!("cold wallet"))
        );
        assert_eq!(
            subjects[&paid].words(),
            "make a transfer of 7.00000000 BTC from user:ann to user:eve"
        );
        let as_user = |id| Viewer {
            all: false,
            names: false,
            own: Some(id),
        };
        let seen_by_ann = seen(&paid, &as_user(ann)).unwrap();
        let words = seen_by_ann.words();
        assert!(
            words.contains("from user:ann to user:") && !words.contains("eve"),
            "{words}"
        );
        let shown = seen_by_ann.as_json();
        assert_eq!(
            (&shown["debit"]["name"], shown["credit"].get("name")),
            (&json!("ann"), None)
        );
        assert_eq!(shown["credit"]["account"], json!(format!("user:{eve}")));
        assert!(seen(&started, &as_user(eve)).is_none());
        end(engine, &bed).await;
    }

    /// The actions of the refusals that are found by a user, oldest first.
    async fn refusals(engine: &Engine, user: Uuid, outcome: Outcome) -> Vec<String> {
        let filter = EntryFilter {
            target_kind: Some("user".into()),
            target: Some(user.to_string()),
            outcome: Some(outcome),
            ..EntryFilter::default()
        };
        let found = entries_by(engine, &filter).await;
        found.into_iter().map(|entry| entry.action).collect()
    }

    pub async fn refusals_about_a_user_are_found_by_that_user(bed: Bed) {
        let (engine, ann, key) = world(&bed).await;
        let bob = person(&engine, "bob", Role::USER).await.id;
        let nobody = create_key(&engine, "bob", vec![Scope::Custody]).await;
        let too_much = |debit: &str, credit: &str| new(Transfer, debit, credit, "1000");
        // By the house, of ann's money, to bob: it is ann's that is missing.
        let came = make(&engine, too_much("user:ann", "user:bob")).await;
        assert_eq!(code(came), "insufficient_funds");
        // By a stranger.
        let from = format!("user:{ann}");
        let came = make_as(&engine, &nobody, new(Transfer, &from, "house:fees", "1")).await;
        assert_eq!(code(came), "permission_missing");
        // To ann, whose balance is closed: it is hers that stands in the way.
        make(&engine, new(Deposit, "-", "user:bob", "5")).await.unwrap();
        let asset = engine.asset_named("btc").await.unwrap();
        let account = engine.account_named("a", &from, Some(asset.id), true).await;
        let close_it = |closed| {
            Command::ConfigureBalance(ConfigureBalance {
                balance: account.as_ref().unwrap().id(),
                asset: asset.id,
                version: None,
                minimum: None,
                maximum: None,
                closed: Some(closed),
            })
        };
        done(&engine, &operator(), close_it(true)).await;
        let came = make(&engine, new(Transfer, "user:bob", "user:ann", "1")).await;
        assert_eq!(code(came), "credit_closed");
        done(&engine, &operator(), close_it(false)).await;
        // Among others that stand or fall together.
        let chain = vec![
            NewOperation {
                linked: true,
                ..new(Transfer, "user:bob", "house:fees", "1")
            },
            too_much("user:ann", "house:fees"),
        ];
        let came = engine
            .create_operations(&operator(), Origin::default(), chain, None)
            .await
            .unwrap();
        assert_eq!(
            came.into_iter().map(code).collect::<Vec<_>>()[1],
            "insufficient_funds"
        );
        // What else there is to be made for a user.
        let address = AddDestination {
            id: None,
            user: ann,
            asset: asset.id,
            address: "two words".into(),
            label: None,
        };
        let kyc = SubmitKyc {
            id: None,
            user: ann,
            tier: 1,
            documents: Vec::new(),
        };
        for (caller, command) in [
            (&key, Command::AddDestination(address)),
            (&nobody, Command::SubmitKyc(kyc)),
        ] {
            engine
                .submit(caller, Origin::default(), command)
                .await
                .unwrap_err();
        }
        let create = "operation.create".to_owned();
        assert_eq!(
            refusals(&engine, ann, Outcome::Failed).await,
            [
                create.clone(),
                create.clone(),
                create.clone(),
                "destination.add".to_owned()
            ]
        );
        assert_eq!(
            refusals(&engine, ann, Outcome::Refused).await,
            [create, "kyc.submit".to_owned()]
        );
        assert_eq!(
            refusals(&engine, bob, Outcome::Failed).await,
            Vec::<String>::new()
        );
        // Both sides are named, for whoever looks for the other.
        let filter = EntryFilter {
            text: Some(format!("user:{bob}")),
            outcome: Some(Outcome::Failed),
            ..EntryFilter::default()
        };
        let page = Page {
            limit: 10,
            ..Page::default()
        };
        assert_eq!(engine.entries(&filter, page).await.unwrap().entries.len(), 2);
        end(engine, &bed).await;
    }
}
