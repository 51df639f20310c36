"""The tests of other projects, once with torch's recurrent layers and once with ours in their place.

    make test-others          in a virtual environment of its own, .venv-others
    make test-others ARGS=--write    and keep the counts in results/others.json, from which README's table is made

Ends with 1 where a test passes with torch's layers and not with ours and projects.toml gives no reason for it, or gives
one for a test that passes.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import xml.etree.ElementTree as xml
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOURCES = Path(sys.prefix) / "sources"
RECORD = ROOT / "results/others.json"


def projects() -> list[dict]:
    return tomllib.loads((HERE / "projects.toml").read_text(encoding="utf-8"))["project"]


def source(project: dict) -> Path:
    """The folder of the project's unpacked source distribution, which pip fetches once."""
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    if not (SOURCES / stem).exists():
        what = ["--no-deps", "--no-binary", ":all:", "--dest", SOURCES, f"{project['name']}=={project['version']}"]
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *what], check=True)
        with tarfile.open(SOURCES / f"{stem}.tar.gz") as archive:
            archive.extractall(SOURCES, filter="data")
    return SOURCES / stem


def outcomes(project: dict, ours: bool) -> dict[str, bool]:
    """Whether each test passed, by its name; skipped ones are left out."""
    where = ["--pyargs"] if project.get("installed") else ["--rootdir", source(project)]
    tests = project["tests"] if project.get("installed") else [source(project) / name for name in project["tests"]]
    chosen = [
        *([project["only"]] if "only" in project else []),
        *(f"not {name}" for name in project.get("left_out", {})),
    ]
    with tempfile.TemporaryDirectory() as folder:
        settings, report = Path(folder, "pytest.ini"), Path(folder, "report.xml")
        settings.write_text("[pytest]\n", encoding="utf-8")  # and not the project's own, which may ask for plugins
        options = ["-q", "-c", settings, "-p", "no:cacheprovider", f"--junitxml={report}", *where]
        options += ["-p", "patched"] if ours else []
        options += ["-k", " and ".join(chosen)] if chosen else []
        options += ["--hypothesis-seed=0"]  # opacus draws its sizes
        path = os.pathsep.join([str(HERE), str(ROOT)])
        environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, "-m", "pytest", *options, *tests], cwd=folder, env=environment)
        cases = [*xml.parse(report).iter("testcase")]
    names = [f"{case.get('classname').rpartition('.')[2]}::{case.get('name')}" for case in cases]
    kinds = {name: {child.tag for child in case} for name, case in zip(names, cases)}
    return {name: not tags & {"failure", "error"} for name, tags in kinds.items() if "skipped" not in tags}


def compared(project: dict) -> tuple[dict, list[str]]:
    """A row of the record, and what is not as projects.toml says."""
    torchs, ours = outcomes(project, ours=False), outcomes(project, ours=True)
    lost = {name for name, passed in torchs.items() if passed and not ours.get(name, False)}
    reasons = project.get("differences", {})
    row = {key: project[key] for key in ("name", "version", "what")} | {
        "unpatched": sum(torchs.values()),
        "patched": sum(ours.values()),
        "tests": len(torchs),
        "left_out": project.get("left_out", {}),
        "differences": reasons,
    }
    wrong = [f"{name} passes with torch's layers alone" for name in sorted(lost - set(reasons))]
    wrong += [f"{name} is said to differ, and does not" for name in sorted(set(reasons) - lost)]
    return row, [f"{project['name']}: {line}" for line in wrong] + ([] if torchs else [f"{project['name']}: no tests"])


def table(record: dict) -> str:
    """README's table: what was tried, how many tests pass with torch's layers and with ours, and what differs."""
    lines = ["| project | what its tests do | pass with torch's | with ours | why not all |", "|---|---|---|---|---|"]
    for row in record["projects"]:
        why = [f"`{name.rpartition('::')[2]}`: {reason}" for name, reason in row["differences"].items()]
        why += [f"`{name}` is not run: it {reason}" for name, reason in row["left_out"].items()]
        counts = f"{row['unpatched']} of {row['tests']} | {row['patched']}"
        lines.append(f"| {row['name']} {row['version']} | {row['what']} | {counts} | {'; '.join(why)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="projects; all where none is given")
    parser.add_argument("--write", action="store_true", help="keep the counts in results/others.json")
    args = parser.parse_args()
    rows, wrong = [], []
    for project in projects():
        if not args.names or project["name"] in args.names:
            row, lines = compared(project)
            rows.append(row)
            wrong += lines
    record = {"torch": version("torch").partition("+")[0], "python": platform.python_version(), "projects": rows}
    print(table(record), *wrong, sep="\n")
    if args.write and not wrong and not args.names:
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
