"""
Loaded by Python itself in the processes that the bench starts, and in no others: their clock is the bench's, and one
protection may be taken out of them. The service has no switch for either.
"""

import os
from pathlib import Path

if "FAULTS_CLOCK" in os.environ:
    from scripts.faulting.timing import follow

    follow(Path(os.environ["FAULTS_CLOCK"]))
    if "FAULTS_WITHOUT" in os.environ:
        from scripts.faulting.taken_out import take_out

        take_out(os.environ["FAULTS_WITHOUT"])
