"""Real servers as child processes, for demo and tests; each module runs one."""
