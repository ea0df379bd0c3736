//! Users.

use domain::code::{self, Code};
use domain::identity::Permission;
use domain::identity::user::User;
use domain::record::Sealed;
use engine::identity::{CreatedUser, ErasedUser};
use engine::list::Condition;
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, moment, state};
use crate::example::{ANN, at};
use crate::filter::{Filter, Flag, Kind};
use crate::noun::{About, Found, Named, Noun, Reads, Show, Shown};
use crate::rows::{Part, Rows, rows};
use crate::viewer::Viewer;
use crate::{Activity, ApiKey};
use crate::{Balance, KycRecord};

/// A user.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub struct UserView {
    /// Its id.
    pub id: Uuid,
    /// The name to log in with.
    pub username: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Full name.
    pub full_name: Option<String>,
    /// What the user may do.
    pub role: String,
    /// False once disabled or erased.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Whether there is a password to log in with.
    pub has_password: bool,
    /// When the user last changed the password.
    pub password_changed_at: Option<Timestamp>,
    /// Whether the password must be changed at the next login.
    pub password_change_required: bool,
    /// When it was erased.
    pub erased_at: Option<Timestamp>,
    /// Counts the changes; the same as in `ETag`.
    pub version: u64,
}

impl UserView {
    /// Shows a user.
    pub fn of(user: &User, version: u64) -> UserView {
        UserView {
            id: user.id,
            username: user.username.clone(),
            email: user.email.clone(),
            full_name: user.full_name.clone(),
            role: user.role.to_string(),
            active: user.active,
            created_at: user.created_at,
            updated_at: user.updated_at,
            has_password: user.password_hash.is_some(),
            password_changed_at: user.password_changed_at,
            password_change_required: user.password_temporary,
            erased_at: user.erased_at,
            version,
        }
    }

    /// Whether the user can be used, in a word or two.
    fn state(&self) -> &'static str {
        match self {
            user if user.erased_at.is_some() => "erased",
            user if !user.active => "disabled",
            user if !user.has_password => "no password",
            _ => "active",
        }
    }
}

impl Shown for UserView {
    fn example() -> UserView {
        UserView {
            id: ANN,
            username: "ann".to_owned(),
            email: Some("ann@example.com".to_owned()),
            full_name: Some("Ann Example".to_owned()),
            role: "developer".to_owned(),
            active: true,
            created_at: at(20, 8),
            updated_at: at(20, 8),
            has_password: true,
            password_changed_at: None,
            password_change_required: false,
            erased_at: None,
            version: 1,
        }
    }
}

/// A user in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct UserListed {
    /// The user.
    #[serde(flatten)]
    pub user: UserView,
    /// A few seconds late.
    pub last_login_at: Option<Timestamp>,
}

impl Shown for UserListed {
    fn example() -> UserListed {
        UserListed {
            user: UserView::example(),
            last_login_at: Some(at(21, 8)),
        }
    }
}

/// What is shown beside a user where it is asked for, and the permission that it takes to see that of others.
pub const USER_PARTS: [(&str, Permission); 4] = [
    ("kyc", Permission::KycRead),
    ("balances", Permission::CustodyRead),
    ("api_keys", Permission::ApiKeysRead),
    ("activities", Permission::AuditRead),
];

/// KYC of a user.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub struct KycPart {
    /// The tier of now.
    pub tier: u64,
    /// The records.
    #[serde(flatten)]
    pub records: Part<KycRecord>,
}

/// A user with all there is to know of it.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub struct UserWhole {
    /// The user.
    #[serde(flatten)]
    pub user: UserView,
    /// Whether the user can be used: `active`, `no password`, `disabled` or `erased`.
    pub state: &'static str,
    /// A few seconds late.
    pub last_login_at: Option<Timestamp>,
    /// Whether one is needed at login.
    pub second_factor: bool,
    /// Until when an invitation can be accepted.
    pub invited_until: Option<Timestamp>,
    /// How many can be used.
    pub sessions: u64,
    /// With `include=kyc`: the first 1,000 records, and the tier of now. `GET /v1/kyc?user=ID` goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kyc: Option<KycPart>,
    /// With `include=balances`: the first 1,000. `GET /v1/balances?user=ID` goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balances: Option<Part<Balance>>,
    /// With `include=api_keys`: the first 1,000. `GET /v1/api-keys?user=ID` goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_keys: Option<Part<ApiKey>>,
    /// With `include=activities`: what the user did, as the feed tells it, the 50 newest. `GET /v1/activity?user=ID` goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activities: Option<Part<Activity>>,
    /// For people: what the role, the password and the second factor are.
    #[serde(skip)]
    said: [String; 3],
}

impl UserWhole {
    /// A user with what there is to know beside.
    pub async fn of(engine: &Engine, row: Sealed<User>) -> Result<UserWhole, Error> {
        let user = UserView::of(&row.row, row.version);
        let state = engine.user_state(user.id).await?;
        let defined = engine.rules().role(&row.row.role);
        let role = match defined {
            Some(rule) if rule.description.is_empty() => user.role.clone(),
            Some(rule) => format!("{} ({})", user.role, rule.description),
            None => format!("{} (not defined any more: it may do nothing)", user.role),
        };
        let demanded = defined.is_some_and(|rule| rule.second_factor);
        let second_factor = match (state.second_factor, demanded) {
            (true, _) => "is set up",
            (false, true) => "not set up; the role demands it at next login",
            (false, false) => "not set up",
        };
        Ok(UserWhole {
            state: user.state(),
            last_login_at: state.last_login_at,
            second_factor: state.second_factor,
            invited_until: state.invited_until,
            sessions: state.sessions,
            kyc: None,
            balances: None,
            api_keys: None,
            activities: None,
            said: [role, password(&row.row), second_factor.to_owned()],
            user,
        })
    }

    /// Adds a part, one of [`USER_PARTS`]. Whether the viewer may see it is asked before.
    pub async fn include(&mut self, engine: &Engine, viewer: Viewer<'_>, part: &str) -> Result<(), Error> {
        let user = self.user.id;
        match part {
            "kyc" => {
                self.kyc = Some(KycPart {
                    tier: engine.tier_at(user, engine.now()).await?,
                    records: Part::of(engine, viewer, user).await?,
                });
            }
            "balances" => self.balances = Some(Part::of(engine, viewer, user).await?),
            "activities" => self.activities = Some(Part::newest(engine, viewer, user).await?),
            _ => self.api_keys = Some(Part::of(engine, viewer, user).await?),
        }
        Ok(())
    }
}

impl Shown for UserWhole {
    fn example() -> UserWhole {
        UserWhole {
            user: UserView::example(),
            state: "active",
            last_login_at: Some(at(21, 8)),
            second_factor: true,
            invited_until: None,
            sessions: 1,
            kyc: None,
            balances: None,
            api_keys: None,
            activities: None,
            said: [const { String::new() }; 3],
        }
    }
}

/// A user with what is shown once.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub struct UserMade {
    /// The user.
    pub user: UserView,
    /// To be changed at first login. Shown now and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_time_password: Option<String>,
    /// Token of the invitation, for `POST /v1/auth/invitation`. Shown now and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
    /// Until when it can be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_until: Option<Timestamp>,
}

impl UserMade {
    /// Shows a user that was just made, invited or given a password.
    pub async fn of(engine: &Engine, made: CreatedUser) -> Result<UserMade, Error> {
        let invited_until = match made.invitation {
            Some(_) => engine.user_state(made.user.id).await?.invited_until,
            None => None,
        };
        Ok(UserMade {
            user: UserView::of(&made.user, made.version),
            one_time_password: made.one_time_password,
            invitation: made.invitation.map(|token| token.secret().to_owned()),
            invited_until,
        })
    }

    /// An example of one with a one-time password.
    pub fn with_password() -> UserMade {
        UserMade {
            one_time_password: Some("abcdefghijkmnpqrstuvwxyz".to_owned()),
            invitation: None,
            invited_until: None,
            ..UserMade::example()
        }
    }
}

impl Shown for UserMade {
    fn example() -> UserMade {
        UserMade {
            user: UserView::example(),
            one_time_password: None,
            invitation: Some("pri_0000000000000000000000000000000000000000000AbCdEf".to_owned()),
            invited_until: Some(at(23, 8)),
        }
    }
}

/// A user that was erased.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub struct UserErased {
    /// The user.
    pub user: UserView,
    /// How many entries had their payload erased.
    pub entries: u64,
}

impl UserErased {
    /// Shows what is left of a user.
    pub fn of(erased: &ErasedUser) -> UserErased {
        UserErased {
            user: UserView::of(&erased.user, erased.version),
            entries: erased.entries,
        }
    }
}

impl Shown for UserErased {
    fn example() -> UserErased {
        UserErased {
            user: UserView::example(),
            entries: 17,
        }
    }
}

fn never(time: Option<Timestamp>) -> Cell {
    time.map_or("never".into(), Into::into)
}

impl Noun for User {
    type View = UserListed;
    rows!();

    const NAMES: (&'static str, &'static str) = ("user", "users");
    const KEY: &'static str = "users";
    const TAG: &'static str = "users";
    const COMMAND: &'static str = "user";
    const LIST: About = About {
        id: "list_users",
        summary: "Users, oldest first",
        description: "Users that fulfil every condition given, a page at a time.",
    };
    const FILTERS: &'static [Filter] = &[
        Filter::new(
            "text",
            "with this text in the user name, e-mail address or full name, in any case of ASCII letters",
            Kind::Text(254, &["username", "email", "full_name"]),
        ),
        Filter::new("role", "of this role", Kind::Role("role")),
        Filter::new(
            "active",
            "enabled users only",
            Kind::Flag(Flag {
                usual: None,
                condition: |active| Some(Condition::Is("active", active.into())),
                no: Some(("disabled", "disabled and erased users only")),
            }),
        ),
    ];
    const READ: Reads = Reads::Holders(Permission::UsersRead);
    const COLUMNS: Columns<UserListed> = &[
        (column("name", Elide::End).weighing(2), |view| {
            (&view.user.username).into()
        }),
        (column("role", Elide::End), |view| (&view.user.role).into()),
        (column("state", Elide::Never), |view| state(view.user.state())),
        (column("e-mail", Elide::End).weighing(2), |view| {
            view.user.email.as_ref().into()
        }),
        (column("last login (UTC)", Elide::Never), |view| {
            never(view.last_login_at)
        }),
    ];

    fn leads(view: &UserListed) -> Option<(&'static str, String)> {
        Some((Self::KEY, view.user.id.to_string()))
    }
}

impl Rows for User {
    async fn views(
        engine: &Engine,
        _: Viewer<'_>,
        rows: Vec<Sealed<User>>,
    ) -> Result<Vec<UserListed>, Error> {
        let seen = engine.users_seen(rows.iter().map(|sealed| sealed.row.id)).await?;
        let view = |sealed: Sealed<User>| UserListed {
            user: UserView::of(&sealed.row, sealed.version),
            last_login_at: seen.get(&sealed.row.id).copied(),
        };
        Ok(rows.into_iter().map(view).collect())
    }
}

impl Show for User {
    type Whole = UserWhole;

    const SHOW: About = About {
        id: "show_user",
        summary: "One user",
        description: "With what there is to know beside: the last login, second factor, sessions, invitation. What the user \
                      did is in the audit log: `GET /v1/activity?user=ID`. With `include`, KYC, balances, API keys and \
                      activities too: each takes the permission that its own list takes, `kyc:read`, `custody:read`, \
                      `api_keys:read` and `audit:read`, and one that you do not hold is a refusal.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_USER;
    const NAMED: Option<Named> = Some(Named {
        doc: "Id, user name or e-mail address.",
        word: "USER",
        pattern: "^.{1,254}$",
        examples: &["ann"],
        must: "",
        good: |_| true,
    });

    async fn find(engine: &Engine, _: Viewer<'_>, name: &str) -> Result<Found<User>, Error> {
        let Some(row) = engine.user_meant(name).await? else {
            return Ok(None);
        };
        let version = row.version;
        Ok(Some((UserWhole::of(engine, row).await?, version)))
    }

    fn details(whole: &UserWhole) -> Vec<Titled> {
        let user = &whole.user;
        let or_none = |text: &Option<String>| text.as_deref().unwrap_or("none").into();
        let [role, password, second_factor] = &whole.said;
        let invited = whole
            .invited_until
            .map(|until| format!("open until {}", moment(until)));
        let kyc = whole.kyc.as_ref().filter(|kyc| !kyc.records.records.is_empty());
        vec![
            ("User name", (&user.username).into()),
            ("Id", user.id.into()),
            ("Full name", or_none(&user.full_name)),
            ("E-mail", or_none(&user.email)),
            ("Role", role.into()),
            ("State", state(whole.state)),
            ("Password", password.into()),
            ("Second factor", second_factor.into()),
            ("Last login", never(whole.last_login_at)),
            ("Tier", kyc.map(|kyc| kyc.tier).into()),
            ("Invitation", invited.into()),
            ("Created", user.created_at.into()),
            ("Changed", user.updated_at.into()),
            ("Version", user.version.into()),
            ("Erased", user.erased_at.into()),
            (
                "Did",
                Cell::Command(format!("probity activity list --user {}", user.id)),
            ),
            (
                "Was changed",
                Cell::Command(format!("probity audit list --target user:{}", user.id)),
            ),
        ]
    }

    fn hinders(whole: &UserWhole, _: Viewer<'_>, verb: &str) -> Option<String> {
        hinders(whole, verb).map(str::to_owned)
    }
}

/// Why this cannot be done with a user who stands so.
fn hinders(whole: &UserWhole, verb: &str) -> Option<&'static str> {
    let active = whole.user.active;
    match verb {
        "erase" => None,
        _ if whole.user.erased_at.is_some() => Some("the user was erased"),
        "disable" if !active => Some("the user is disabled already"),
        "enable" if active => Some("the user is not disabled"),
        "invite" if !active => Some("the user is disabled"),
        "reset-second-factor" if !whole.second_factor => Some("the user has no second factor"),
        _ => None,
    }
}

/// What the password is, for people.
fn password(user: &User) -> String {
    let Some(hash) = &user.password_hash else {
        return "none".to_owned();
    };
    let imported = hash.starts_with("$2");
    match (user.password_temporary, user.password_changed_at) {
        (true, _) if imported => {
            "imported (bcrypt) and checked in part, to be changed at next login".to_owned()
        }
        (true, _) => "one-time, to be changed at next login".to_owned(),
        (false, Some(at)) => format!("changed {}", moment(at)),
        (false, None) if imported => "imported (bcrypt), replaced at next login".to_owned(),
        (false, None) => "set for the user".to_owned(),
    }
}
