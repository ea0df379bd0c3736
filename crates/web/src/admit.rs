//! Who may come in: the caller behind a credential, what is left of its quota, and whether it holds what a route demands.

use std::net::IpAddr;
use std::sync::Arc;

use domain::identity::{Must, Permission, Principal};
use domain::{Caller, Refusal};
use engine::Identity;
use http::request::Parts;

use crate::app::App;
use crate::endpoint::Access;
use crate::limit::{self, QuotaLeft};
use crate::problem::Problem;
use crate::{credential, origin};

/// A caller whose credential was looked at. A request that has one of these was made within this process, by a request from
/// outside that was counted already.
#[derive(Clone)]
pub(crate) struct Known {
    pub caller: Caller,
    pub identity: Arc<Identity>,
}

/// Where a request wants to come in.
pub(crate) struct Door<'a> {
    pub app: &'a App,
    pub parts: &'a Parts,
    pub address: Option<IpAddr>,
    /// Method and path of the route.
    pub route: (&'static str, &'static str),
    pub access: Access,
}

impl Door<'_> {
    /// The caller behind the credential. It has requests left, and holds the permission if one is checked here.
    pub async fn authenticated(&self, quota: &mut Option<QuotaLeft>) -> Result<Known, Problem> {
        let engine = &self.app.engine;
        let caller = engine.authenticate(credential::of(self.parts)?).await?;
        let identity = engine.identity(&caller).await?;
        self.admit(&identity, quota).await?;
        Ok(Known { caller, identity })
    }

    /// A caller who is in already; it holds the permission if one is checked here.
    pub async fn known(&self, known: Known) -> Result<Known, Problem> {
        let allowed = check(&known.identity.principal, self.access);
        self.told(&known.identity, allowed).await?;
        Ok(known)
    }

    /// Takes one of the caller's requests, and checks what is checked before the handler runs.
    async fn admit(&self, identity: &Identity, quota: &mut Option<QuotaLeft>) -> Result<(), Problem> {
        // A credential that is no longer good takes nothing of its user's quota; and of a flood of its requests, not each
        // gets an entry, whatever the route.
        let mut allowed = identity.principal.good();
        if allowed.is_ok() {
            *quota = limit::take(self.app, identity);
            if let Some(spent) = quota.as_ref().filter(|quota| !quota.allowed) {
                let origin = origin::of(self.parts, self.address);
                self.app.engine.rate_limited(identity, origin).await;
                return Err(spent.problem());
            }
            allowed = check(&identity.principal, self.access);
        }
        self.told(identity, allowed).await
    }

    /// Records a refusal.
    async fn told(&self, identity: &Identity, allowed: Result<(), Refusal>) -> Result<(), Problem> {
        let Err(refusal) = allowed else { return Ok(()) };
        let origin = origin::of(self.parts, self.address);
        let refused = self
            .app
            .engine
            .refused_request(identity, refusal, self.route, origin)
            .await;
        Err(refused.into())
    }
}

/// Checks the part of a route's demand that does not depend on what the request is about.
fn check(principal: &Principal, access: Access) -> Result<(), Refusal> {
    match access {
        Access::Read(permission) | Access::ReadUnlessPublic(permission) => {
            principal.authorise(permission).map(drop)
        }
        // Who may do neither is told what it takes for their own, or the smaller permission.
        Access::ReadOwnOr(first, other) | Access::ReadEither(first, other) => either(principal, first, other),
        Access::Vote(custody, other) => {
            principal.session_in_full()?;
            either(principal, custody, other)
        }
        Access::SecondFactor if principal.must() == Some(Must::ChangePassword) => {
            principal.session_in_full().map(drop)
        }
        Access::Session | Access::SecondFactor => principal.session().map(drop),
        // Commands are authorised where they are decided, so that a refusal is recorded there.
        Access::Command(_)
        | Access::OwnOr(..)
        | Access::OwnSessionOr(_)
        | Access::Caller
        | Access::Open
        | Access::Credentials => Ok(()),
    }
}

/// Code of the refusal of a key whose role holds a permission that its scopes leave out.
pub(crate) const SCOPE_MISSING: &str = "scope_missing";

/// Checks that the caller holds one of two permissions. A caller without either is told of the first, unless the role
/// holds the other one and only the key does not.
fn either(principal: &Principal, first: Permission, other: Permission) -> Result<(), Refusal> {
    let Err(refusal) = principal.authorise(first) else {
        return Ok(());
    };
    principal.authorise(other).map(drop).map_err(|second| {
        if second.code == SCOPE_MISSING && refusal.code != SCOPE_MISSING {
            second
        } else {
            refusal
        }
    })
}
