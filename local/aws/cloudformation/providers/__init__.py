"""Resource types, one capability per file, each made by calls to AWS's own API."""
