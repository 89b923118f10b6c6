//! The Python face of raddle: arguments, reprs, errors and garbage collection, nothing else.
//!
//! Every algorithm is in the crate `raddle`; this one exports it to the interpreter that it was
//! built for. What an unwinding or finalizing interpreter demands is in the rooms `blocking` and
//! `python`. A room uses those before it in the list, and none after it:
//! `tests/house/test_rooms_face.py`.

/// Declares what the interpreter has, and PyO3 does not name. (Windows has to be told which library
/// has it: `build.rs` says which interpreter this is for.)
macro_rules! interpreter {
    (in $($dll:literal)*: extern $abi:literal $items:tt) => {
        $(#[cfg_attr(all(windows, raddle_dll = $dll), link(name = $dll, kind = "raw-dylib"))])*
        unsafe extern $abi $items
    };
    ($abi:literal: $($item:tt)*) => {
        interpreter! {
            in "python311" "python312" "python313" "python314" "python314t" "python315"
            "python315t": extern $abi { $($item)* }
        }
    };
    ($($item:tt)*) => { interpreter! { "C": $($item)* } };
}

mod python;

mod sites;

mod blocking;

mod locks;

mod threads;

mod queue;

mod futures;

mod stream;

mod scopes;

mod sync;

mod diagnose;

mod dump;

#[cfg(Py_3_12)]
mod race;

use pyo3::prelude::*;

/// raddle's primitives; `raddle.threading` is their public home.
#[pymodule(gil_used = false)]
mod _raddle {
    #[pymodule_export]
    use crate::blocking::bystanders::natives;
    #[pymodule_export]
    use crate::diagnose::aside::{aside, is_aside};
    #[pymodule_export]
    use crate::diagnose::contention::{counted, profile, tallies, waited};
    #[pymodule_export]
    use crate::diagnose::deadlock::{detect, doubt_for, forks, main_ident, owner, waits};
    #[pymodule_export]
    use crate::diagnose::handler_aside::Handler;
    #[pymodule_export]
    use crate::diagnose::lock_order::{check_order, made};
    #[pymodule_export]
    use crate::diagnose::marker::show_sign;
    #[pymodule_export]
    use crate::diagnose::stacks::moment;
    #[pymodule_export]
    use crate::diagnose::turns::{
        Schedules, are_alone, choices_of, choose_cores, cores, hold_turns, move_time,
        on_all_cores, point, reuse_threads, sleep_in_turns, smallest, starts, time_of_turns,
        touch_anything, word_of,
    };
    #[cfg(windows)]
    #[pymodule_export]
    use crate::dump::processes::processes;
    #[pymodule_export]
    use crate::dump::{
        asking::{Asked, listens},
        listening::{is_listening, listen},
    };
    #[pymodule_export]
    use crate::futures::executor::Executor;
    #[pymodule_export]
    use crate::futures::first_completed::Completed;
    #[pymodule_export]
    use crate::futures::function::quicken;
    #[pymodule_export]
    use crate::futures::state::Future;
    #[pymodule_export]
    use crate::futures::workqueue::{WorkItem, WorkQueue};
    #[pymodule_export]
    use crate::locks::barrier::Barrier;
    #[pymodule_export]
    use crate::locks::condition::Condition;
    #[pymodule_export]
    use crate::locks::event::Event;
    #[pymodule_export]
    use crate::locks::guard::Guard;
    #[pymodule_export]
    use crate::locks::lock::{Lock, signal_lock};
    #[pymodule_export]
    use crate::locks::rlock::RLock;
    #[pymodule_export]
    use crate::locks::semaphore::{BoundedSemaphore, Semaphore};
    #[pymodule_export]
    use crate::python::hooks::equip;
    #[pymodule_export]
    use crate::python::replaceable::publish;
    #[pymodule_export]
    use crate::queue::{
        kinds::LifoQueue, kinds::PriorityQueue, simple::SimpleQueue, state::Queue,
    };
    #[cfg(Py_3_12)]
    #[pymodule_export]
    use crate::race::{
        sites::{look_at, make_points},
        watch::{Sent, check, ends, probe, tell_again},
    };
    #[pymodule_export]
    use crate::scopes::block::Block;
    #[pymodule_export]
    use crate::scopes::reach::{all_inside, await_bell, reached, scopes_forked, unwatch};
    #[pymodule_export]
    use crate::scopes::scope::{Scope, checkpoint, deadline, ident, remaining, shield};
    #[pymodule_export]
    use crate::scopes::sleep::sleep;
    #[pymodule_export]
    use crate::stream::{fast::quicken_stream, stream::Stream, worker::StreamWorker};
    #[pymodule_export]
    use crate::sync::{
        atomic_int::AtomicInt,
        atomic_ref::AtomicRef,
        latch::Latch,
        once::Once,
        rwlock::{RWLock, Side, TimedSide},
    };
    #[pymodule_export]
    use crate::threads::exit::{close, count, settle, shutdown};
    #[pymodule_export]
    use crate::threads::fork::{before_fork, forked};
    #[pymodule_export]
    use crate::threads::handle::{ThreadHandle, make_handle_for, make_thread_handle};
    #[pymodule_export]
    use crate::threads::start::{start_joinable_thread, start_new_thread};
    #[cfg(not(Py_3_12))]
    #[pymodule_export]
    use crate::{scopes::reach::raise_in, threads::async_exc::raise_in_thread};

    use std::ffi::CStr;

    use pyo3::exceptions::PyImportError;
    use pyo3::ffi;
    use pyo3::prelude::*;

    use crate::blocking::report::Report;
    use crate::locks::mutex::Mutex;
    use crate::python::allocate;

    /// Whether the calling thread is attached to the process's main interpreter.
    fn interpreter_is_main() -> bool {
        interpreter! {
            fn PyInterpreterState_Main() -> *mut ffi::PyInterpreterState;
        }
        // SAFETY: the first needs an attached thread, which a module's initialisation is; the
        // second needs nothing.
        unsafe { ffi::PyInterpreterState_Get() == PyInterpreterState_Main() }
    }

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

    /// Guards what makes the instances of the module's classes.
    #[cfg(raddle_exit_guards)]
    fn guard(py: Python<'_>) {
        crate::python::instances::guard_instances!(
            py,
            Barrier,
            crate::scopes::block::Block,
            BoundedSemaphore,
            Condition,
            crate::diagnose::aside::Errand,
            Event,
            Executor,
            Future,
            Guard,
            Handler,
            Asked,
            crate::dump::listening::Listener,
            LifoQueue,
            Lock,
            PriorityQueue,
            Queue,
            RLock,
            Schedules,
            Scope,
            Semaphore,
            SimpleQueue,
            crate::sync::atomic_int::AtomicInt,
            crate::sync::atomic_ref::AtomicRef,
            crate::sync::latch::Latch,
            crate::sync::once::Once,
            crate::sync::rwlock::RWLock,
            crate::sync::rwlock::Side,
            crate::sync::rwlock::TimedSide,
            Stream,
            StreamWorker,
            ThreadHandle,
            Completed,
            WorkItem,
            WorkQueue,
        );
        #[cfg(Py_3_12)]
        crate::python::instances::guard_instances!(py, Sent);
    }

    /// Finds out where objects have their Rust values.
    fn locate(py: Python<'_>) -> PyResult<()> {
        allocate::prepare(&[
            allocate::offset(&Bound::new(py, Lock::create())?),
            allocate::offset(&Bound::new(py, RLock::create())?),
            allocate::offset(&Bound::new(py, Condition::reentrant(py)?)?),
            allocate::offset(py.get_type::<Event>().call0()?.cast::<Event>()?),
            allocate::offset(&Bound::new(py, SimpleQueue::create())?),
            allocate::offset(&Bound::new(py, Future::create())?),
        ]);
        Ok(())
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        if !interpreter_is_main() {
            return Err(PyImportError::new_err(
                "raddle's primitives are for the main interpreter: a subinterpreter would share \
                 their types with it",
            ));
        }
        crate::python::interned::prepare(module);
        #[cfg(raddle_exit_guards)]
        guard(module.py());
        crate::python::replaceable::prepare(module.py())?;
        crate::threads::fork::watch();
        crate::blocking::main_thread::prepare(module.py());
        crate::sites::innermost::prepare(module.py());
        crate::blocking::report::prepare(Report {
            deadlock: crate::diagnose::deadlock::tell,
            inversion: crate::diagnose::lock_order::tell,
        });
        crate::diagnose::lock_order::prepare();
        crate::diagnose::contention::prepare();
        locate(module.py())?;
        crate::locks::fast_lock::prepare(module)?;
        crate::sync::fast_int::prepare(module.py())?;
        crate::locks::fast_condition::prepare(module.py())?;
        crate::python::context::prepare(module.py())?;
        crate::queue::overridden::prepare(module)?;
        crate::python::interned::prepare_errors(module);
        #[cfg(Py_3_12)]
        crate::race::watch::prepare(module)?;
        look_like_python(module.py());
        // Where they are once raddle is installed, as pickling wants to know.
        for name in ["start_joinable_thread", "start_new_thread", "_make_thread_handle"] {
            module.getattr(name)?.setattr("__module__", "_thread")?;
        }
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
