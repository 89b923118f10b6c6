//! Reports are made in another thread, aside, so that no signal handler interrupts them.
//!
//! CPython runs signal handlers between two steps of Python code in the main thread, and in no
//! other. If the main thread made a report, a handler's exception could end it anywhere: the
//! report would be lost, and the traceback would show raddle's lines. So another thread makes
//! it, and the main thread waits here, in Rust. Handlers run as in any wait, and what they
//! raise is raised after the report, in the program's own line.
//!
//! Rejected: catching what a handler raised and beginning again. It can be any exception, and
//! it can come after the text is written and before that is noted, so that it is written twice.

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use raddle::deadlock::{Deadlock, Verdict};
use raddle::thread::Handle;
use raddle::{Blocking, Deadline, Parker, Wake};

use crate::blocking::attached::Attached;
use crate::blocking::main_thread::is_main_thread;
use crate::python::call::{self, OwnedPy};
use crate::python::hooks::Hook;
use crate::python::interned::intern;
use crate::python::registry;
use crate::threads::start;

/// How long the main thread waits for a report, in nanoseconds. Only a standard error that is
/// full, or an import that waits for this thread, takes so long.
const LONGEST: i64 = 20_000_000_000;
/// How long it waits once a handler has raised. (Once another has, it does not wait.)
const GRACE: i64 = 5_000_000_000;

thread_local! {
    /// Whether the calling thread does such work.
    static TELLING: Cell<bool> = const { Cell::new(false) };
    /// Whether it is there for nothing else.
    static ASIDE: Cell<bool> = const { Cell::new(false) };
    /// How often something was done aside for it.
    static RUNS: Cell<u32> = const { Cell::new(0) };
    /// Whether it looks for signals that came late.
    static LATE: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread makes a report: what it finds meanwhile is not reported.
pub(crate) fn is_telling() -> bool {
    TELLING.get()
}

/// Whether the calling thread exists only to make reports, and is no thread of the program's.
#[pyfunction]
#[pyo3(name = "_is_aside")]
pub(crate) fn is_aside() -> bool {
    ASIDE.get()
}

/// The calling thread is there for nothing but reports, from now on.
pub(crate) fn settle_aside() {
    ASIDE.set(true);
    TELLING.set(true);
}

type Work = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// Work for another thread, and what came of it.
#[pyclass(frozen, module = "raddle._raddle", name = "_Errand")]
pub(crate) struct Errand {
    work: Mutex<Option<Work>>,
    outcome: Mutex<Option<PyResult<OwnedPy>>>,
}

#[pymethods]
impl Errand {
    fn __call__(&self, py: Python<'_>) {
        ASIDE.set(true);
        let outcome = self.run(py);
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
    }
}

impl Errand {
    /// Does the work, if nobody has.
    fn run(&self, py: Python<'_>) -> Option<PyResult<OwnedPy>> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let outer = TELLING.replace(true);
        let outcome = work(py);
        TELLING.set(outer);
        Some(outcome.map(OwnedPy::new))
    }

    /// What came of it, if it is done. (A handler may have forked: in the child, a thread of
    /// the parent's may hold the lock.)
    fn outcome(&self) -> Option<PyResult<OwnedPy>> {
        self.outcome.try_lock().ok()?.take()
    }
}

/// What came of work that was done aside.
struct Done {
    /// What it returned or raised; `None` if it is not done yet.
    outcome: Option<PyResult<OwnedPy>>,
    /// What a signal's handler has raised meanwhile.
    interrupt: Option<PyErr>,
}

/// Does `work` where no handler of a signal can interrupt it.
fn run(py: Python<'_>, work: Work) -> PyResult<Done> {
    let work = Mutex::new(Some(work));
    let errand = Bound::new(py, Errand { work, outcome: Mutex::new(None) })?;
    let handle = Arc::new(Handle::new());
    // (Up to 3.11, a thread that waits for an import must not import anything meanwhile.)
    let apart = is_main_thread() || cfg!(not(Py_3_12));
    let aside = apart && start::start_plain(&handle, &errand).is_ok();
    if !aside {
        // No handler runs here, or no thread can be started.
        return Ok(match errand.get().run(py) {
            Some(Err(error)) if !error.is_instance_of::<PyImportError>(py) => {
                Done { outcome: None, interrupt: Some(bare(py, error)) }
            }
            outcome => Done { outcome, interrupt: None },
        });
    }
    RUNS.set(RUNS.get().wrapping_add(1));
    let interrupt = wait(py, &handle).or_else(|| see_to_signals(py));
    Ok(Done { outcome: errand.get().outcome(), interrupt })
}

/// Runs the handlers of signals that came when the wait was about to end; returns what one
/// raised.
///
/// The interpreter would do so before the next line of Python. But this may be all that a
/// handler does, called by a system call that goes on afterwards: there is no such line then.
fn see_to_signals(py: Python<'_>) -> Option<PyErr> {
    if LATE.replace(true) {
        return None; // The call that looks already looks again: signals may come faster than they go.
    }
    let raised = loop {
        let before = RUNS.get();
        match py.check_signals() {
            Ok(()) if RUNS.get() != before => {}
            outcome => break outcome.err(),
        }
    };
    LATE.set(false);
    raised
}

/// Waits for the thread that does the work; returns what a signal's handler has raised
/// meanwhile.
fn wait(py: Python<'_>, handle: &Handle) -> Option<PyErr> {
    let mut waiting = Waiting { attached: Attached::new(py).shielded() };
    let mut interrupt: Option<PyErr> = None;
    let mut until = Deadline::after_nanos(LONGEST);
    loop {
        let joined = handle.join_with(&mut waiting, until);
        waiting.attached.attach();
        let Err(raised) = joined else { return interrupt };
        match (raised, interrupt.take()) {
            (None, before) => return before,
            (Some(second), Some(first)) => {
                second.set_context(py, Some(first));
                return Some(second);
            }
            (first, None) => interrupt = first,
        }
        until = Deadline::after_nanos(GRACE);
    }
}

/// An exception without the lines of raddle that it went through.
fn bare(py: Python<'_>, error: PyErr) -> PyErr {
    error.set_traceback(py, None);
    error
}

/// Calls `callback(*arguments)` to make a report; imports its module if need be.
///
/// Returns what the callback answers, unless that is None: an exception that is to be raised,
/// as a rule. A callback can also return a function to be called here, in the thread that has
/// found it, and its arguments; what this returns counts then.
///
/// # Errors
/// What a signal handler raised, or what else ended the report from outside.
pub(crate) fn tell<'py>(
    py: Python<'py>,
    callback: &'static Hook,
    arguments: Bound<'py, PyTuple>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let arguments = OwnedPy::new(arguments.into_any().unbind());
    let work = move |py: Python<'_>| {
        if callback.get().is_none() {
            import(py, callback.module())?;
        }
        let Some(callback) = callback.get() else { return Ok(py.None()) };
        let arguments = arguments.into_inner().into_bound(py).cast_into::<PyTuple>()?;
        call::call(callback.bind(py), &arguments, None).map(Bound::unbind)
    };
    let Done { outcome, interrupt } = run(py, Box::new(work))?;
    if let Some(interrupt) = interrupt {
        return Err(interrupt);
    }
    // (It could not be imported: the interpreter is about to end.)
    let Some(Ok(answer)) = outcome else { return Ok(None) };
    let mut answer = answer.get().bind(py).clone();
    if let Ok(call) = answer.cast::<PyTuple>() {
        let (function, rest) = (call.get_item(0)?, call.get_slice(1, call.len()));
        let returned = call::call(&function, &rest, None);
        answer = returned.map_err(|error| bare(py, error))?;
    }
    Ok((!answer.is_none()).then_some(answer))
}

fn import(py: Python<'_>, module: &str) -> PyResult<()> {
    let builtins = registry::module(py, "builtins");
    let builtins = builtins.ok_or_else(|| PyImportError::new_err("no builtins"))?;
    let import = call::getattr(&builtins, intern!(py, "__import__"))?;
    call::call1(&import, module.into_pyobject(py)?.as_any()).map(drop)
}

/// Calls `function(*arguments)` in a thread in which no handler of a signal can interrupt it,
/// and waits for it, at most 20 seconds, or five once a handler has raised.
///
/// Returns None. Raises what a signal's handler has raised meanwhile, and otherwise what the
/// function has.
#[pyfunction]
#[pyo3(name = "_aside", signature = (function, *arguments))]
pub(crate) fn aside(
    py: Python<'_>,
    function: Py<PyAny>,
    arguments: Bound<'_, PyTuple>,
) -> PyResult<()> {
    let (function, arguments) = (OwnedPy::new(function), arguments.unbind());
    let work = move |py: Python<'_>| {
        call::call(function.get().bind(py), arguments.bind(py), None).map(Bound::unbind)
    };
    let Done { outcome, interrupt } = run(py, Box::new(work))?;
    match (interrupt, outcome) {
        (Some(error), _) | (None, Some(Err(error))) => Err(error),
        (None, _) => Ok(()),
    }
}

/// The main thread's wait for what is done aside.
struct Waiting<'py> {
    attached: Attached<'py>,
}

impl Blocking for Waiting<'_> {
    /// `None` if there is nothing to wait for.
    type Interrupt = Option<PyErr>;

    fn detach(&mut self) {
        self.attached.detach();
    }

    fn attach(&mut self) {
        self.attached.attach();
    }

    fn woken_spinning(&mut self) {
        self.attached.woken_spinning();
    }

    fn woken_sleeping(&mut self) {
        self.attached.woken_sleeping();
    }

    fn poll(&mut self) -> Result<(), Self::Interrupt> {
        self.attached.poll().map_err(Some)
    }

    fn sleep(&mut self, parker: &Parker, until: Deadline) -> Wake {
        self.attached.sleep(parker, until)
    }

    fn on_signal(&mut self) -> Result<(), Self::Interrupt> {
        self.attached.on_signal().map_err(Some)
    }

    /// A loader of the program's, asked for source, may want a lock that this thread has.
    fn on_deadlock(&mut self, _: &Deadlock) -> Result<Verdict, Self::Interrupt> {
        Err(None)
    }
}
