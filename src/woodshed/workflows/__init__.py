"""Several tasks in a row; the only place where tasks meet."""
