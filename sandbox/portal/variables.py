"""The variables of the environment, and what the extension says about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from sandbox.connect.environment import Environment, Variable
from sandbox.connect.refusals import invalid, missing, unknown
from sandbox.portal.opinion import Opinion
from sandbox.portal.rendering import matches

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal


@dataclass(frozen=True)
class Row:
    """A variable as the page shows it; `value` is None where it must not be seen.

    `says` has what the extension says about it, `initial` its initial value, or None if no runner
    has declared it.
    """

    id: str
    name: str
    value: str | None
    length: int
    initial: str | None
    is_secure: bool
    is_set: bool
    says: list[str]


class VariablePages:
    """The page with the variables, and the changes that people make."""

    def __init__(self, portal: Portal) -> None:
        self._page = portal.rendering.page
        self._connect, self._opinions = portal.sandbox.connect, portal.opinions

    @property
    def _environment(self) -> Environment:
        return self._connect.environment

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [web.get("/variables", self.show), web.post("/variables", self.save)]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /variables?q=...&saved=..."""
        opinion, text = self._opinions.newest, request.query.get("q", "")
        # A search in the values would tell the secret ones, letter by letter.
        variables = [each for each in self._variables() if matches(text, each.name)]
        rows = [self._row(each, opinion or Opinion()) for each in variables]
        saved = self._environment.variables.get(request.query.get("saved", ""))
        return self._page(
            request,
            "variables.html",
            groups={
                "Set": [each for each in rows if each.is_set],
                "At their initial value": [each for each in rows if not each.is_set],
            },
            opinion=opinion,
            id_of={each.name: each.id for each in self._variables()},
            saved=saved.name if saved else "",
            is_declared=bool(self._environment.initial_values),
        )

    async def save(self, request: web.Request) -> web.StreamResponse:
        """POST /variables: a new value of one variable, or its initial one"""
        form = {name: str(value) for name, value in (await request.post()).items()}
        variable = self._environment.variables.get(form.get("name", ""))
        if variable is None:
            raise unknown(form.get("name", ""))
        initial = self._environment.initial_values.get(variable.name)
        if "reset" in form and initial is not None:
            value = initial
        else:
            value = _typed(form, is_hidden=self._is_hidden(variable))
        self._connect.set_variable(variable.name, value)
        raise web.HTTPSeeOther(_shown_again(form.get("q", ""), variable))

    def _variables(self) -> list[Variable]:
        """In the order of their declaration, so that a vendor's own stand together."""
        order = {name: place for place, name in enumerate(self._environment.initial_values)}
        return sorted(
            self._environment.variables.values(), key=lambda each: order.get(each.name, -1)
        )

    def _row(self, variable: Variable, opinion: Opinion) -> Row:
        initial = self._environment.initial_values.get(variable.name)
        return Row(
            id=variable.id,
            name=variable.name,
            value=None if self._is_hidden(variable) else variable.value,
            length=len(variable.value),
            initial=initial,
            is_secure=variable.secure,
            is_set=variable.value != initial,
            says=opinion.about(variable.name),
        )

    def _is_hidden(self, variable: Variable) -> bool:
        """Only what a runner has declared, and not as secure, is known to be no secret."""
        return variable.secure or variable.name not in self._environment.initial_values


def _typed(form: dict[str, str], *, is_hidden: bool) -> str:
    value = form.get("value", "")
    if "\n" in value or "\r" in value:
        raise invalid(f"{form['name']}: values with line breaks cannot be saved here.")
    if is_hidden and not value:
        # The field is empty because the value is not shown.
        raise missing("value")
    return value


def _shown_again(text: str, variable: Variable) -> URL:
    query = {"saved": variable.name, **({"q": text} if text else {})}
    return URL("/variables").with_query(query).with_fragment(variable.id)
