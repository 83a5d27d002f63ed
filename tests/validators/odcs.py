"""Lints data contracts as `datacontract lint` does, in one process: says each file's result.

.tools/odcs/bin/python odcs.py FILE...
"""

import sys
from importlib import import_module
from pathlib import Path

DataContract = import_module("datacontract.data_contract").DataContract

for name in sys.argv[1:]:
    run = DataContract(data_contract_file=name).lint()
    said = [f" ({each.reason})" for each in run.checks if each.reason]
    sys.stdout.write(f"{Path(name).name}: {run.result.value}{''.join(said)}\n")
