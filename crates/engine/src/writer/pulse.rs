//! Whether the Writer's thread lives.

use tokio::runtime::{Handle, Runtime};

/// Feels whether the thread of a runtime lives.
#[derive(Clone)]
pub(crate) struct Pulse(Handle);

impl Pulse {
    /// Of the thread that will drive this runtime.
    pub fn of(runtime: &Runtime) -> Pulse {
        Pulse(runtime.handle().clone())
    }

    /// Whether the thread has not ended. The answer comes once it does something, and so never where it hangs.
    pub async fn is_there(&self) -> bool {
        self.0.spawn(std::future::ready(())).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future as _, poll_fn};
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn a_thread_that_hangs_says_nothing_and_one_that_has_ended_is_told() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let pulse = Pulse::of(&runtime);
        let (go_on, waits) = mpsc::channel::<()>();
        let (end, mut over) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                // As a call that never comes back.
                waits.recv().unwrap();
                (&mut over).await.unwrap();
            });
        });
        {
            let mut felt = pin!(pulse.is_there());
            let first = poll_fn(|context| Poll::Ready(felt.as_mut().poll(context))).await;
            assert_eq!(first, Poll::Pending);
            go_on.send(()).unwrap();
            assert!(felt.await);
        }
        assert!(pulse.is_there().await);
        end.send(()).unwrap();
        thread.join().unwrap();
        assert!(!pulse.is_there().await);
    }
}
