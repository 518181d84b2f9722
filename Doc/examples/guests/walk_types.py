"""Walk from an empty tuple to every class of the interpreter."""
[cls.__name__ for cls in ().__class__.__base__.__subclasses__()]
