"""A Jupyter kernel on raddle, used as a notebook uses it."""

import os
import sys
import time
from pathlib import Path

import notebook
import process
from process import IDLE, PATIENCE, check


def use(options, folder):
    """Start a kernel, run cells, interrupt one, and shut it down; return what was done."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import KernelManager

    log = Path(folder, "log")
    os.environ["IPYTHONDIR"] = folder
    manager = KernelManager()
    manager._kernel_spec = KernelSpec(
        argv=process.command(["-m", "ipykernel_launcher", "-f", "{connection_file}"], options),
        interrupt_mode="signal",
    )
    streams = []
    with open(log, "wb") as output:
        manager.start_kernel(stdout=output, stderr=output, env=process.environment())
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=PATIENCE)
            for source, wanted in notebook.CELLS:
                found = execute(client, source, streams)
                check(found == (wanted, None), f"{source}\ngave {found}, not {wanted!r}")

            def interrupt():
                time.sleep(0 if options else IDLE)  # as long as it takes a user
                manager.interrupt_kernel()

            found = execute(client, notebook.WAITS, streams, interrupt)
            check(found == ("waiting\n", "KeyboardInterrupt"), f"an interrupt gave {found}")
            found = execute(client, "print(sum(pool.map(slowly, range(4))))", streams)
            check(found == ("14\n", None), f"after an interrupt: {found}")
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=sys.exc_info()[0] is not None)
    text = log.read_text("utf-8", "replace") + "".join(streams)
    check(not process.alarms(text), f"raddle said:\n{text}")
    check("Traceback" not in text, f"it printed a traceback:\n{text}")
    return f"{len(notebook.CELLS)} cells, and one interrupted"


def execute(client, source, streams, meanwhile=None):
    """Run a cell; return what it printed, and its exception's name or None."""
    ask = client.execute(source)
    printed, error = [], None
    while True:
        message = client.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") != ask:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            streams.append(content["text"])
            if content["name"] == "stdout":
                printed.append(content["text"])
                if meanwhile is not None:
                    meanwhile()
        elif kind == "error":
            error = content["ename"]
        elif kind == "status" and content["execution_state"] == "idle":
            return "".join(printed), error
