"""The desk in the browser: server-rendered pages. A page parses its form, reads through the pipeline, and renders."""
