"""Every function of the interpreter that the extension calls is guarded, or runs no Python.

(Up to 3.13 a daemon thread that is inside of one when the interpreter ends has its stack
unwound. `crates/raddle-py/src/python/exit_guards.rs` has the list of those that are guarded.)
"""

import gc
import re
import struct
import sys

import pytest
import raddle._raddle

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 14) or sys.platform != "linux",
    reason="only up to 3.13, and with glibc, the end of a thread unwinds its stack",
)

# Why each of these need not be guarded.
HARMLESS = {
    "reads a field, or writes one that was empty": """
        PyCFunction_GetSelf PyCallable_Check PyDict_Next PyDict_Size
        PyErr_ExceptionMatches PyErr_Fetch PyErr_GetHandledException PyErr_GetRaisedException
        PyErr_GivenExceptionMatches PyErr_Occurred PyException_GetContext
        PyException_GetTraceback
        PyFrame_GetCode PyFrame_GetLasti PyFunction_GetCode PyFunction_SetVectorcall
        PyGC_Disable PyGC_Enable PyImport_GetModuleDict PyInterpreterState_Get
        PyInterpreterState_Main PyInterpreterState_ThreadHead PyIter_Check PyModule_GetDict
        PySys_GetObject PyThreadState_Get PyThreadState_GetInterpreter PyThreadState_Next
        PySequence_Check PyThreadState_GetDict PyThread_get_stacksize PyTuple_Size
        PyType_GetName PyType_GetQualName PyType_IsSubtype PyUnstable_Code_GetExtra
        PyUnstable_Code_SetExtra PyVectorcall_Function Py_IsFinalizing
        Py_IsInitialized _Py_IsFinalizing
    """,
    "computes with plain numbers and bytes, or makes what the collector does not look at": """
        PyCode_Addr2Line PyCode_Addr2Location PyFloat_FromDouble PyFrame_GetLineNumber
        PyLong_AsLongLongAndOverflow PyLong_FromLong PyLong_FromLongLong PyLong_FromSize_t
        PyLong_FromSsize_t PyLong_FromUnsignedLongLong PyUnicode_Compare
        PyBytes_FromStringAndSize
        PyUnicode_EqualToUTF8AndSize PyUnicode_FromStringAndSize PyUnicode_InternInPlace
    """,
    "keeps one reference more": "PyList_Append Py_IncRef",
    "gives a frame that has its object already": "PyThreadState_GetFrame",
    "is for an object that has ended already": "PyObject_Free PyObject_GC_UnTrack "
    "PyObject_GC_Track",
    "makes a thread state, or lets go of the GIL, and does not take it": """
        PyEval_SaveThread PyThreadState_DeleteCurrent PyThreadState_New
        _PyThreadState_Prealloc _PyThreadState_SetCurrent
    """,
    "is only noted": """
        PyModuleDef_Init PyUnstable_Eval_RequestCodeExtraIndex Py_AddPendingCall
    """,
    "takes any number of arguments, and is guarded by hand in `call`": """
        PyErr_FormatUnraisable PySys_Audit
    """,
}
DATA = re.compile(r"PyExc_\w+|Py\w+_Type|_Py_\w+Struct|Py_Version")


def symbols(path):
    """Return the names that an ELF file imports, and those that it exports."""
    with open(path, "rb") as file:
        elf = file.read()
    assert elf[:6] == b"\x7fELF\x02\x01", "64 bits, the low byte first"
    start, size, count = (
        *struct.unpack_from("<Q", elf, 40),
        *struct.unpack_from("<2H", elf, 58),
    )
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, start + size * n) for n in range(count)]
    [table] = [each for each in sections if each[1] == 11]  # SHT_DYNSYM
    names = sections[table[6]][4]
    found = {True: set(), False: set()}
    for at in range(table[4], table[4] + table[5], 24):
        name, _, _, section = struct.unpack_from("<IBBH", elf, at)
        text = elf[names + name : elf.index(b"\0", names + name)].decode()
        found[section == 0].add(text)
    return found[True], found[False]


def test_each_function_that_is_imported_is_guarded_or_runs_no_python_code():
    imported, exported = symbols(raddle._raddle.__file__)
    ours = {name for name in imported if re.match("_?Py", name) and not DATA.fullmatch(name)}
    guarded = {name for name in ours if f"__wrap_{name}" in exported}
    harmless = {name for names in HARMLESS.values() for name in names.split()}
    assert guarded & harmless == set()
    assert ours - guarded - harmless == set()
    assert {"_Py_Dealloc", "PyObject_Vectorcall", "PyEval_RestoreThread"} <= guarded


def test_no_guard_is_missing_its_function():
    imported, exported = symbols(raddle._raddle.__file__)
    assert {name for name in imported if name.startswith(("__wrap_", "__real_"))} == set()
    guards = {name.removeprefix("__wrap_") for name in exported if name.startswith("__wrap_")}
    assert guards <= imported


def test_stacks_are_unwound_by_the_library_that_the_c_library_uses():
    # (A linker that has an unwinder of its own would put it in: then every exit with a daemon
    # thread crashes, because it reads what is libgcc's as its own.)
    imported, exported = symbols(raddle._raddle.__file__)
    needed = {"_Unwind_GetLanguageSpecificData", "_Unwind_RaiseException", "_Unwind_Resume"}
    assert needed <= imported
    assert {name for name in exported if name.startswith("_Unwind_")} == set()


def classes():
    found = [each for each in vars(raddle._raddle).values() if isinstance(each, type)]
    assert len(found) >= 19
    return found


def slot(kind, number):
    """Return the address in a slot of a type; the slots are in the order of the C structure."""
    import ctypes

    return ctypes.c_void_p.from_address(id(kind) + 8 * number).value


ALLOCATE = 38  # tp_alloc, in words


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_the_instances_of_each_class_and_subclass_get_guarded_memory(kind):
    plain = slot(object, ALLOCATE)
    assert plain == slot(type("Plain", (), {}), ALLOCATE)
    assert slot(kind, ALLOCATE) != plain
    try:
        sub = type("Sub", (kind,), {})
        sub.__new__(sub)
    except TypeError:
        return  # it cannot have one, or wants arguments: then the next subclass is asked
    assert slot(sub, ALLOCATE) == slot(kind, ALLOCATE)
    deeper = type("Deeper", (sub,), {})
    assert slot(deeper, ALLOCATE) == plain, "the interpreter gives it its own"
    deeper.__new__(deeper)
    assert slot(deeper, ALLOCATE) == slot(kind, ALLOCATE)
    gc.collect()
