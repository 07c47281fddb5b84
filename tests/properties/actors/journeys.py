"""The two ends of a journey: what is given at the carrier's first scan, and how the case is wound up."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain.holds import units_that_never_came
from domain.status import Header
from tests.properties.actors.advances import Advances, Verdict
from tests.properties.actors.customer import Customer
from tests.properties.actors.holds import Holds
from tests.properties.actors.payments import SOON_OR_LATER
from tests.properties.bank import HOLD_LIFETIME, Weather
from tests.properties.case import Case


class Journeys(Customer, Advances, Holds):
    """Gives in advance, and draws up the books in the end."""

    @precondition(lambda self: self.on_the_way())
    @rule(data=st.data(), is_exchange=st.booleans(), weather=st.sampled_from(SOON_OR_LATER))
    def first_scan(self, data: st.DataObject, is_exchange: bool, weather: Weather | None) -> None:
        """The customer is paid in advance, or gets the replacement against a hold."""
        case = data.draw(st.sampled_from(self.on_the_way()))
        if is_exchange or case.is_exchange:
            self.ask_for_hold(case, weather)
        else:
            self.pay_in_advance(case, weather)

    @precondition(lambda self: self.open_cases())
    @rule(
        data=st.data(),
        verdict=st.sampled_from([Verdict.CHARGE, *Verdict]),
        after=st.sampled_from([timedelta(0), timedelta(0), HOLD_LIFETIME]),
        weather=st.sampled_from(SOON_OR_LATER),
        header=st.sampled_from([None, None, Header.CANCELED, Header.EXPIRED]),
    )
    def wind_up(
        self,
        data: st.DataObject,
        verdict: Verdict,
        after: timedelta,
        weather: Weather | None,
        header: Header | None,
    ) -> None:
        """True the advance up, capture what never came, and end what can end."""
        case = data.draw(st.sampled_from(self.open_cases()))
        if case.advanced and case.inspected and not case.final and self.is_paid_out(case):
            self.true_up(case, verdict, weather)
        elif self.lacks_units(case):
            self.capture(case, after, weather)
        if header and self.may_end(case):
            self.close(case, header)

    def may_end(self, case: Case) -> bool:
        """Whether nothing that was given in advance is open: money is accounted for, goods were looked at."""
        if case.advanced:
            return case.advance_is_over
        return case.inspected or not case.hold_key or case.hold_is_given_up

    def on_the_way(self) -> list[Case]:
        """The returns that nothing was given for yet, with goods that are not inspected."""
        return [
            case
            for case in self.open_cases(inspected=False)
            if case.authorized and not case.advanced and self.needs_hold(case)
        ]

    def lacks_units(self, case: Case) -> bool:
        """Whether a return was inspected and units of it never came, which its hold is for if it has one."""
        return (
            case.inspected
            and not (case.advanced or case.hold_is_given_up)
            and bool(units_that_never_came(case.awaited(), case.rejected, case.found()))
        )
