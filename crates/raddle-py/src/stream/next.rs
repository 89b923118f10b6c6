//! When a stream's consumer is to look around next.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use raddle::Deadline;

/// When something is to be done next; handed on from consumer to consumer.
pub(super) struct Next(Mutex<Deadline>);

impl Next {
    pub(super) fn new(seconds: Option<f64>) -> Self {
        Self(Mutex::new(Self::after(seconds)))
    }

    fn after(seconds: Option<f64>) -> Deadline {
        seconds.map_or(Deadline::NEVER, |seconds| Deadline::after(duration(seconds)))
    }

    pub(super) fn set(&self, seconds: Option<f64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Self::after(seconds);
    }

    pub(super) fn get(&self) -> Deadline {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number of seconds, whatever it is; none if it is not a number.
pub(super) fn duration(seconds: f64) -> Duration {
    let seconds = if seconds.is_nan() { 0.0 } else { seconds };
    Duration::from_secs_f64(seconds.clamp(0.0, 1e6))
}
