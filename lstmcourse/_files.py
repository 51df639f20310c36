"""Files that are replaced whole."""

import os
import secrets
from pathlib import Path


def home() -> Path:
    """The learner's own folder: $LSTMCOURSE_HOME, or the course's folder in the user's data directory."""
    own = os.environ.get("LSTMCOURSE_HOME")
    if not own:
        import platformdirs  # of the extra [course]; the benchmark, which writes files too, does without

        own = platformdirs.user_data_dir("lstmcourse", appauthor=False)
    return Path(own).expanduser()


def write(path: str | Path, content: str | bytes) -> None:
    """Replace a file in one step: a reader sees the old content or the new, never half of it.

    Its folder is made if need be; a file that was there keeps its permissions, and no part of the new one stays behind
    when the writing is broken off. Raises OSError.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    with open(part, "xb") as file:
        try:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                os.chmod(part, path.stat().st_mode & 0o7777)
            file.close()  # Windows replaces no file that is open
            os.replace(part, path)
        finally:
            file.close()
            part.unlink(missing_ok=True)
