//! The Python face of raddle: arguments, reprs, errors and garbage collection, nothing else.
//!
//! Every algorithm is in the crate `raddle`; this one exports it to the interpreter that it was
//! built for. What an unwinding or finalizing interpreter demands is in `attached` and `outcall`.

mod arg;
mod attached;
mod bare;
mod barrier;
mod checks;
mod condition;
mod deadlock;
mod errors;
mod event;
mod executor;
#[cfg(Py_GIL_DISABLED)]
mod farewell;
mod fork;
mod fresh;
mod future;
mod handle;
mod kit;
mod lock;
mod name;
mod names;
mod outcall;
mod padded;
mod place;
mod profile;
mod queue;
mod registry;
mod rlock;
mod semaphore;
mod slot;
mod stranded;
mod stream;
mod thread;
mod timeout;
mod watch;
mod workqueue;

use pyo3::prelude::*;

/// raddle's primitives; `raddle.threading` is their public home.
#[pymodule(gil_used = false)]
mod _raddle {
    #[pymodule_export]
    use crate::barrier::Barrier;
    #[pymodule_export]
    use crate::checks::{check_order, equip_order, made};
    #[pymodule_export]
    use crate::condition::Condition;
    #[pymodule_export]
    use crate::deadlock::{detect, equip_deadlock, main_ident, owner, waits};
    #[pymodule_export]
    use crate::errors::barrier_error;
    #[pymodule_export]
    use crate::event::Event;
    #[pymodule_export]
    use crate::executor::Executor;
    #[pymodule_export]
    use crate::fork::{before_fork, forked};
    #[pymodule_export]
    use crate::future::Future;
    #[pymodule_export]
    use crate::handle::{ThreadHandle, make_handle_for, make_thread_handle};
    #[pymodule_export]
    use crate::kit::{equip, equip_executor};
    #[pymodule_export]
    use crate::lock::{Lock, signal_lock};
    #[pymodule_export]
    use crate::names::publish;
    #[pymodule_export]
    use crate::profile::{profile, tallies, waited};
    #[pymodule_export]
    use crate::queue::{LifoQueue, PriorityQueue, Queue, SimpleQueue, queue_errors};
    #[pymodule_export]
    use crate::registry::{current_thread_in, equip_threads};
    #[pymodule_export]
    use crate::rlock::RLock;
    #[pymodule_export]
    use crate::semaphore::{BoundedSemaphore, Semaphore};
    #[pymodule_export]
    use crate::stream::{Stream, StreamWorker};
    #[pymodule_export]
    use crate::thread::{
        close, count, settle, shutdown, start_joinable_thread, start_new_thread,
    };

    #[pymodule_export]
    use crate::watch::Watch;
    #[pymodule_export]
    use crate::workqueue::{WorkItem, WorkQueue};

    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;

    use crate::thread::interpreter_is_main;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        if !interpreter_is_main() {
            return Err(PyImportError::new_err(
                "raddle's primitives are for the main interpreter: a subinterpreter would share \
                 their types with it",
            ));
        }
        crate::names::prepare(module.py())?;
        crate::fork::watch();
        crate::checks::prepare();
        crate::profile::prepare();
        crate::deadlock::prepare(module)?;
        crate::fresh::prepare(module)?;
        crate::bare::prepare(module.py())?;
        crate::queue::prepare(module)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
