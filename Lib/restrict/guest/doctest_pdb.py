"""What doctest names of pdb, where there is no debugger."""


class Pdb:
    """A debugger that is never asked to stop."""

    def __init__(self, *args, **kwargs):
        pass

    def reset(self):
        """Do nothing: nothing is traced."""

    def set_trace(self, frame=None):
        """Refuse: a guest has no frames to look into."""
        raise RuntimeError("there is no debugger in a restricted interpreter")


set_trace = None
