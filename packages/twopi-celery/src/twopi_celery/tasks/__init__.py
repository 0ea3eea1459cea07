"""Around each task: its request id, its Flask context, its progress."""
