"""Structured logs: one JSON object a line on stderr, never a payload, a key or a secret."""

import logging
import sys

import structlog

Logger = structlog.typing.FilteringBoundLogger


def configure(level: str, *, human: bool = False) -> None:
    """Called once, by the composition root. `human` renders for a terminal."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def logger(component: str) -> Logger:
    """A logger whose lines carry the component's name."""
    bound: Logger = structlog.get_logger().bind(component=component)
    return bound
