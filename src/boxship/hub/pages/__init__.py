"""Web pages: plain HTML that needs no script, from Jinja templates that escape everything."""
