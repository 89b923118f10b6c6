//! Passes the interpreter's version and build flags (`Py_3_13`, `Py_GIL_DISABLED`) to the code.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
