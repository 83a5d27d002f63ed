"""GET /problems/{code}: what the `type` of a problem document points to."""

from dataclasses import asdict

from starlette.types import Scope

from gateway.problem import NOT_FOUND, PROBLEMS, Problem
from gateway.reply import Reply, json_reply
from gateway.view_access import ViewAccess


class ProblemsRoute:
    def __init__(self, _access: ViewAccess) -> None:
        """Problems are described alike for every view."""

    async def __call__(self, scope: Scope) -> Reply:
        kind = PROBLEMS.get(scope["path_params"]["code"])
        if kind is None:
            raise Problem(
                NOT_FOUND, "There is no such problem.", members={"problems": list(PROBLEMS)}
            )
        return json_reply({"type": kind.type, **asdict(kind)})
