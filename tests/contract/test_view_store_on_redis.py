"""What only a real Redis can do to a view store: go away, forget, refuse, be cut short."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from backbone.errors import Fatal, Misconfigured, Transient
from backbone.views import redis_scripts
from backbone.views.redis_store import RedisViewReader, RedisViewWriter
from backbone.views.store import Entry, Part, Status, ViewId, ViewWriter, Wiped

pytestmark = pytest.mark.redis

T = TypeVar("T")
ORDERS = ViewId("orders", 1, 1)
ENTRY = Entry({"amount": "1.00"}, 1, 1, "id-1", "shop", "1", 0, 0)
PART = Part(0, {"a": ENTRY}, Status("topic-1", 1, 0, 0, 0))


def started(writer: ViewWriter) -> str:
    token = writer.claim(ORDERS, 0).token
    writer.start(ORDERS, 0, token, Status("topic-1", 0, 0, 0, 0))
    return token


def read(url: str, ask: Callable[[RedisViewReader], Awaitable[T]], timeout: float = 5) -> T:
    async def scenario() -> T:
        reader = RedisViewReader(url, timeout_seconds=timeout)
        try:
            return await ask(reader)
        finally:
            await reader.close()

    return asyncio.run(scenario())


def test_a_refused_connection_is_transient_and_says_what_to_do(own_redis: Any) -> None:
    server = own_redis()
    server.stop()
    writer = RedisViewWriter(f"redis://shop:pass-word@127.0.0.1:{server.port}/0")

    with pytest.raises(Transient) as raised:
        writer.claim(ORDERS, 0)
    with pytest.raises(Transient):
        read(server.url, lambda reader: reader.get(ORDERS, "a"))
    with pytest.raises(Transient):
        read(server.url, lambda reader: reader.page(ORDERS, None, 5))

    writer.close()
    assert f"Redis at 127.0.0.1:{server.port} did not answer" in str(raised.value)
    assert "may be repeated" in str(raised.value)
    assert "pass-word" not in str(raised.value)


def test_a_write_that_timed_out_may_be_repeated_whether_it_was_done_or_not(own_redis: Any) -> None:
    server = own_redis()
    writer = RedisViewWriter(server.url, timeout_seconds=0.3)
    token = started(writer)
    server.ask("CLIENT", "PAUSE", 60_000, "WRITE")

    with pytest.raises(Transient, match="did not answer"):
        writer.write(ORDERS, 0, token, PART)
    server.ask("CLIENT", "UNPAUSE")
    writer.write(ORDERS, 0, token, PART)

    assert writer.read(ORDERS, 0, ["a"]) == [ENTRY]
    writer.close()


def test_a_read_of_a_server_that_hangs_is_transient(own_redis: Any) -> None:
    server = own_redis()
    server.ask("CLIENT", "PAUSE", 600, "ALL")
    with pytest.raises(Transient, match="did not answer"):
        read(server.url, lambda reader: reader.get(ORDERS, "a"), timeout=0.2)


def test_a_restarted_server_is_another_run_and_knows_no_claim(own_redis: Any) -> None:
    server = own_redis()
    writer = RedisViewWriter(server.url)
    token = started(writer)
    run_id = writer.run_id()
    server.stop()
    with pytest.raises(Transient):
        writer.write(ORDERS, 0, token, PART)
    server.start()

    with pytest.raises(Wiped):
        writer.write(ORDERS, 0, token, PART)

    assert writer.run_id() != run_id
    started(writer)
    writer.close()


def test_a_reader_survives_a_restart_of_the_server(own_redis: Any) -> None:
    server = own_redis()

    async def scenario(reader: RedisViewReader) -> object:
        before = await reader.get(ORDERS, "a")
        server.stop()
        with pytest.raises(Transient):
            await reader.get(ORDERS, "a")
        server.start()
        return before == await reader.get(ORDERS, "a")

    assert read(server.url, scenario) is True


def test_a_status_without_its_offset_is_not_trusted(redis_server: Any) -> None:
    redis_server.ask("FLUSHALL")
    writer = RedisViewWriter(redis_server.url)
    writer.write(ORDERS, 0, started(writer), PART)
    redis_server.ask("DEL", "{orders:0}:1:offset")
    assert writer.claim(ORDERS, 0).status is None
    writer.close()


def test_the_claim_of_a_predecessor_in_an_older_copy_is_no_fence(redis_server: Any) -> None:
    redis_server.ask("FLUSHALL")
    writer = RedisViewWriter(redis_server.url)
    predecessor, token = started(writer), started(writer)
    redis_server.ask("SET", "{orders:0}:1:claim", predecessor)
    with pytest.raises(Wiped, match="an older claim"):
        writer.write(ORDERS, 0, token, PART)
    with pytest.raises(Wiped, match="an older claim"):
        writer.start(ORDERS, 0, token, PART.status)
    writer.close()


def test_scripts_are_loaded_again_after_a_script_flush(redis_server: Any) -> None:
    redis_server.ask("FLUSHALL")
    writer = RedisViewWriter(redis_server.url)
    token = started(writer)
    redis_server.ask("SCRIPT", "FLUSH")
    writer.write(ORDERS, 0, token, PART)
    assert writer.read(ORDERS, 0, ["a"]) == [ENTRY]
    writer.close()


def test_a_store_that_may_drop_keys_is_refused_at_start(own_redis: Any) -> None:
    server = own_redis("--maxmemory-policy", "allkeys-lru")
    writer = RedisViewWriter(server.url)
    with pytest.raises(Misconfigured, match=r"maxmemory-policy allkeys-lru .* noeviction"):
        writer.check()
    writer.close()


def test_a_full_store_is_transient_and_nothing_of_the_part_is_written(own_redis: Any) -> None:
    server = own_redis()
    writer = RedisViewWriter(server.url)
    token = started(writer)
    server.ask("CONFIG", "SET", "maxmemory", 1)

    with pytest.raises(Transient, match="out of memory"):
        writer.write(ORDERS, 0, token, PART)

    server.ask("CONFIG", "SET", "maxmemory", 0)
    assert writer.read(ORDERS, 0, ["a"]) == [None]
    writer.write(ORDERS, 0, token, PART)
    writer.close()


def test_a_replica_takes_no_writes(own_redis: Any) -> None:
    server = own_redis()
    server.ask("REPLICAOF", "127.0.0.1", "1")  # a primary that is not there
    writer = RedisViewWriter(server.url)
    with pytest.raises(Transient, match="is a replica"):
        writer.claim(ORDERS, 0)
    writer.close()


@pytest.mark.parametrize("login", ["", "shop:wrong-word@", ":wrong-word@"])
def test_wrong_credentials_are_misconfigured_and_not_shown(own_redis: Any, login: str) -> None:
    server = own_redis("--requirepass", "right-word")
    url = f"redis://{login}127.0.0.1:{server.port}/0"
    writer = RedisViewWriter(url)
    with pytest.raises(Misconfigured, match="credentials in the Redis URL") as raised:
        writer.claim(ORDERS, 0)
    with pytest.raises(Misconfigured):
        read(url, lambda reader: reader.get(ORDERS, "a"))
    assert "word@" not in str(raised.value)
    writer.close()


def test_a_user_without_the_rights_is_misconfigured(own_redis: Any) -> None:
    server = own_redis()
    server.ask("ACL", "SETUSER", "shop", "on", ">word", "~*", "+@all", "-info", "-evalsha")
    writer = RedisViewWriter(f"redis://shop:word@127.0.0.1:{server.port}/0")
    with pytest.raises(Misconfigured, match="ACL"):
        writer.claim(ORDERS, 0)
    writer.close()


@pytest.mark.parametrize("url", ["http://u:secret@h", "redis://u:secret@h:x/0", "secret"])
def test_an_unreadable_url_is_misconfigured_and_not_shown(url: str) -> None:
    with pytest.raises(Misconfigured, match="cannot be read") as raised:
        RedisViewWriter(url)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_key_of_another_program_in_the_way_is_fatal_and_quotes_no_payload(
    redis_server: Any,
) -> None:
    redis_server.ask("FLUSHALL")
    writer = RedisViewWriter(redis_server.url)
    token = started(writer)
    redis_server.ask("SET", "{orders:0}:1:keys", "not an index")
    with pytest.raises(Fatal) as raised:
        writer.write(ORDERS, 0, token, PART)
    with pytest.raises(Fatal):
        read(redis_server.url, lambda reader: reader.page(ORDERS, None, 5))
    assert "1.00" not in str(raised.value)
    writer.close()


def test_damaged_bytes_are_fatal_with_the_way_to_heal(redis_server: Any) -> None:
    redis_server.ask("FLUSHALL")
    redis_server.ask("SET", "{orders:0}:1:e:a", "not an entry")
    with pytest.raises(Fatal, match="`backbone view rebuild <view>`"):
        read(redis_server.url, lambda reader: reader.get(ORDERS, "a"))


def test_an_interrupted_clear_lets_nobody_write_and_is_finished_by_the_next_claim(
    redis_server: Any,
) -> None:
    redis_server.ask("FLUSHALL")
    writer = RedisViewWriter(redis_server.url)
    token = started(writer)
    writer.write(ORDERS, 0, token, PART)
    names = [f"{{orders:0}}:1:{each}" for each in ("claim", "offset", "status", "held")]
    redis_server.ask("EVAL", redis_scripts.CLOSE_FOR_CLEARING, 4, *names)

    with pytest.raises(Wiped):
        writer.write(ORDERS, 0, token, PART)
    with pytest.raises(Wiped):
        writer.start(ORDERS, 0, token, PART.status)
    assert read(redis_server.url, lambda reader: reader.get(ORDERS, "a")).status is None

    assert writer.claim(ORDERS, 0).status is None
    assert writer.read(ORDERS, 0, ["a"]) == [None]
    assert redis_server.ask("KEYS", "*") == [b"{orders:0}:1:claim"]
    writer.close()


def test_a_cleared_partition_leaves_no_key_behind(redis_server: Any) -> None:
    redis_server.ask("FLUSHALL")
    writer = RedisViewWriter(redis_server.url)
    writer.write(ORDERS, 0, started(writer), PART)
    writer.clear(ORDERS, 0)
    assert redis_server.ask("DBSIZE") == 0
    writer.close()


def test_all_keys_of_a_partition_share_its_hash_tag(redis_server: Any) -> None:
    redis_server.ask("FLUSHALL")
    writer = RedisViewWriter(redis_server.url)
    part = Part(0, {"a": ENTRY, "{b}": ENTRY}, PART.status)
    writer.write(ORDERS, 0, started(writer), part)
    keys: Any = redis_server.ask("KEYS", "*")
    assert sorted(keys) == [
        b"{orders:0}:1:claim",
        b"{orders:0}:1:e:a",
        b"{orders:0}:1:e:{b}",
        b"{orders:0}:1:keys",
        b"{orders:0}:1:offset",
        b"{orders:0}:1:status",
    ]
    writer.close()


def test_more_lists_than_connections_wait_for_their_turn(redis_server: Any) -> None:
    redis_server.ask("FLUSHALL")

    async def scenario() -> int:
        reader = RedisViewReader(redis_server.url, connections=2)
        answers = await asyncio.gather(*(reader.statuses(ORDERS) for _ in range(200)))
        await reader.close()
        return len(answers)

    assert asyncio.run(scenario()) == 200


def test_a_read_that_is_given_up_does_not_mix_up_the_answers_of_the_next_one(
    redis_server: Any,
) -> None:
    redis_server.ask("FLUSHALL")
    writer = RedisViewWriter(redis_server.url)
    writer.write(ORDERS, 0, started(writer), PART)

    async def scenario() -> object:
        reader = RedisViewReader(redis_server.url, connections=1)
        await reader.get(ORDERS, "a")
        given_up = asyncio.create_task(reader.statuses(ORDERS))
        for _ in range(3):
            await asyncio.sleep(0)  # one turn of the loop: the command is on its way
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        answer = await reader.get(ORDERS, "a")
        await reader.close()
        return answer.entry

    assert asyncio.run(scenario()) == ENTRY
    writer.close()
