//! Health, for whoever starts and stops the service.

pub(crate) mod live;
pub(crate) mod ready;
