"""The conformance harness: cases in, verdicts out."""
