import json
import signal
import urllib.request
from typing import ClassVar

from cli.stack.java import java
from cli.stack.ports import HOST
from cli.stack.problems import StackError
from cli.stack.process import Launch
from cli.stack.service import Site

RULE = "FULL_TRANSITIVE"
# Asked directly, whatever proxy the environment names.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Registry:
    ports: ClassVar[tuple[str, ...]] = ("registry", "registry-management")
    downloads: ClassVar[bool] = True
    ready_seconds: ClassVar[float] = 90.0
    gentle: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = site.folder("registry")

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._site.state.ports['registry']}/apis/ccompat/v7"

    def prepare(self, hold: int) -> None:
        pass

    def launch(self) -> Launch:
        jar = self._site.cache.apicurio / "quarkus-run.jar"
        return Launch(
            [*java("256m", self._folder / "tmp"), "-jar", str(jar)],
            self._folder,
            {
                # Without a host it listens everywhere.
                "QUARKUS_HTTP_HOST": HOST,
                "QUARKUS_HTTP_PORT": str(self._site.state.ports["registry"]),
                "QUARKUS_MANAGEMENT_HOST": HOST,
                "QUARKUS_MANAGEMENT_PORT": str(self._site.state.ports["registry-management"]),
                "APICURIO_STORAGE_KIND": "sql",
                "APICURIO_STORAGE_SQL_KIND": "h2",
                # Without WRITE_DELAY=0 a SIGKILL loses ids that were acknowledged, and they are
                # given to other schemas.
                "APICURIO_DATASOURCE_URL": "jdbc:h2:file:./data;WRITE_DELAY=0",
            },
        )

    def answers(self) -> bool:
        port = self._site.state.ports["registry-management"]
        try:
            with DIRECT.open(f"http://{HOST}:{port}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004
        except OSError:
            return False

    def settle(self) -> None:
        """Set the compatibility of a fresh registry, which enforces none until then."""
        if self._site.state.note("registry_rule") is not None:
            return
        request = urllib.request.Request(  # noqa: S310 (the address is ours)
            f"{self.url}/config",
            method="PUT",
            data=json.dumps({"compatibility": RULE}).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            DIRECT.open(request, timeout=10).close()
        except OSError as error:
            raise StackError(
                f"the registry at {self.url} did not take the compatibility {RULE} ({error}): "
                "run `backbone stack up` again"
            ) from error
        self._site.state.set_note("registry_rule", RULE)
