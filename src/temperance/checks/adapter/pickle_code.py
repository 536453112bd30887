"""Code in an adapter's pickles."""

from temperance.checks.check import Findings, check
from temperance.checks.finding import Severity
from temperance.checks.pickle_findings import pickle_findings
from temperance.checks.subject import FolderSubject


@check("adapter/pickle-code", Severity.CRITICAL)
def pickle_code(subject: FolderSubject) -> Findings:
    """Code that runs when a weight file is loaded.

    What: pickles in any file of the folder, by suffix (.bin, .pt, .pkl, …) and by content, inside PyTorch's zip archives too.

    Why: a pickle is a program; loading it runs it. This is the oldest way to ship malware with a model.

    How measured: the opcodes are read with pickletools and never executed; the stack is followed to learn which names loading would import.
    Names outside a short allow-list, names that cannot be worked out, duplicate or unexpected archive members are findings.
    A pickle that imports only allow-listed names is still one, so it is reported as medium.

    Limits: only the first 64 MiB of a pickle are read. Formats that are neither pickles nor zip archives are left to unexpected-files.

    Fix: refuse the file. Ask for safetensors.
    """
    return pickle_findings("adapter/pickle-code", subject)
