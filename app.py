#!/usr/bin/env python3
"""The CDK app: every lab is a stack, LabN. It is yours once you have started the lab, until then the worked one.

cdk ls                        every lab
cdk deploy Lab1 -c labs=1     only Lab 1 is built
cdk synth Lab1 -c code=worked (or starter, or a file)
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main():
    """Mount the labs, in .venv when this Python lacks what they need."""
    in_venv = Path(sys.prefix).resolve() == VENV.resolve()
    in_any_venv = sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ
    able = sys.version_info >= (3, 11) and importlib.util.find_spec("aws_cdk") is not None
    if not in_venv and PYTHON.exists() and not (able and in_any_venv):
        hand_over()
    if not able:
        sys.exit("The labs' packages are not installed for this Python; ./lab doctor installs what is missing.")
    from preflight.mount import main as mount_labs

    mount_labs(ROOT)


def hand_over():
    """Go on in .venv's Python; does not return."""
    command = [str(PYTHON), str(ROOT / "app.py"), *sys.argv[1:]]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
