"""Every address that no route has."""

from starlette.types import Scope

from gateway.problem import NOT_FOUND, Problem
from gateway.reply import Reply


async def not_found(_scope: Scope) -> Reply:
    raise Problem(NOT_FOUND, "Nothing is served at this address; GET / lists what is.")
