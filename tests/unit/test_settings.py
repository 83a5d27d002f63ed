import json
from pathlib import Path

import pytest

from backbone.errors import Misconfigured
from backbone.settings import load


def test_every_problem_is_told_at_once_and_no_value_is_quoted() -> None:
    with pytest.raises(Misconfigured) as raised:
        load(
            {
                "BACKBONE_NONSENSE": "1",
                "BACKBONE_LOG_LEVEL": "shouting",
                "BACKBONE_KAFKA_CONFIG": "{sasl.password: hunter2}",
                "BACKBONE_GATEWAY_ADDRESS": "nowhere",
            }
        )
    told = str(raised.value)
    for name in ("NONSENSE", "LOG_LEVEL", "KAFKA_CONFIG", "GATEWAY_ADDRESS"):
        assert f"BACKBONE_{name}" in told
    assert "hunter2" not in told


def test_secrets_do_not_print() -> None:
    settings = load({"BACKBONE_POSTGRES_DSN": "postgresql://shop:hunter2@db/shop"})
    assert "hunter2" not in repr(settings)
    assert settings.services.postgres_dsn.get_secret_value().endswith("@db/shop")


def test_the_embedded_stacks_addresses_stand_behind_the_environment(tmp_path: Path) -> None:
    endpoints = {"kafka_bootstrap": "embedded:1", "registry_url": "http://embedded:2"}
    (tmp_path / "endpoints.json").write_text(json.dumps(endpoints))
    settings = load({"BACKBONE_STATE_DIR": str(tmp_path), "BACKBONE_REGISTRY_URL": "http://own:3"})
    assert settings.services.kafka_bootstrap == "embedded:1"
    assert settings.services.registry_url.get_secret_value() == "http://own:3"


def test_a_broken_endpoints_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "endpoints.json").write_text("{")
    with pytest.raises(Misconfigured, match="backbone stack up"):
        load({"BACKBONE_STATE_DIR": str(tmp_path)})


def test_the_environment_of_others_is_not_ours() -> None:
    assert load({"HOME": "/nowhere", "BACK": "x"}).app == "backbone"
