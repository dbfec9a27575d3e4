"""Table models and their sort and filter proxies."""
