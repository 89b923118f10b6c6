"""What threads run on, as far as a program can tell."""

import shutil
import subprocess
import sys

import pytest

CODE = """
int call(int (*function)(void)) { return function(); }

int add(int a, int b)
{
    int sum(void) { return a + b; } /* Its address is that of code on the stack. */
    return call(sum);
}
"""

PROGRAM = """
import ctypes, sys

def run(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

run(int)
library = ctypes.CDLL(sys.argv[1])
run(lambda: print(library.add(2, 3)))
"""


@pytest.mark.raddle_only
@pytest.mark.skipif(sys.platform != "linux", reason="others have no such libraries")
def test_a_library_that_runs_code_on_stacks_finds_them_executable(child, tmp_path):
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("functions within functions are gcc's")
    source, library = tmp_path / "nested.c", tmp_path / "nested.so"
    source.write_text(CODE)
    options = ["-shared", "-fPIC", "-O0", "-z", "execstack", "-w"]
    subprocess.run([compiler, *options, "-o", library, source], check=True)
    loads = f"import ctypes; ctypes.CDLL({str(library)!r})"
    if subprocess.run([sys.executable, "-c", loads], capture_output=True).returncode:
        pytest.skip("this system does not load such libraries")
    assert child(PROGRAM, arguments=[str(library)]).stdout == "5\n"
