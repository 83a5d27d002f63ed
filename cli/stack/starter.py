import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

from cli.stack import ports, process
from cli.stack.problems import StackError, StartInterruptedError, last_lines
from cli.stack.service import Service, Site


class Starter:
    """Brings services up side by side. When one fails, those it started end again."""

    def __init__(
        self, site: Site, catalog: Mapping[str, type[Service]], report: Callable[[str], None]
    ) -> None:
        self._site = site
        self._catalog = catalog
        self._report = report
        self._deciding = threading.Lock()
        self._cancelled = threading.Event()
        self._started: list[str] = []

    def bring(self, names: Sequence[str]) -> None:
        try:
            self._bring_together(names)
        except BaseException:  # Ctrl-C too: nothing may stay behind that nobody asked for
            self._end_started()
            raise

    def _bring_together(self, names: Sequence[str]) -> None:
        with ThreadPoolExecutor(len(names)) as pool:
            jobs = [pool.submit(self._bring_one, name) for name in names]
            try:
                wait(jobs, return_when=FIRST_EXCEPTION)
            finally:
                self._cancelled.set()
        _raise_the_reason(jobs)

    def _bring_one(self, name: str) -> None:
        service = self._catalog[name](self._site)
        try:
            if not self._answers(name, service):
                self._start(name, service)
                self._require_answer(name, service)
            service.settle()
        except OSError as error:
            raise StackError(
                f"{name} could not be started in {self._site.state.root} ({error}): "
                "mend that and run `backbone stack up` again"
            ) from error

    def _start(self, name: str, service: Service) -> None:
        with process.holding(self._site.hold(name)) as hold:
            for port in service.ports:
                self._require_free(name, self._site.state.ports[port])
            service.prepare(hold)
            self._begin(name, service, hold)

    def _begin(self, name: str, service: Service, hold: int) -> None:
        log = self._site.log(name)
        with self._deciding:
            if self._cancelled.is_set():
                raise StartInterruptedError("the start was interrupted")
            self._report(f"starting {name}")
            self._started.append(name)
            process.start(
                service.launch(), log, hold, lambda started: self._site.state.record(name, started)
            )

    def _require_free(self, name: str, port: int) -> None:
        if not ports.is_free(port):
            raise StackError(
                f"port {port} of {name}, stored in {self._site.state.root}, was taken by another "
                f"process: end that one (`ss -ltnp sport = :{port}` names it), or start a stack "
                "in another directory with --state"
            )

    def _require_answer(self, name: str, service: Service) -> None:
        if not self._answers(name, service):
            log = self._site.log(name)
            raise StackError(
                f"{name} ended while it started; mend what its log {log} tells and run "
                f"`backbone stack up` again:\n{last_lines(log)}"
            )

    def _answers(self, name: str, service: Service) -> bool:
        """Wait for an answer; False when there is no process, or none any more."""
        recorded = self._site.state.processes.get(name)

        def decided() -> bool:
            return not process.lives(recorded) or service.answers()

        in_time = process.wait_until(decided, service.ready_seconds, self._cancelled)
        if recorded is None or not process.lives(recorded):
            return False
        if not in_time:
            log = self._site.log(name)
            raise StackError(
                f"{name} (process {recorded.pid}) did not answer within "
                f"{service.ready_seconds:.0f} s; look into its log {log}, then run `backbone "
                f"stack down` and `backbone stack up`:\n{last_lines(log)}"
            )
        self._report(f"{name} answers on port {self._site.state.ports[service.ports[0]]}")
        return True

    def _end_started(self) -> None:
        # A Ctrl-C while the pool starts its threads leaves one that nobody waits for: from here
        # on it starts nothing.
        with self._deciding:
            self._cancelled.set()
        for name in self._started:
            end_service(self._site, name, self._catalog[name])


def end_service(site: Site, name: str, service: type[Service]) -> None:
    recorded = site.state.processes.get(name)
    if recorded is not None:
        process.end(recorded, service.gentle)
        site.state.forget(name)


def _raise_the_reason(jobs: Sequence[Future[None]]) -> None:
    """Prefer the failure itself to those that were interrupted because of it."""
    failures = [error for job in jobs if (error := job.exception()) is not None]
    failures.sort(key=lambda error: isinstance(error, StartInterruptedError))
    if failures:
        raise failures[0]
