"""The ports, fulfilled with real servers and files; none of them knows another."""
