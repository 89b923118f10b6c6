"""`raddle run` works however raddle was installed, or says why it cannot."""

import ast
import shutil

import pytest
from environments import PACKAGE, Environment, put
from programs import PATCHED

pytestmark = pytest.mark.raddle_only

ON_RADDLE = "True True True\n"


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("empty") / "env")


@pytest.fixture
def bare(empty, tmp_path):
    """An environment without raddle, and a program in the test's folder."""
    (tmp_path / "app.py").write_text(PATCHED)
    return empty


def test_in_a_folder_that_a_pth_file_adds(tmp_path):
    """As `uv run --with raddle` has it."""
    (tmp_path / "app.py").write_text(PATCHED)
    env = Environment(tmp_path / "env")
    folder = put(tmp_path / "elsewhere")
    (env.site / "overlay.pth").write_text(f"import site; site.addsitedir({str(folder)!r})\n")
    done = env.raddle("run", tmp_path / "app.py")
    assert (done.stdout, done.stderr) == (ON_RADDLE, "")
    assert env.run(tmp_path / "app.py", RADDLE="1").stdout == ON_RADDLE


def test_in_a_folder_of_pythonpath(bare, tmp_path):
    """As `pip install --target` has it; children run on raddle, too."""
    folder = put(tmp_path / "target")
    done = bare.raddle("run", tmp_path / "app.py", PYTHONPATH=str(folder))
    assert (done.stdout, done.stderr) == (ON_RADDLE, "")
    (tmp_path / "parent.py").write_text(
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, {str(tmp_path / 'app.py')!r}])\n"
    )
    done = bare.raddle("run", tmp_path / "parent.py", PYTHONPATH=str(folder))
    assert (done.stdout, done.stderr) == (ON_RADDLE, "")


def test_in_a_folder_of_pythonpath_the_program_sees_the_same_path(bare, tmp_path):
    folder = put(tmp_path / "target")
    (tmp_path / "path.py").write_text("import sys; print(sys.path, sorted(sys.modules)[-3:])")
    plain = bare.run(tmp_path / "path.py", PYTHONPATH=str(folder))
    done = bare.raddle("run", tmp_path / "path.py", PYTHONPATH=str(folder))
    assert (done.stdout, done.stderr) == (plain.stdout, "")
    # (Some systems' interpreters have a sitecustomize of their own.)
    code = "import sys; print(getattr(sys.modules.get('sitecustomize'), '__file__', None))"
    plain = bare.run("-c", code, PYTHONPATH=str(folder))
    assert bare.raddle("run", "-c", code, PYTHONPATH=str(folder)).stdout == plain.stdout


def test_in_the_current_folder_only(bare, tmp_path):
    """Where the program, which has another one, could not import it."""
    folder = put(tmp_path / "target")
    done = bare.raddle("run", tmp_path / "app.py", cwd=folder)
    assert (done.stdout, done.stderr) == (ON_RADDLE, "")


def test_the_sitecustomize_that_was_there_is_run(bare, tmp_path):
    folder = put(tmp_path / "target")
    (folder / "sitecustomize.py").write_text("word = 'ours'\n")
    code = "import sitecustomize, raddle; print(sitecustomize.word, raddle.installed())"
    assert bare.raddle("run", "-c", code, PYTHONPATH=str(folder)).stdout == "ours True\n"


@pytest.mark.parametrize("option", ["-E", "-I"])
def test_an_option_that_leaves_raddle_out_is_refused(bare, tmp_path, option):
    folder = put(tmp_path / "target")
    done = bare.raddle("run", option, tmp_path / "app.py", PYTHONPATH=str(folder))
    assert (done.returncode, done.stdout) == (2, "")
    told = f"raddle: {option} leaves out PYTHONPATH ({folder}), where raddle is. "
    assert done.stderr.startswith(told)
    assert f"{bare.python} -m venv .venv" in done.stderr


def test_in_the_users_site_packages(tmp_path):
    (tmp_path / "app.py").write_text(PATCHED)
    env = Environment(tmp_path / "env", "--system-site-packages")
    if env.run("-c", "import raddle").returncode == 0:
        pytest.skip("raddle is installed into the interpreter below this environment")
    base = str(tmp_path / "user")
    folder = put(env.user_site(base))
    for options in ([], ["-s"], ["-E"], ["-u", "-X", "dev"]):
        done = env.raddle("run", *options, tmp_path / "app.py", PYTHONUSERBASE=base)
        assert (done.stdout, done.stderr) == (ON_RADDLE, "")
    done = env.raddle("run", "-I", tmp_path / "app.py", PYTHONUSERBASE=base)
    assert (done.returncode, done.stdout) == (2, "")
    told = f"raddle: -I leaves out the user's site-packages ({folder}), where raddle is. "
    assert done.stderr.startswith(told)


def test_raddle_may_be_imported_anew(empty):
    """As tracers have it, which take what they have imported out of sys.modules again."""
    code = """
import sys, raddle
raddle.install()
import threading
for name in list(sys.modules):
    if name.partition(".")[0] in ("raddle", "threading", "queue"):
        del sys.modules[name]
import threading, queue, raddle
items = queue.Queue()
thread = threading.Thread(target=items.put, args=("ran",))
thread.start(); thread.join()
print(items.get(), isinstance(threading.Event(), raddle._raddle.Event))
"""
    done = empty.run("-c", code, PYTHONPATH=str(PACKAGE.parent))
    assert (done.returncode, done.stdout, done.stderr) == (0, "ran True\n", "")


def test_in_an_archive_it_is_said_why_it_cannot_be_loaded(bare, tmp_path):
    home = tmp_path / "app"
    shutil.copytree(PACKAGE, home / "raddle", ignore=shutil.ignore_patterns("*.so", "*.pyc"))
    (home / "__main__.py").write_text("import raddle\n")
    shutil.make_archive(str(tmp_path / "app"), "zip", home)
    done = bare.run(tmp_path / "app.zip")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "ImportError: raddle cannot be used from an archive "
    )


def test_pyinstaller_finds_what_it_has_to_know():
    from raddle._install import pyinstaller

    (home,) = pyinstaller.hook_dirs()
    assert home == str(PACKAGE / "_install" / "pyinstaller")
    compile(
        (PACKAGE / "_install" / "pyinstaller" / "hook-raddle.py").read_text(), "hook", "exec"
    )
    hooks = ast.literal_eval((PACKAGE / "_install/pyinstaller/rthooks.dat").read_text())
    for name in hooks["raddle"]:
        assert (PACKAGE / "_install" / "pyinstaller" / "rthooks" / name).exists()
    settings = PACKAGE.parents[1] / "pyproject.toml"
    if settings.exists():
        entry = 'hook-dirs = "raddle._install.pyinstaller:hook_dirs"'
        assert f"[project.entry-points.pyinstaller40]\n{entry}\n" in settings.read_text()
