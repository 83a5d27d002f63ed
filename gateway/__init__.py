"""Views are read: the only thing the gateway knows is `backbone.views`."""
