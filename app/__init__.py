"""The HTTP side: the contract, the layers around it, and all that the server tells of itself."""
