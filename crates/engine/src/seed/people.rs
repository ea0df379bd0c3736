//! The five, their KYC records, and what they own.

use domain::code;
use domain::custody::asset::CreateAsset;
use domain::custody::kyc::{
    Approve, CheckDocument, DecideKyc, DocumentKind, KycStatus, NewDocument, Reject, SubmitKyc,
};
use domain::custody::{Asset, OperationKind};
use domain::identity::Role;
use domain::identity::session::EndSession;
use domain::identity::user::User;
use domain::record::Record;
use domain::{Caller, Command, Origin};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Seeder, id};
use crate::credentials::one_time_password;
use crate::custody::{KycView, NewOperation};
use crate::error::Error;
use crate::identity::{FirstCredential, LogInRequest, NewUser};

/// What becomes of a KYC record.
enum Verdict {
    Approved,
    Pending,
    Rejected(&'static str),
}

/// A KYC record: the tier that is asked for, on which documents, and what a reviewer says.
struct Asked {
    tier: u64,
    documents: &'static [DocumentKind],
    reviewer: &'static str,
    verdict: Verdict,
}

/// One of the five.
pub(super) struct Person {
    pub name: &'static str,
    full_name: &'static str,
    pub role: &'static str,
    asked: Option<Asked>,
}

/// Set-up has made the first one already.
pub(super) static PEOPLE: [Person; 5] = [
    Person {
        name: "admin",
        full_name: "",
        role: "admin",
        asked: None,
    },
    Person {
        name: "alice",
        full_name: "Alice Archer",
        role: "user",
        asked: Some(Asked {
            tier: 2,
            documents: &[DocumentKind::Passport, DocumentKind::ProofOfAddress],
            reviewer: "diana",
            verdict: Verdict::Approved,
        }),
    },
    Person {
        name: "bob",
        full_name: "Bob Baker",
        role: "analyst",
        asked: Some(Asked {
            tier: 1,
            documents: &[DocumentKind::IdentityCard],
            reviewer: "diana",
            verdict: Verdict::Approved,
        }),
    },
    Person {
        name: "charlie",
        full_name: "Charlie Chandler",
        role: "viewer",
        asked: Some(Asked {
            tier: 1,
            documents: &[DocumentKind::DrivingLicence],
            reviewer: "diana",
            verdict: Verdict::Pending,
        }),
    },
    Person {
        name: "diana",
        full_name: "Diana Draper",
        role: "compliance",
        asked: Some(Asked {
            tier: 2,
            documents: &[DocumentKind::Passport],
            reviewer: "admin",
            verdict: Verdict::Rejected("the passport has expired"),
        }),
    },
];

/// Code, name, scale, chain, and how much of it each of the five has.
const ASSETS: [(&str, &str, u64, &str, &str); 2] = [
    ("BTC", "Bitcoin", 8, "bitcoin", "0.1"),
    ("iSTSi", "iSTSi", 7, "stellar", "1000"),
];

impl Person {
    fn email(&self) -> String {
        format!("{}@seed.example", self.name)
    }

    /// Where the KYC record stands.
    pub fn kyc_words(&self) -> &'static str {
        match &self.asked {
            None => "none",
            Some(asked) => match (&asked.verdict, asked.tier) {
                (Verdict::Pending, _) => "pending",
                (Verdict::Rejected(_), _) => "rejected",
                (Verdict::Approved, 1) => "tier 1",
                (Verdict::Approved, _) => "tier 2",
            },
        }
    }
}

impl Seeder<'_> {
    /// Refuses a database in which others have worked, unless that is meant.
    pub async fn check_place(&self) -> Result<(), Error> {
        let mut ours = false;
        for person in &PEOPLE[1..] {
            let Some(found) = self.engine.user_named(person.name).await? else {
                continue;
            };
            if found.row.email != Some(person.email()) {
                let message = format!("there is a user {} already, who is another one", person.name);
                return Err(Error::problem(
                    message,
                    "seed another database: probity --data-dir DIR db seed",
                ));
            }
            ours = true;
        }
        let users = store::checks::count(&mut *self.engine.db().reader().await?, User::TABLE).await?;
        if ours || self.force || users <= 1 {
            return Ok(());
        }
        Err(Error::problem(
            format!("others have worked with this database: it has {users} users"),
            "seed another one (probity --data-dir DIR db seed), or say --force",
        ))
    }

    /// Makes those who are not there, and their KYC records.
    pub async fn people(&mut self) -> Result<(), Error> {
        for person in &PEOPLE {
            let id = match self.engine.user_named(person.name).await? {
                Some(found) => found.row.id,
                None => self.make(person).await?,
            };
            self.users.insert(person.name, id);
        }
        for person in &PEOPLE {
            if let Some(asked) = &person.asked {
                self.review(person, asked).await?;
            }
        }
        for (name, session) in std::mem::take(&mut self.sessions) {
            let end = Command::EndSession(EndSession { session });
            let person = Caller::Session(session);
            let ended = self.engine.submit(&person, Origin::default(), end).await;
            if let Err(error) = ended {
                tracing::warn!(name, %error, "a session was not ended");
            }
        }
        Ok(())
    }

    async fn make(&mut self, person: &Person) -> Result<Uuid, Error> {
        let text = one_time_password()?;
        let role = Role::parse(person.role).unwrap_or(Role::VIEWER);
        let new = NewUser {
            username: person.name.to_owned(),
            email: Some(person.email()),
            full_name: Some(person.full_name.to_owned()).filter(|name| !name.is_empty()),
            role,
            first: FirstCredential::Password {
                text: text.clone(),
                temporary: false,
            },
        };
        let made = self
            .engine
            .create_user(self.caller, Origin::default(), new)
            .await?;
        self.passwords.insert(person.name, text);
        Ok(made.user.id)
    }

    /// Submits a record and lets a person decide on it.
    async fn review(&mut self, person: &Person, asked: &Asked) -> Result<(), Error> {
        let user = self.user(person.name);
        let documents = asked.documents.iter().map(|kind| NewDocument {
            kind: *kind,
            sha256: Sha256::digest(format!("{} of {}", kind.as_str(), person.full_name)).into(),
        });
        let submitted = SubmitKyc {
            id: Some(id("kyc", user)),
            user,
            tier: asked.tier,
            documents: documents.collect(),
        };
        let known: KycView = self.submit(self.caller, submitted).await?;
        let record = known.record.id;
        if known.record.status != KycStatus::Pending || matches!(asked.verdict, Verdict::Pending) {
            return Ok(());
        }
        let reviewer = Caller::Session(self.session(asked.reviewer).await?);
        for document in &known.documents {
            let reason = match asked.verdict {
                Verdict::Rejected(reason) => Some(reason.to_owned()),
                _ => None,
            };
            let checked = CheckDocument {
                record,
                document: document.id,
                verified: reason.is_none(),
                reason,
            };
            let _: KycView = self.submit(&reviewer, checked).await?;
        }
        let decided: Command = match asked.verdict {
            Verdict::Rejected(reason) => DecideKyc {
                record,
                user,
                version: None,
                decision: Reject {
                    reason: reason.to_owned(),
                },
            }
            .into(),
            _ => DecideKyc {
                record,
                user,
                version: None,
                decision: Approve { expires_at: None },
            }
            .into(),
        };
        let _: KycView = self.submit(&reviewer, decided).await?;
        Ok(())
    }

    /// A session of one of the five. A password that nobody knows any more gives way to another one.
    async fn session(&mut self, name: &'static str) -> Result<Uuid, Error> {
        if let Some(session) = self.sessions.get(name) {
            return Ok(*session);
        }
        let password = match self.passwords.get(name) {
            Some(password) => password.clone(),
            None => self.new_password(name).await?,
        };
        let request = LogInRequest {
            name: name.to_owned(),
            password,
            ..LogInRequest::default()
        };
        let session = self.engine.log_in(request, Origin::default()).await?.session.id;
        self.sessions.insert(name, session);
        Ok(session)
    }

    async fn new_password(&mut self, name: &'static str) -> Result<String, Error> {
        let user = self.user(name);
        let known = self.engine.user(user).await?;
        let known = known.ok_or_else(|| code::UNKNOWN_USER.absent(format_args!("user {user}"), "user"))?;
        if name == "admin" && !known.row.password_temporary && !self.force {
            return Err(Error::problem(
                "the admin has to decide on a KYC record, and has chosen a password of their own",
                "seed another database (probity --data-dir DIR db seed), or say --force: the admin gets another password",
            ));
        }
        let password = one_time_password()?;
        self.engine
            .set_password(self.caller, Origin::default(), user, &password)
            .await?;
        self.passwords.insert(name, password.clone());
        Ok(password)
    }

    /// Makes the assets, and gives each of the five the same of them.
    pub async fn money(&self) -> Result<(), Error> {
        let mut deposits = Vec::new();
        for (code, name, scale, chain, amount) in ASSETS {
            if self.engine.asset_meant(code).await?.is_none() {
                let asset = CreateAsset {
                    id: None,
                    code: code.to_owned(),
                    name: name.to_owned(),
                    scale,
                    chain: Some(chain.to_owned()),
                };
                let _: Asset = self.submit(self.caller, asset).await?;
            }
            for user in self.users.values() {
                let new = NewOperation {
                    id: Some(id(code, *user)),
                    asset: Some(code.to_owned()),
                    amount: Some(amount.to_owned()),
                    credit: Some(format!("user:{user}")),
                    reference: Some("opening balance".to_owned()),
                    ..NewOperation::new(OperationKind::Deposit)
                };
                deposits.push(self.engine.prepare_operation(new, None).await?.into());
            }
        }
        self.submit_all(deposits).await
    }
}
