def directory() -> str: ...

class FileWindow:
    def __init__(self, size: int, keep: int) -> None: ...
    @property
    def written(self) -> int:
        """Bytes of the text that the file holds, or held."""
