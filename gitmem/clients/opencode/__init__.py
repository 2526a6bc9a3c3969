"""OpenCode: what its plugin tells, answers, the plugin itself, its database."""
