"""Runs MiniStack for as long as the process that started it lives.

Standard input is a pipe from that process. When it closes, for whatever reason (even a SIGKILL that the starter
could not see coming), this process group ends: first politely, then for sure.
"""

import os
import signal
import sys
import threading
import time


def end_with_the_starter():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(2)
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=end_with_the_starter, daemon=True).start()

from ministack.app import main  # noqa: E402  (the guard comes first, because this import takes a while)

sys.argv = ["ministack"]
main()
