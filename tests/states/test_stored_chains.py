"""Responses that the server stores may be continued on any link; what is not stored, or gone, is sent in full."""

from typing import Any

import pytest

from harness import frames
from harness.lifecycle import Bench
from rejoinder.states.continuation import CallerChain, Disabled, LaneDirty, NewLink, PrefixChanged, Reason, Replayed, Reuse
from rejoinder.states.effects import Send
from rejoinder.states.profiles import AZURE, OPENAI, ContinuationPolicy, Policy, Profile
from rejoinder.states.response_rules import STORED_RESPONSES
from rejoinder.states.verdicts import Cause

STORED = Policy(continuation=ContinuationPolicy.STORED)
EACH_PROFILE = pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=lambda profile: profile.name)


def answered(profile: Profile, policy: Policy = STORED, **fields: Any) -> Bench:  # noqa: ANN401 - fields of a create
    """A first request, completed; its link is lost and another is open."""
    bench = Bench(profile, policy)
    bench.ask("Hi", **fields)
    bench.opened()
    bench.answer(1)
    bench.lost()
    return bench


def reply(bench: Bench, request: int = 1, **fields: Any) -> int:  # noqa: ANN401 - fields of a create
    """Continue a request on whatever link there is."""
    items = [*bench.items[request], frames.assistant(bench.voices[request].text), frames.user("Go on")]
    number = bench.ask_items(items, **fields)
    if bench.session.requests[number].place is None:
        bench.opened()
    return number


def test_a_word_will_do_for_the_policy_and_another_is_refused() -> None:
    assert STORED == Policy(continuation="stored")
    with pytest.raises(ValueError, match="elsewhere"):
        Policy(continuation="elsewhere")


@EACH_PROFILE
def test_a_stored_response_is_continued_on_a_new_link(profile: Profile) -> None:
    bench = answered(profile)
    request = reply(bench)
    decision = bench.last(Send).decision

    assert "resp_1" == bench.continues(request)
    assert [frames.user("Go on")] == bench.new_items(request)
    assert isinstance(decision, Reuse)
    assert (2, True) == (decision.saved, decision.stored)


@EACH_PROFILE
def test_by_default_nothing_survives_its_link(profile: Profile) -> None:
    bench = answered(profile, Policy())
    request = reply(bench)

    assert NewLink() == bench.reason(request)


@EACH_PROFILE
def test_what_was_not_to_be_stored_is_not_continued(profile: Profile) -> None:
    bench = answered(profile, store=False)
    request = reply(bench)

    assert NewLink() == bench.reason(request)


@EACH_PROFILE
def test_the_latest_of_the_lane_comes_first_and_is_not_called_stored(profile: Profile) -> None:
    bench = Bench(profile, STORED)
    bench.ask("Hi")
    bench.opened()
    bench.answer(1)
    bench.reply(1)
    decision = bench.last(Send).decision

    assert isinstance(decision, Reuse)
    assert not decision.stored


@EACH_PROFILE
def test_after_a_cancel_the_stored_parent_is_named(profile: Profile) -> None:
    """What a cancelled response leaves in the link's memory is documented nowhere; its parent is in the storage all the same."""
    bench = Bench(profile, STORED)
    bench.ask("Hi")
    bench.opened()
    bench.answer(1)
    bench.reply(1, "Wait")
    bench.created(2)
    bench.cancel(2)
    bench.end(2, "incomplete")
    request = reply(bench)

    assert "resp_1" == bench.continues(request)


@EACH_PROFILE
def test_an_earlier_turn_can_be_taken_up_again(profile: Profile) -> None:
    bench = Bench(profile, STORED)
    bench.ask("Hi")
    bench.opened()
    bench.answer(1)
    bench.reply(1)
    bench.answer(2)
    request = reply(bench)

    assert "resp_1" == bench.continues(request)


@EACH_PROFILE
def test_a_miss_is_sent_in_full_and_not_named_again(profile: Profile) -> None:
    bench = answered(profile)
    request = reply(bench)
    lane = bench.voices[request].lane
    bench.receive(frames.error("previous_response_not_found", status=400, param="previous_response_id", lane=lane))

    assert Replayed(Cause.CACHE_MISS) == bench.reason(request)
    bench.answer(request)
    bench.lost()
    again = reply(bench)

    assert bench.continues(again) is None


def test_a_stored_response_that_was_replayed_is_sent_in_full() -> None:
    bench = answered(AZURE)
    request = reply(bench)
    bench.lost()
    bench.wait(0.5)
    bench.opened()

    assert Replayed(Cause.LOST) == bench.reason(request)


@pytest.mark.parametrize(
    "fields, policy, reason",
    [
        ({"previous_response_id": "resp_9"}, STORED, CallerChain()),
        ({"conversation": "conv_1"}, STORED, CallerChain()),
        ({}, Policy(continuation=ContinuationPolicy.STORED, reuse=False), Disabled()),
    ],
)
def test_what_switches_reuse_off_switches_stored_chains_off(fields: dict[str, Any], policy: Policy, reason: Reason) -> None:
    bench = answered(AZURE, policy)
    request = reply(bench, **fields)

    assert reason == bench.reason(request)


def test_a_chain_of_the_callers_own_is_not_remembered() -> None:
    bench = answered(AZURE, conversation="conv_1")
    request = reply(bench)

    assert NewLink() == bench.reason(request)
    assert {} == bench.session.stored


def test_another_conversation_is_sent_in_full_for_the_reason_of_its_lane() -> None:
    bench = answered(AZURE)
    bench.ask("Something else")
    bench.opened()

    assert NewLink() == bench.reason(2)


def test_of_many_only_the_latest_are_remembered() -> None:
    bench = Bench(OPENAI, STORED)
    bench.ask("0")
    bench.opened()
    bench.answer(1)
    for number in range(STORED_RESPONSES):
        bench.answer(bench.ask(f"{number + 1}"))

    assert STORED_RESPONSES == len(bench.session.stored)
    assert "resp_1" not in bench.session.stored


def test_a_copy_goes_its_own_way() -> None:
    bench = answered(AZURE)
    copy = bench.session.copy()
    bench.session.stored.clear()

    assert ["resp_1"] == list(copy.stored)


def test_reasons_of_lanes_stay_what_they_are() -> None:
    """Nothing stored fits: the reason is that of the lane, whatever it is."""
    bench = Bench(AZURE, Policy(continuation=ContinuationPolicy.STORED))
    bench.ask("Hi", store=False)
    bench.opened()
    bench.answer(1)
    bench.ask("Ho", store=False)
    bench.created(2)
    bench.cancel(2)
    bench.end(2, "failed")
    third = bench.ask("He")

    assert PrefixChanged(0) == bench.reason(2)
    assert LaneDirty() == bench.reason(third)
