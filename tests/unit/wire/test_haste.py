"""When reads are put off so that more comes with each of them."""

from boxship.wire.http2.haste import PAUSE, Haste


def test_many_small_reads_make_it_wait_and_a_small_one_ends_that() -> None:
    haste = Haste()
    now = 5.0
    answers = [haste.should_wait(60, now + number * PAUSE / 10) for number in range(40)]
    assert answers.index(True) == 16 and not answers[17]
    haste = Haste()
    for number in range(17):
        haste.should_wait(60, now + number * PAUSE / 10)
    assert haste.should_wait(5000, now) and haste.should_wait(20_000, now + 1)
    assert not haste.should_wait(200, now + 2)
    assert not haste.should_wait(200, now + 2)


def test_what_is_slow_or_large_is_never_put_off() -> None:
    haste = Haste()
    assert not any(haste.should_wait(60, number * PAUSE * 2) for number in range(100))
    assert not any(haste.should_wait(100_000, number * PAUSE / 10) for number in range(100))
    for number in range(17):
        haste.should_wait(60, 9 + number * PAUSE / 10)
    assert not haste.should_wait(1 << 20, 10)
