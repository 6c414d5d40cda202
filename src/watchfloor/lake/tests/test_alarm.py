"""What takes too long is interrupted once, and nothing else is."""

import threading
import time

from watchfloor.lake.engines.alarm import Alarm


def test_a_block_that_takes_too_long_is_interrupted_once():
    alarm, rung = Alarm(), threading.Event()
    with alarm.after(0.02, rung.set):
        assert rung.wait(5)
    rung.clear()
    time.sleep(0.05)
    assert not rung.is_set()


def test_a_block_that_ends_in_time_is_left_alone():
    alarm, rung = Alarm(), []
    for _ in range(50):
        with alarm.after(0.2, lambda: rung.append(1)):
            pass
    time.sleep(0.3)
    assert rung == []
    assert alarm._waiting == []


def test_the_shorter_of_two_that_wait_rings_first():
    alarm, order, both = Alarm(), [], threading.Event()

    def rings(name: str):
        def ring() -> None:
            order.append(name)
            if len(order) == 2:
                both.set()

        return ring

    with alarm.after(0.2, rings("long")), alarm.after(0.02, rings("short")):
        assert both.wait(5)
    assert order == ["short", "long"]


def test_many_threads_share_it():
    alarm, rung = Alarm(), []

    def work(number: int) -> None:
        for turn in range(100):
            with alarm.after(5 if turn else 0.01, lambda: rung.append(number)):
                time.sleep(0.0001 if turn else 0.1)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rung) == list(range(8))
