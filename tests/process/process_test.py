"""Whole binaries as processes: signals, closed pipes, full disks, terminals."""

import fcntl
import os
import signal
import socket
import subprocess
import termios
import threading
import time
import unittest
from pathlib import Path

from support import AI, BIN, PATIENCE, environment, on_terminal, run


class DeafServer:
    """Accepts connections, reads what comes and never answers."""

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._connections = []
        self.asked = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._connections.append(connection)
            if connection.recv(65536):
                self.asked.set()

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._connections:
            connection.close()


class Signals(unittest.TestCase):
    def test_end_a_request_that_is_never_answered(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number), DeafServer() as server:
                process = subprocess.Popen(
                    [AI, "version", "--server", server.url, "--request-timeout=1h"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
                self.assertTrue(server.asked.wait(PATIENCE), "no request came")
                process.send_signal(number)
                out, err = process.communicate(timeout=PATIENCE)
                self.assertEqual(process.returncode, 130, err)
                self.assertTrue(out.startswith("Client Version: "), out)
                self.assertEqual(err.count("error:"), 1, err)

    def test_stay_ignored_when_the_parent_ignores_them(self):
        with DeafServer() as server:
            process = subprocess.Popen(
                ["/bin/sh", "-c", 'trap "" HUP INT; exec "$@"', "sh", AI, "version", "--server",
                 server.url, "--request-timeout=1h"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
            self.assertTrue(server.asked.wait(PATIENCE), "no request came")
            status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
            ignored = next(int(line.split()[1], 16) for line in status
                           if line.startswith("SigIgn:"))
            for number in (signal.SIGHUP, signal.SIGINT):
                self.assertTrue(ignored & 1 << (number - 1), number)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 130)


class Input(unittest.TestCase):
    """Commands that wait for somebody to write."""

    def interrupt(self, name, *arguments):
        process = subprocess.Popen([BIN / name, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=environment())
        process.stdin.write("apiVersion: v1\n")
        process.stdin.flush()
        # Once the pipe is empty, it waits for more.
        deadline = time.monotonic() + PATIENCE
        while any(fcntl.ioctl(process.stdin, termios.FIONREAD, b"\0" * 4)):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        # Kept open: an end of the input must not be what ends it.
        process.wait(timeout=PATIENCE)
        process.stdin.close()
        error = process.stderr.read()
        output = process.stdout.read()
        process.stdout.close()
        process.stderr.close()
        return process.returncode, output, error

    def test_an_interrupted_one_ends_with_130(self):
        for name, *arguments in (("kubectl-ai-gpu", "setup", "-f", "-"), ("kubectl-ai-audit", "-f", "-")):
            with self.subTest(name):
                self.assertEqual(self.interrupt(name, *arguments),
                                 (130, "", "error: interrupted while reading the input\n"))


class Pipes(unittest.TestCase):
    def test_a_reader_that_went_away_ends_us_quietly(self):
        reading, writing = os.pipe()
        os.close(reading)
        done = run("options", stdout=writing, stderr=subprocess.PIPE, capture_output=False)
        os.close(writing)
        self.assertEqual(done.returncode, -signal.SIGPIPE)
        self.assertEqual(done.stderr, "")

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = run("options", stdout=full, stderr=subprocess.PIPE, capture_output=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr, "error: cannot write the output: No space left on device\n")


class Terminals(unittest.TestCase):
    def test_colour_is_for_terminals_that_want_it(self):
        self.assertIn("\x1b[1mUsage:\x1b[0m", on_terminal("--help"))
        self.assertIn("\x1b[31merror:\x1b[0m", on_terminal("frobnicate"))
        self.assertNotIn("\x1b", on_terminal("--help", NO_COLOR="1"))
        self.assertIn("\x1b", on_terminal("--help", NO_COLOR=""))
        self.assertNotIn("\x1b", run("--help").stdout)
        self.assertIn("\x1b", run("options", "--color=always").stdout)
        self.assertNotIn("\x1b", on_terminal("options", "--color=never"))

    def test_dumb_terminals_get_plain_text(self):
        self.assertNotIn("\x1b", on_terminal("--help", TERM="dumb"))

    def test_help_fits_the_terminal(self):
        for columns in (60, 80):
            lines = on_terminal("options", columns=columns, NO_COLOR="1").splitlines()
            self.assertGreater(len(lines), 20)
            self.assertLessEqual(max(map(len, lines)), columns)
        # Wider than 100 is hard to read.
        lines = on_terminal("options", columns=300, NO_COLOR="1").splitlines()
        self.assertLessEqual(max(map(len, lines)), 100)


if __name__ == "__main__":
    unittest.main()
