//! Who looks.

use domain::identity::Permission;
use engine::Identity;
use uuid::Uuid;

/// Who looks at something.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a>(Option<&'a Identity>);

impl<'a> Viewer<'a> {
    /// Someone on the server's own machine, who sees everything.
    pub const OPERATOR: Viewer<'static> = Viewer(None);

    /// A caller.
    pub fn of(identity: &'a Identity) -> Viewer<'a> {
        Viewer(Some(identity))
    }

    /// Whether they hold a permission.
    pub fn holds(self, permission: Permission) -> bool {
        self.0.is_none_or(|identity| identity.principal.holds(permission))
    }

    /// Whether they see what is posted of everybody's balances.
    pub fn sees_all_balances(self) -> bool {
        self.holds(Permission::CustodyRead) || self.holds(Permission::CustodyWrite)
    }

    /// The user who they are; none for someone on the server's own machine.
    pub fn own(self) -> Option<Uuid> {
        self.0.map(|identity| identity.user.id)
    }

    /// The session that they call with.
    pub fn session(self) -> Option<Uuid> {
        self.0.and_then(|identity| Some(identity.session.as_ref()?.id))
    }
}
