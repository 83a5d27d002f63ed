"""Tracing: spans to OpenTelemetry's messaging conventions (1.44.0), and W3C Trace Context.

The only package that imports opentelemetry; it is not imported where no collector is named. Spans
are made for facts whose trace is recorded already, as their `traceparent` says, and for a share of
those that come without one. docs/tracing.md draws them.
"""
