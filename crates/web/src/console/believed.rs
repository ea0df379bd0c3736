//! What was found a moment ago, so that not every page looks.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long what was found is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(5);

/// What was found last, and when.
pub(crate) struct Believed<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Believed<T> {
    fn default() -> Believed<T> {
        Believed(Mutex::default())
    }
}

impl<T: Clone> Believed<T> {
    /// What was found a moment ago, or else what is found now.
    pub async fn or<E>(&self, look: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let found = look.await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    fn known(&self) -> Option<T> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, found) = known.as_ref()?;
        (at.elapsed() < BELIEVED_FOR).then(|| found.clone())
    }
}
