"""OpenCode: what its plugin tells, answers, and the plugin itself."""
