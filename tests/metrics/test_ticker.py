"""Ticks come at each interval, and once more when a process ends, however it ends."""

import asyncio
import subprocess
import sys

from connect_ext.metrics.ticker import Ticker

PROGRAM = """
import asyncio, logging, multiprocessing, sys, threading
from connect_ext.metrics.ticker import Ticker

async def work(begins):
    ticker = Ticker(900, lambda is_last: print("tick", is_last, threads(), flush=True))
    if begins:
        ticker.begin()

def threads():
    # Those that bring the log to Connect end with the main thread.
    return threading.main_thread().is_alive()

def worker(begins):
    asyncio.new_event_loop().run_until_complete(work(begins))

if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=worker, args=(sys.argv[1] == "1",))
    process.start()
    process.join()
    print("exit", process.exitcode)
"""


async def ticks_after(ticker, ticks, number):
    ticker.begin()
    while len(ticks) < number:
        await asyncio.sleep(0.005)


async def test_ticks_come_until_the_end_which_has_its_own():
    ticks = []
    ticker = Ticker(0.01, ticks.append)
    await ticks_after(ticker, ticks, 3)
    ticker.end()
    assert ticks[-1] is True
    assert not any(ticks[:-1])
    number = len(ticks)
    ticker.end()
    await asyncio.sleep(0.05)
    assert len(ticks) == number


async def test_a_second_beginning_changes_nothing():
    ticks = []
    ticker = Ticker(1.0, ticks.append)
    for _ in range(10):
        ticker.begin()
    await ticks_after(ticker, ticks, 1)
    ticker.end()
    assert ticks == [False, True]


def test_a_ticker_that_has_not_begun_has_no_end():
    ticks = []
    Ticker(900, ticks.append).end()
    assert ticks == []


async def test_a_failed_tick_is_followed_by_the_next():
    ticks, told = [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    def tick(is_last):
        ticks.append(is_last)
        if len(ticks) == 1:
            raise ArithmeticError

    ticker = Ticker(0.01, tick)
    await ticks_after(ticker, ticks, 2)
    ticker.end()
    assert len(told) == 1


def ended(tmp_path, begins):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), begins]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_an_ending_worker_ticks_while_its_main_thread_still_lives(tmp_path):
    assert ended(tmp_path, "1") == ["tick True True", "exit 0"]


def test_a_worker_without_a_task_ends_silently(tmp_path):
    assert ended(tmp_path, "0") == ["exit 0"]
