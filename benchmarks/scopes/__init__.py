"""What scopes, groups and `raddle.sync` cost, and how soon a cancelled wait is over."""
