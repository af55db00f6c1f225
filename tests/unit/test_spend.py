"""What must hold of caps: never passed by themselves, they lower the answer before they refuse, and say why."""

from __future__ import annotations

import pytest

from ask_lsp.core.conversation import Usage
from ask_lsp.core.errors import CapReached, RequestRefused
from ask_lsp.core.profile import Prices
from ask_lsp.core.spend import (
    MIN_OUTPUT,
    USUAL_OUTPUT,
    Amounts,
    Caps,
    Outcome,
    Planned,
    Sums,
    Used,
    about,
    admit,
    cost,
    money,
    set_aside,
)

PRICES = Prices(input=1.0, output=10.0, cached=0.1)
FREE = Prices(0, 0)
NONE = Caps(Amounts(), Amounts())


def planned(
    input_tokens: int = 1_000, *, prices: Prices | None = PRICES, max_output: int | None = None, pieces: int = 900
) -> Planned:
    return Planned(
        "https://api.example", "work", "m", "ask", pieces, input_tokens, max_output=max_output, prices=prices
    )


def spending(**limits: float) -> Caps:
    return Caps(Amounts(**limits), Amounts())


def counting(*, chosen: bool = True, **limits: float) -> Caps:
    return Caps(Amounts(), Amounts(**limits), tokens_chosen=chosen)


def test_without_a_cap_only_what_is_configured_is_sent() -> None:
    assert admit(planned(), NONE, Used()) is None
    assert admit(planned(max_output=77), NONE, Used()) == 77
    assert admit(planned(prices=FREE), Caps(), Used(Sums(99, 99, 99), Sums(1e9, 1e9, 1e9))) is None


def test_while_a_cap_applies_there_is_always_an_output_limit() -> None:
    assert admit(planned(), spending(per_day=5), Used()) == USUAL_OUTPUT
    assert admit(planned(max_output=100), spending(per_day=5), Used()) == 100
    assert admit(planned(max_output=20_000), spending(per_day=5), Used()) == 20_000
    assert admit(planned(prices=None), Caps(), Used()) == USUAL_OUTPUT


@pytest.mark.parametrize(
    ("caps", "used", "limit"),
    [
        # 1,000 tokens of input are $0.001; each of output is $0.00001.
        (spending(per_request=0.011), Used(), 1_000),
        (spending(per_hour=1.0), Used(usd=Sums(hour=0.989)), 1_000),
        (spending(per_day=1.0), Used(usd=Sums(day=0.979)), 2_000),
        (spending(per_month=1.0), Used(usd=Sums(month=0.969)), 3_000),
        (spending(per_request=0.031, per_day=1.0), Used(usd=Sums(day=0.979)), 2_000),
        (counting(per_request=1_500), Used(), 500),
        (counting(per_day=9_000), Used(tokens=Sums(day=7_700)), 300),
        (Caps(Amounts(per_request=0.011), Amounts(per_request=1_700), tokens_chosen=True), Used(), 700),
    ],
)
def test_the_output_limit_is_what_the_tightest_cap_leaves(caps: Caps, used: Used, limit: int) -> None:
    assert admit(planned(), caps, used) == limit

    most = set_aside(planned(), limit)
    assert most.usd == pytest.approx(0.001 + limit * 0.00001)


def test_too_short_an_answer_is_refused_and_one_that_was_wanted_so_short_is_not() -> None:
    assert admit(planned(), spending(per_request=0.001 + MIN_OUTPUT * 0.00001), Used()) == MIN_OUTPUT
    with pytest.raises(CapReached):
        admit(planned(), spending(per_request=0.001 + (MIN_OUTPUT - 1) * 0.00001), Used())
    assert admit(planned(max_output=1), spending(per_request=0.00101), Used()) == 1
    with pytest.raises(CapReached):
        admit(planned(max_output=1), spending(per_request=0.00100), Used())


def test_token_caps_hold_where_the_price_is_unknown_and_where_the_user_set_them() -> None:
    default, chosen = counting(chosen=False, per_request=100), counting(per_request=100)

    assert admit(planned(), default, Used()) is None
    assert admit(planned(prices=FREE), default, Used()) is None
    for prices, caps in ((None, default), (PRICES, chosen), (None, chosen), (FREE, chosen)):
        with pytest.raises(CapReached, match=r"tokens\.per_request"):
            admit(planned(prices=prices), caps, Used())


def test_prices_that_are_nothing_are_not_refused_when_everything_is_spent() -> None:
    assert admit(planned(prices=FREE), spending(per_day=0), Used(usd=Sums(day=7))) is None
    assert admit(planned(prices=Prices(1, 0)), spending(per_request=1), Used()) == USUAL_OUTPUT
    with pytest.raises(CapReached):
        admit(planned(prices=Prices(1, 0)), spending(per_request=0.0001), Used())


def test_once_lets_a_request_pass_whatever_was_spent() -> None:
    spent = Used(Sums(9, 9, 9), Sums(9e9, 9e9, 9e9))

    assert admit(planned(), Caps(), spent, once=True) == USUAL_OUTPUT
    assert admit(planned(max_output=300), Caps(), spent, once=True) == 300


@pytest.mark.parametrize(
    ("request_", "caps", "used", "says"),
    [
        (
            planned(619_000),
            Caps(),
            Used(),
            "This request would cost $0.62 or more, above the cap of $0.50 a request (spend.per_request). "
            "Choose “Allow once”, or raise it in the settings file.",
        ),
        (
            planned(30_000),
            Caps(),
            Used(usd=Sums(day=4.98)),
            "$4.98 was spent today and this request would cost $0.04 or more, above the cap of $5.00 a day "
            "(spend.per_day). Choose “Allow once”, or raise it in the settings file.",
        ),
        (
            planned(61_000, prices=None),
            Caps(),
            Used(),
            "This request would take 61,064 tokens or more, above the cap of 50,000 tokens a request "
            "(tokens.per_request; the price of this model is not known). Choose “Allow once”, or raise it in the "
            "settings file.",
        ),
        (
            planned(2_000),
            counting(per_hour=10_000),
            Used(tokens=Sums(hour=9_000)),
            "9,000 tokens were used in the last hour and this request would take 2,064 tokens or more, above the cap "
            "of 10,000 tokens an hour (tokens.per_hour). Choose “Allow once”, or raise it in the settings file.",
        ),
        (
            planned(1_000),
            spending(per_month=0.005),
            Used(usd=Sums(month=0.0049)),
            "$0.0049 was spent this month and this request would cost $0.0017 or more, above the cap of $0.0050 a "
            "month (spend.per_month). Choose “Allow once”, or raise it in the settings file.",
        ),
    ],
)
def test_the_refusal_says_the_figure_the_cap_and_the_way_out(
    request_: Planned, caps: Caps, used: Used, says: str
) -> None:
    with pytest.raises(CapReached) as refused:
        admit(request_, caps, used)

    assert str(refused.value) == says
    assert isinstance(refused.value, RequestRefused)
    assert refused.value.code == "cap"


def test_a_figure_just_above_its_cap_is_shown_above_it() -> None:
    with pytest.raises(CapReached, match=r"cost \$0\.51 or more, above the cap of \$0\.50"):
        admit(planned(500_100 - 640), Caps(), Used())


def test_a_workspace_only_lowers() -> None:
    mine = Caps(Amounts(per_request=1, per_day=5), Amounts(per_request=100))
    theirs = Caps(Amounts(per_request=2, per_day=3, per_month=9), Amounts(per_request=500, per_hour=7), True)

    assert mine.narrowed(theirs) == Caps(
        Amounts(per_request=1, per_day=3, per_month=9), Amounts(per_request=100, per_hour=7), tokens_chosen=True
    )
    assert mine.narrowed(NONE) == mine


@pytest.mark.parametrize(
    ("outcome", "tokens", "usd", "estimated"),
    [
        (Outcome("done", Usage(2_000, 300)), (2_000, 0, 300), 0.005, False),
        (Outcome("done", Usage(2_000, 300, 1_000)), (2_000, 1_000, 300), 0.0041, False),
        (Outcome("cancelled", None, 50), (1_000, 0, 50), 0.0015, True),
        (Outcome("cut", None, 50), (1_000, 0, 50), 0.0015, True),
        (Outcome("failed", Usage(0, 0)), (0, 0, 0), 0.0, False),
        # Some servers say zero for what they did not count.
        (Outcome("done", Usage(0, 0), 50), (1_000, 0, 50), 0.0015, True),
        (Outcome("cut", Usage(2_000, 0), 50), (2_000, 0, 50), 0.0025, True),
        (Outcome("done", Usage(2_000, 0), 0), (2_000, 0, 0), 0.002, False),
    ],
)
def test_what_it_cost_is_what_was_told_or_an_estimate_that_says_so(
    outcome: Outcome, tokens: tuple[int, int, int], usd: float, estimated: bool
) -> None:
    came_to = cost(planned(), outcome)

    assert came_to[:3] == tokens
    assert came_to.usd == pytest.approx(usd)
    assert came_to.is_estimated is estimated


def test_an_unknown_price_is_never_nothing() -> None:
    assert set_aside(planned(prices=None), 100).usd is None
    assert cost(planned(prices=None), Outcome("done", Usage(5, 5))).usd is None
    assert set_aside(planned(prices=FREE), 100).usd == 0
    assert money(None) == "unknown"


def test_cached_input_is_priced_as_such_or_as_other_input() -> None:
    assert Prices(1.0, 10.0, 0.1).of(1_000_000, 0, 500_000) == pytest.approx(0.55)
    assert Prices(1.0, 10.0).of(1_000_000, 100_000, 500_000) == pytest.approx(2.0)
    assert Prices(1.0, 10.0, 0.0).of(1_000, 0, 5_000) == 0


def test_amounts_for_people() -> None:
    assert [money(usd) for usd in (0, 0.00001, 0.0041, 0.62, 1234.5)] == [
        "$0.00", "<$0.0001", "$0.0041", "$0.62", "$1,234.50",
    ]  # fmt: skip
    assert about(1_834, 0.0041) == "~1.8k tokens, ~$0.004"
    assert about(950, 0.062) == "~950 tokens, ~$0.062"
    assert about(50_000, 1.256) == "~50.0k tokens, ~$1.26"
    assert about(950, None) == about(950, 0.0) == "~950 tokens"
    assert about(10, 0.00001) == "~10 tokens, <$0.0001"
