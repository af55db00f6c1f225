"""The protocol edge: the only package that knows pygls, lsprotocol and JSON-RPC."""
