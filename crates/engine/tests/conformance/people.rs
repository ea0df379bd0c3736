//! People with accounts: makers for the cases about identity.

use std::time::{Duration, Instant};

use domain::audit::EntryFilter;
use domain::identity::api_key::{CreateApiKey, RotateApiKey};
use domain::identity::invitation::{AcceptInvitation, Invitation, InviteUser};
use domain::identity::login::LogIn;
use domain::identity::second_factor::{ChangeSecondFactor, Confirm, Enrol, Proof, Remove};
use domain::identity::user::{ChangePassword, CreateUser, DisableUser, EraseUser, User};
use domain::identity::{Role, Rules, Scope};
use domain::record::{Kind, Sealed};
use domain::{Caller, Command, Origin, Reply};
use engine::credentials::pool::HashPool;
use engine::identity::{CreatedUser, FirstCredential, LogInRequest, LoggedIn, NewUser};
use engine::{Engine, Error, Options};
use evidence::{Entry, Timestamp};
use store::conn::Lock;
use store::query::{Order, Page};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::support::{Bed, create_key, create_user, operator, submit};
use domain::identity::session::EndSession;

/// A password that the policy takes.
pub const PASSWORD: &str = "wool grass 47 lantern";
/// Another one.
pub const OTHER_PASSWORD: &str = "copper tide 93 orchard";

/// A request from this address.
pub fn from(ip: &str) -> Origin {
    Origin {
        ip: Some(ip.to_owned()),
        user_agent: Some("browser/1".to_owned()),
        trace_id: None,
    }
}

/// A request from an address that the documentation of networks uses.
pub fn origin() -> Origin {
    from("192.0.2.10")
}

/// The system's clock.
pub fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap()).unwrap()
}

/// Sets up, and opens with other rules.
pub async fn open_with(bed: &Bed, change: impl FnOnce(&mut Rules)) -> Engine {
    Engine::init(&bed.options(), &mut |_| {}).await.unwrap();
    Engine::open(with_rules(bed.options(), change)).await.unwrap()
}

/// Options with other rules.
pub fn with_rules(mut options: Options, change: impl FnOnce(&mut Rules)) -> Options {
    let mut rules = Rules::default();
    change(&mut rules);
    options.identity.rules = std::sync::Arc::new(rules);
    options
}

/// The code of the refusal; other errors are none.
pub fn code<T>(answer: Result<T, Error>) -> &'static str {
    match answer {
        Ok(_) => "done",
        Err(Error::Refused { refusal, .. }) => refusal.code,
        Err(error) => panic!("{error:?}"),
    }
}

/// A user to be made.
pub fn new_user(name: &str, role: Role, first: FirstCredential) -> NewUser {
    NewUser {
        username: name.to_owned(),
        email: Some(format!("{name}@example.com")),
        full_name: None,
        role,
        first,
    }
}

/// Makes a user, as the operator.
pub async fn make(engine: &Engine, new: NewUser) -> CreatedUser {
    engine.create_user(&operator(), origin(), new).await.unwrap()
}

/// The hash of [`PASSWORD`]. Hashing is slow on purpose: once a run is enough.
static HASH: OnceCell<String> = OnceCell::const_new();

/// Makes a user whose password is [`PASSWORD`].
pub async fn person(engine: &Engine, name: &str, role: Role) -> User {
    let hash = async || {
        let pool = HashPool::start(1, 1).unwrap();
        pool.hash(PASSWORD.to_owned()).await.unwrap()
    };
    let command = CreateUser {
        email: Some(format!("{name}@example.com")),
        password_hash: Some(HASH.get_or_init(hash).await.clone()),
        ..CreateUser::new(name, role)
    };
    let made = engine.submit(&operator(), origin(), command.into()).await;
    match made.unwrap().reply {
        Reply::User { user, .. } => user,
        other => panic!("{other:?}"),
    }
}

/// Logs in by name and password.
pub async fn log_in(engine: &Engine, name: &str, password: &str) -> Result<LoggedIn, Error> {
    let request = LogInRequest {
        name: name.to_owned(),
        password: password.to_owned(),
        ..LogInRequest::default()
    };
    engine.log_in(request, origin()).await
}

/// A new session of a user whose password is [`PASSWORD`].
pub async fn session(engine: &Engine, name: &str) -> Caller {
    Caller::Session(log_in(engine, name, PASSWORD).await.unwrap().session.id)
}

/// A new session without a password: as if it had been checked.
pub async fn session_of(engine: &Engine, user: Uuid) -> Caller {
    match as_part(engine, "login", log_in_command(engine, user).await).await {
        Reply::Session(session) => Caller::Session(session.id),
        other => panic!("{other:?}"),
    }
}

async fn log_in_command(engine: &Engine, user: Uuid) -> Command {
    let row = engine.user(user).await.unwrap().unwrap().row;
    Command::LogIn(LogIn {
        user,
        verified_hash: row.password_hash.unwrap(),
        upgraded_hash: None,
        in_part: false,
        second_factor: None,
        hash: rand_hash(),
    })
}

fn rand_hash() -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(
        Engine::new_token(domain::identity::token::TokenKind::ApiKey)
            .unwrap()
            .hash()[..16]
            .as_ref(),
    );
    hash
}

async fn as_part(engine: &Engine, part: &'static str, command: Command) -> Reply {
    let origin = from("198.51.100.4");
    let answer = engine.submit(&Caller::System { part }, origin, command).await;
    answer.unwrap().reply
}

/// The id behind a key or session.
pub fn id(caller: &Caller) -> Uuid {
    match caller {
        Caller::ApiKey(id) | Caller::Session(id) => *id,
        other => panic!("{other:?} has no id"),
    }
}

/// What a read finds of the credential: `good`, or why it is refused.
pub async fn verdict(engine: &Engine, caller: &Caller) -> &'static str {
    let principal = engine.principal(caller).await.unwrap();
    principal.good().map_or_else(|refusal| refusal.code, |()| "good")
}

/// Asks again and again until it holds; gives how long that took.
pub async fn until(what: &str, within: Duration, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < within, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    started.elapsed()
}

/// Waits until no window of this width ends in the next seconds.
pub async fn in_one_window(width_s: i64, for_s: i64) {
    let left = width_s - now().micros().div_euclid(1_000_000).rem_euclid(width_s);
    if left < for_s {
        tokio::time::sleep(Duration::from_secs(u64::try_from(left).unwrap())).await;
    }
}

/// The code of an authenticator, `steps` half minutes from now.
pub fn totp(secret_base32: &str, steps: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret_base32).unwrap();
    let totp = totp_rs::Builder::new()
        .with_secret(secret)
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .build_noncompliant();
    let seconds = now().micros() / 1_000_000 + 30 * steps;
    totp.generate(u64::try_from(seconds).unwrap()).to_string()
}

/// All entries of an action, oldest first.
pub async fn entries(engine: &Engine, action: &str) -> Vec<Entry> {
    let filter = EntryFilter {
        action: Some(action.to_owned()),
        ..EntryFilter::default()
    };
    entries_by(engine, &filter).await
}

/// All entries that a filter finds, oldest first.
pub async fn entries_by(engine: &Engine, filter: &EntryFilter) -> Vec<Entry> {
    let page = Page {
        order: Order::Ascending,
        after: None,
        limit: 1_000,
    };
    engine.entries(filter, page).await.unwrap().entries
}

/// Accounts in every state: each column of each table about identity is filled in one row and NULL in another.
pub async fn rich_accounts(engine: &Engine) {
    let mut users = Vec::new();
    for name in ["eva", "fay", "gus", "hal", "ivy"] {
        let made = create_user(engine, name, Role::USER).await.unwrap();
        let Reply::User { user, .. } = made.reply else {
            panic!("{:?}", made.reply)
        };
        users.push(user.id);
    }
    let [eva, fay, gus, hal, ivy] = users[..] else {
        panic!()
    };
    invitations(engine, &[eva, fay, gus]).await;
    keys(engine).await;
    second_factors(engine, &[eva, fay, gus]).await;
    // Sessions: live with and without an address, logged out, revoked, and ended with their user.
    session_of(engine, eva).await;
    let [leaving, revoked] = [session_of(engine, eva).await, session_of(engine, eva).await];
    let end = |session: &Caller| Command::EndSession(EndSession { session: id(session) });
    engine.submit(&leaving, origin(), end(&leaving)).await.unwrap();
    submit(engine, end(&revoked)).await.unwrap();
    let local = log_in_command(engine, gus).await;
    let login = Caller::System { part: "login" };
    engine.submit(&login, Origin::default(), local).await.unwrap();
    for user in [hal, ivy] {
        session_of(engine, user).await;
    }
    let disable = DisableUser { user: hal };
    submit(engine, disable.into()).await.unwrap();
    let erase = EraseUser {
        user: ivy,
        reason: "asked to".into(),
        entries: Vec::new(),
        content: Vec::new(),
    };
    submit(engine, Command::EraseUser(erase)).await.unwrap();
}

/// One open, one withdrawn, one accepted.
async fn invitations(engine: &Engine, users: &[Uuid]) {
    let mut number = 0;
    let mut invite = |user: Uuid| {
        number += 1;
        let hash = [number; 32];
        Command::InviteUser(InviteUser { user, hash })
    };
    for user in users {
        submit(engine, invite(*user)).await.unwrap();
    }
    submit(engine, invite(users[1])).await.unwrap();
    let key = "closed_at IS NULL AND user_id";
    let mut conn = engine.db().reader().await.unwrap();
    let open: Vec<Sealed<Invitation>> =
        store::sealed::by_key(&mut conn, key, Kind::Uuid, &[users[2].into()], Lock::None)
            .await
            .unwrap();
    drop(conn);
    let accept = AcceptInvitation {
        invitation: open[0].row.id,
        user: users[2],
        password_hash: "$argon2id$y".into(),
    };
    as_part(engine, "invitation", Command::AcceptInvitation(accept)).await;
}

/// One with a limit and an end, one rotated.
async fn keys(engine: &Engine) {
    let new = CreateApiKey {
        agent: None,
        owner: "ann".into(),
        name: "limited".into(),
        scopes: vec![Scope::Read],
        expires_at: Some(now().plus_seconds(86_400)),
        requests_per_minute: Some(60),
        shown: "prb_222222".into(),
        hash: [222; 32],
    };
    submit(engine, Command::CreateApiKey(new)).await.unwrap();
    let rotated = create_key(engine, "ann", vec![Scope::Write]).await;
    let rotate = RotateApiKey {
        id: id(&rotated),
        overlap_s: 3_600,
        shown: "prb_333333".into(),
        hash: [33; 32],
    };
    submit(engine, Command::RotateApiKey(rotate)).await.unwrap();
}

fn own<C>(user: Uuid, session: Uuid, change: C) -> Command
where
    Command: From<ChangeSecondFactor<C>>,
{
    ChangeSecondFactor {
        user,
        session,
        change,
    }
    .into()
}

/// One enrolled, one confirmed, one removed; the last user's password is changed by itself.
async fn second_factors(engine: &Engine, users: &[Uuid]) {
    for (user, state) in users.iter().zip(1..) {
        let user = *user;
        let caller = session_of(engine, user).await;
        let row = engine.user(user).await.unwrap().unwrap().row;
        let verified_hash = row.password_hash.unwrap();
        let change = async |command: Command| {
            engine.submit(&caller, origin(), command).await.unwrap();
        };
        let session = id(&caller);
        let secret = b"sealed".to_vec();
        let enrol = Enrol {
            secret: secret.clone(),
            verified_hash: verified_hash.clone(),
        };
        change(own(user, session, enrol)).await;
        if state > 1 {
            let confirm = Confirm {
                proof: Proof::Totp {
                    secret,
                    step: 59_000_000,
                },
                recovery: vec![[1; 32], [2; 32]],
            };
            change(own(user, session, confirm)).await;
        }
        if state > 2 {
            let verified_hash = verified_hash.clone();
            change(own(user, session, Remove { verified_hash })).await;
            let command = ChangePassword {
                user,
                verified_hash: row_hash(engine, user).await,
                password_hash: "$argon2id$z".into(),
            };
            let command = Command::ChangePassword(command);
            engine.submit(&caller, origin(), command).await.unwrap();
        }
    }
}

async fn row_hash(engine: &Engine, user: Uuid) -> String {
    let row = engine.user(user).await.unwrap().unwrap().row;
    row.password_hash.unwrap()
}

/// Where in the database a text is found, in any case: `table.column`, in texts by SQL and in bytes as they are.
pub async fn found(engine: &Engine, needle: &str) -> Vec<String> {
    let mut conn = engine.db().writer().await.unwrap();
    let mut found = Vec::new();
    for (table, described) in crate::catalogue::tables(&mut conn).await {
        for column in described.columns {
            let name = column.name;
            let hit = match column.kind.as_str() {
                "text" => {
                    let like = format!("%{}%", needle.to_ascii_lowercase());
                    let sql = format!("SELECT count(*) FROM {table} WHERE lower({name}) LIKE $1");
                    let row = conn.opt(&sql, &[like.into()]).await.unwrap().unwrap();
                    row.int(0).unwrap() > 0
                }
                "blob" | "bytea" => {
                    let sql = format!("SELECT {name} FROM {table} WHERE {name} IS NOT NULL");
                    let rows = conn.all(&sql, &[]).await.unwrap();
                    rows.iter()
                        .any(|row| contains(row.bytes(0).unwrap(), needle.as_bytes()))
                }
                _ => false,
            };
            if hit {
                found.push(format!("{table}.{name}"));
            }
        }
    }
    found
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
