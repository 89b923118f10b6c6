"""All threads at one moment: asking, answering, and the text."""
