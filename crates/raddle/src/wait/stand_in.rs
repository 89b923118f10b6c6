//! A `Blocking` that knows what it waits for, over another `Blocking`.

use super::{Blocking, Deadlock, Kind, Site, Subject, Verdict};
use crate::os::{Deadline, Parker, Wake};

/// Blocks as `blocking` does, for `subject`.
pub(crate) struct For<'a, B> {
    pub(crate) blocking: &'a mut B,
    pub(crate) subject: Subject,
}

impl<B: Blocking> Blocking for For<'_, B> {
    type Interrupt = B::Interrupt;

    const JOIN_SPIN: u32 = B::JOIN_SPIN;
    const DETECT: bool = B::DETECT;

    fn detach(&mut self) {
        self.blocking.detach();
    }

    fn attach(&mut self) {
        self.blocking.attach();
    }

    fn woken_spinning(&mut self) {
        self.blocking.woken_spinning();
    }

    fn woken_sleeping(&mut self) {
        self.blocking.woken_sleeping();
    }

    fn poll(&mut self) -> Result<(), Self::Interrupt> {
        self.blocking.poll()
    }

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        self.blocking.sleep(parker, until)
    }

    fn on_signal(&mut self) -> Result<(), Self::Interrupt> {
        self.blocking.on_signal()
    }

    fn site(&mut self) -> Site {
        self.blocking.site()
    }

    fn led(&mut self, site: Site) -> Site {
        self.blocking.led(site)
    }

    fn subject(&self) -> Subject {
        let object = self.blocking.subject().object;
        Subject { object, ..self.subject }
    }

    fn is_for(&mut self, kind: Kind) {
        self.blocking.is_for(self.subject.kind.unwrap_or(kind));
    }

    fn ends_by(&self) -> Deadline {
        self.blocking.ends_by()
    }

    fn keeps_watch(&self) -> bool {
        self.blocking.keeps_watch()
    }

    fn threads(&self) -> Option<usize> {
        self.blocking.threads()
    }

    fn on_deadlock(&mut self, found: &Deadlock) -> Result<Verdict, Self::Interrupt> {
        self.blocking.on_deadlock(found)
    }
}
