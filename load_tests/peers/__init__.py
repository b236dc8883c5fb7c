"""Other servers for taggers, each in a locked environment of its own, as its documentation says."""
