//! The Python face of raddle: arguments, reprs, errors and garbage collection, nothing else.
//!
//! Every algorithm is in the crate `raddle`; this one exports it to the interpreter that it was
//! built for. What an unwinding or finalizing interpreter demands is in `attached` and `doors`.

mod arg;
mod aside;
mod attached;
mod bare;
mod barrier;
mod bystanders;
mod checks;
mod condition;
mod context;
mod deadlock;
mod doors;
mod errors;
mod event;
mod executor;
#[cfg(Py_GIL_DISABLED)]
mod farewell;
mod fork;
mod frame;
mod fresh;
mod function;
mod future;
mod handle;
#[cfg(raddle_doors)]
mod instances;
mod interned;
mod kit;
mod lock;
mod moment;
mod name;
mod names;
mod outcall;
mod padded;
mod place;
mod places;
mod profile;
mod queue;
mod registry;
mod resting;
mod rlock;
mod semaphore;
mod sign;
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
    use crate::aside::{Handler, aside, is_aside};
    #[pymodule_export]
    use crate::barrier::Barrier;
    #[pymodule_export]
    use crate::bystanders::equip_bystanders;
    #[pymodule_export]
    use crate::checks::{check_order, equip_order, made};
    #[pymodule_export]
    use crate::condition::Condition;
    #[pymodule_export]
    use crate::deadlock::{detect, doubt_for, equip_deadlock, forks, main_ident, owner, waits};
    #[pymodule_export]
    use crate::errors::barrier_error;
    #[pymodule_export]
    use crate::event::Event;
    #[pymodule_export]
    use crate::executor::Executor;
    #[pymodule_export]
    use crate::fork::{before_fork, forked};
    #[pymodule_export]
    use crate::function::quicken;
    #[pymodule_export]
    use crate::future::Future;
    #[pymodule_export]
    use crate::handle::{ThreadHandle, make_handle_for, make_thread_handle};
    #[pymodule_export]
    use crate::kit::{equip, equip_executor};
    #[pymodule_export]
    use crate::lock::{Lock, signal_lock};
    #[pymodule_export]
    use crate::moment::moment;
    #[pymodule_export]
    use crate::names::publish;
    #[pymodule_export]
    use crate::profile::{counted, profile, tallies, waited};
    #[pymodule_export]
    use crate::queue::{LifoQueue, PriorityQueue, Queue, SimpleQueue, queue_errors};
    #[pymodule_export]
    use crate::registry::equip_threads;
    #[pymodule_export]
    use crate::rlock::RLock;
    #[pymodule_export]
    use crate::semaphore::{BoundedSemaphore, Semaphore};
    #[pymodule_export]
    use crate::sign::show_sign;
    #[pymodule_export]
    use crate::stream::{Stream, StreamWorker, quicken_stream};
    #[pymodule_export]
    use crate::thread::{
        close, count, settle, shutdown, start_joinable_thread, start_new_thread,
    };

    #[pymodule_export]
    use crate::watch::Watch;
    #[pymodule_export]
    use crate::workqueue::{WorkItem, WorkQueue};

    use std::ffi::CStr;

    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;

    use crate::thread::interpreter_is_main;

    /// Has the interpreter's own messages call the types that are written in Python in the
    /// standard library by their names alone: "'Event' object has no attribute ...".
    fn look_like_python(py: Python<'_>) {
        let kinds = [
            py.get_type::<Barrier>(),
            py.get_type::<BoundedSemaphore>(),
            py.get_type::<Condition>(),
            py.get_type::<Event>(),
            py.get_type::<LifoQueue>(),
            py.get_type::<PriorityQueue>(),
            py.get_type::<Queue>(),
            py.get_type::<Semaphore>(),
        ];
        for kind in kinds {
            // SAFETY: the type is alive and nobody else uses it yet. Its `tp_name` is a text that
            // ends in a null and lives as long as the type, as a part of it does; the module's
            // name is in the type's dict, where types that are made at run time have it.
            unsafe {
                let kind = kind.as_type_ptr();
                let name = CStr::from_ptr((*kind).tp_name).to_bytes_with_nul();
                let start =
                    name.iter().rposition(|byte| *byte == b'.').map_or(0, |dot| dot + 1);
                (*kind).tp_name = name[start..].as_ptr().cast();
            }
        }
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        if !interpreter_is_main() {
            return Err(PyImportError::new_err(
                "raddle's primitives are for the main interpreter: a subinterpreter would share \
                 their types with it",
            ));
        }
        crate::interned::prepare(module);
        #[cfg(raddle_doors)]
        crate::instances::prepare(module.py());
        crate::names::prepare(module.py())?;
        crate::fork::watch();
        crate::frame::prepare(module.py());
        crate::checks::prepare();
        crate::profile::prepare();
        crate::deadlock::prepare(module)?;
        crate::fresh::prepare(module)?;
        crate::bare::prepare(module.py())?;
        crate::context::prepare(module.py())?;
        crate::queue::prepare(module)?;
        crate::interned::prepare_errors(module);
        look_like_python(module.py());
        // Where they are once raddle is installed, as pickling wants to know.
        for name in ["start_joinable_thread", "start_new_thread", "_make_thread_handle"] {
            module.getattr(name)?.setattr("__module__", "_thread")?;
        }
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
