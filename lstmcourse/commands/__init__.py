"""The commands of the course: ``python -m lstmcourse NAME`` calls ``main(argv) -> exit status`` of the module NAME."""

COMMANDS = {
    "lab": "make the learner's copy of the notebooks and open it in JupyterLab",
    "doctor": "tell what is wrong with this environment, and the line that mends it",
    "bench": "time every layer against torch.nn",
    "data": "list the data sets with source, licence and sha256",
    "experiments": "list, run or show the runs behind the notebooks",
    "kit": "put the course on a stick, for laptops without a network",
    "room": "for an instructor: who is where, of those who joined a folder; nothing is sent anywhere",
    "build": "make what is derived: outputs, tables, stubs, the learner's copy",
}
