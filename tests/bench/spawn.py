"""Runs argv[3:] with its standard output in argv[1] and writes what it took to descriptor argv[2].

A program's peak memory begins with that of the process that starts it, since Linux carries
it over exec. So a process starts it that is smaller than anything that is measured: this
one imports nothing that it can do without.
"""

import os
import sys
import time


def main():
    stdout, result, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    os.set_inheritable(result, False)
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    started = time.perf_counter()
    try:
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    os.write(result, f"{seconds} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss / 1024} {code}".encode())


main()
