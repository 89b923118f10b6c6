//! Being told of deadlocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use raddle::deadlock::{self, Deadlock, Verdict};
use raddle::{Blocking, Deadline, Parker, Wake};

/// Tells a channel what it is told, and ends the wait if that is said.
#[derive(Debug)]
pub struct Telling {
    pub to: Sender<Deadlock>,
    pub ends: bool,
    /// If it keeps watch, how often it has looked. Then it claims that the threads that sleep are
    /// all there are: those of the test that runs beside it come and go.
    pub looks: Option<Arc<AtomicUsize>>,
}

impl Blocking for Telling {
    type Interrupt = ();

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        parker.park(until)
    }

    fn on_signal(&mut self) -> Result<(), ()> {
        Ok(())
    }

    fn keeps_watch(&self) -> bool {
        self.looks.is_some()
    }

    fn threads(&self) -> Option<usize> {
        self.looks.as_ref()?.fetch_add(1, Ordering::SeqCst);
        let mut asleep = 0;
        deadlock::visit(|wait| asleep += usize::from(!wait.timed));
        Some(asleep)
    }

    fn on_deadlock(&mut self, found: &Deadlock) -> Result<Verdict, ()> {
        self.to.send(found.clone()).expect("the test listens");
        if self.ends { Err(()) } else { Ok(Verdict::Told) }
    }
}

/// Tells `to`; goes on waiting unless it `ends`.
pub fn telling(to: &Sender<Deadlock>, ends: bool) -> Telling {
    Telling { to: to.clone(), ends, looks: None }
}
