"""A registry that was changed by hand under running processes: they notice, refuse, say so, are not
ready, and go on by themselves once it is as it was."""

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from backbone.registry.port import FULL_TRANSITIVE
from tests.e2e.world import PRICES, Running, World, free_port

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres]

PRICE = "shop.pricing.PriceChanged"
OFTEN = {"BACKBONE_CONTRACT_CHECK_SECONDS": "0.2"}


class Watched:
    """A process, and what it answers over HTTP."""

    def __init__(self, world: World, *arguments: str) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        settings = {**OFTEN, "BACKBONE_METRICS_ADDRESS": self.address}
        self.running: Running = world.start(*arguments, **settings)

    def get(self, path: str) -> httpx.Response | None:
        try:
            return httpx.get(f"http://{self.address}{path}", trust_env=False)
        except httpx.TransportError:
            return None

    def ready(self) -> bool:
        answer = self.get("/readyz")
        return answer is not None and answer.status_code == 200

    def not_ready_for(self, word: str) -> bool:
        answer = self.get("/readyz")
        found = answer is not None and answer.status_code == 503
        return found and word in answer.json()["drifted"].get(PRICE, "")  # type: ignore[union-attr] # it answered

    def counts(self, line: str) -> bool:
        answer = self.get("/metrics")
        return answer is not None and line in answer.text


class ByHand:
    """Somebody with the registry's address and no idea."""

    def __init__(self, world: World) -> None:
        self._contract = world.contracts[PRICE]
        self._client = httpx.Client(base_url=world.endpoints.registry_url, trust_env=False)
        self._path = f"/subjects/{quote(self._contract.subject, safe='')}"

    def close(self) -> None:
        self._client.close()

    def delete(self) -> None:
        self._client.delete(self._path).raise_for_status()
        self._client.delete(f"{self._path}?permanent=true")

    def require(self, level: str) -> None:
        path = f"/config/{quote(self._contract.subject, safe='')}"
        self._client.put(path, json={"compatibility": level}).raise_for_status()


@pytest.fixture
def by_hand(world: World) -> Iterator[ByHand]:
    contract, made = world.contracts[PRICE], ByHand(world)
    made.delete()  # another test may have registered a newer version
    world.registry.forget()
    world.registry.register(contract.subject, contract.registered)
    world.registry.require_full_transitive(contract.subject)
    yield made
    made.close()


def test_a_source_whose_subject_is_gone_publishes_nothing_until_it_is_back(
    world: World, by_hand: ByHand
) -> None:
    world.write_price_list(0, 10)
    source = Watched(world, "run", "source", "price-list")
    world.wait(lambda: world.cursor("price-list").published == 10, "the first list is published")
    world.wait(source.ready, "the source is ready")

    by_hand.delete()

    world.wait(lambda: source.not_ready_for("does not have our schema"), "it is not ready")
    assert "contract drifted" in source.running.said()
    kind = f'backbone_contract_drifts_total{{fact="{PRICE}",kind="unregistered"}} 1.0'
    assert source.counts(kind)
    world.write_price_list(1, 10)
    world.wait(
        lambda: "refused, for contracts have drifted" in source.running.said(), "it is refused"
    )
    assert len(world.records(PRICES)) == 10

    # with the subject its compatibility went too: the command that the message names sets both
    done = world.run("contracts", "register")
    assert done.returncode == 0, done.stderr

    world.wait(lambda: world.cursor("price-list").published == 20, "it goes on by itself")
    world.wait(source.ready, "it is ready again")
    assert len(set(world.ids(PRICES))) == len(world.ids(PRICES)) == 20


def test_a_view_whose_subject_was_laid_open_waits_until_it_is_guarded_again(
    world: World, by_hand: ByHand
) -> None:
    view = Watched(world, "run", "view", "prices")
    world.append([world.price(number, f"A{number}") for number in range(20)])
    world.wait(lambda: world.caught_up("prices"), "the view is current")
    world.wait(view.ready, "the view is ready")

    by_hand.require("NONE")

    world.wait(lambda: view.not_ready_for("and was FULL_TRANSITIVE"), "it is not ready")
    world.append([world.price(number, f"B{number}") for number in range(20)])
    world.wait(
        lambda: "refused, for contracts have drifted" in view.running.said(), "it is refused"
    )
    assert len(world.served("prices")) == 20

    by_hand.require(FULL_TRANSITIVE)

    world.wait(lambda: len(world.served("prices")) == 40, "it goes on by itself")
    assert view.counts(f'backbone_contract_drift{{fact="{PRICE}"}} 0.0')
