"""One error comes out of an inner nursery as itself; several, and groups of the user's own, stay as they were."""

import pytest
import trio

from rejoinder.engine.nurseries import open_inner_nursery


async def fail(error: Exception) -> None:
    raise error


async def test_an_error_of_the_block_comes_out_as_itself() -> None:
    error = ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        async with open_inner_nursery():
            raise error

    assert caught.value is error


async def test_cause_and_context_stay_as_they_were() -> None:
    cause, before, error = OSError("cause"), KeyError("before"), ValueError("mine")

    with pytest.raises(ValueError, match="mine"):  # noqa: PT012 - the block is what raises
        async with open_inner_nursery():
            try:
                raise before
            except KeyError:
                raise error from cause

    assert error.__cause__ is cause
    assert error.__context__ is before


async def test_no_context_is_made_up() -> None:
    error = ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        async with open_inner_nursery():
            raise error

    assert error.__context__ is None
    assert not error.__suppress_context__


async def test_an_error_of_a_task_comes_out_as_itself() -> None:
    error = ValueError("the task's")

    with pytest.raises(ValueError, match="the task's") as caught:  # noqa: PT012 - the block is what raises
        async with open_inner_nursery() as nursery:
            nursery.start_soon(fail, error)
            await trio.sleep_forever()

    assert caught.value is error


async def test_two_errors_stay_a_group() -> None:
    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012 - the block is what raises
        async with open_inner_nursery() as nursery:
            nursery.start_soon(fail, ValueError("one"))
            nursery.start_soon(fail, KeyError("two"))

    assert {ValueError, KeyError} == {type(error) for error in caught.value.exceptions}


@pytest.mark.parametrize("errors", [[ValueError("one")], [ValueError("one"), KeyError("two")]], ids=["of one", "of two"])
async def test_a_group_of_the_users_own_stays_as_it_was(errors: list[Exception]) -> None:
    group = ExceptionGroup("mine", errors)

    with pytest.raises(ExceptionGroup) as caught:
        async with open_inner_nursery():
            raise group

    assert "mine" == caught.value.message
    assert errors == list(caught.value.exceptions)


async def test_an_error_that_meets_a_cancellation_comes_out_as_itself() -> None:
    error = ValueError("in the end")

    with pytest.raises(ValueError, match="in the end") as caught, trio.CancelScope() as scope:  # noqa: PT012 - the block is what raises
        async with open_inner_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            scope.cancel()
            try:
                await trio.sleep_forever()
            finally:
                raise error

    assert caught.value is error


async def test_a_cancellation_comes_out_as_one() -> None:
    seen: list[BaseException] = []

    async def nested() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(trio.sleep_forever)

    with trio.CancelScope() as scope:
        try:
            async with open_inner_nursery() as nursery:
                nursery.start_soon(nested)
                nursery.start_soon(trio.sleep_forever)
                scope.cancel()
                await trio.sleep_forever()
        except BaseException as error:
            seen.append(error)
            raise

    assert scope.cancelled_caught
    assert [trio.Cancelled] == [type(error) for error in seen]


async def test_an_interrupt_comes_out_as_itself() -> None:
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the block is what raises
        async with open_inner_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            raise KeyboardInterrupt


async def test_nothing_comes_out_of_a_normal_end() -> None:
    done: list[int] = []

    async def work() -> None:
        await trio.lowlevel.checkpoint()
        done.append(1)

    async with open_inner_nursery() as nursery:
        nursery.start_soon(work)

    assert [1] == done
