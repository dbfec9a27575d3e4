"""What everything else speaks in: Spectrum, Prediction, Decision, lines, events."""
