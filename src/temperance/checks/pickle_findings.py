"""What the pickle checks of adapters and of models have in common: a finding per file that carries a pickle."""

from temperance.checks import pickles
from temperance.checks.check import Findings
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import FolderSubject


def pickle_findings(id: str, subject: FolderSubject) -> Findings:
    """Yield a critical finding per file that would run foreign code, a high one where nobody can tell, a medium one for the rest."""
    carrying = 0
    for path in subject.files:
        read = pickles.scan(path)
        if not read.holds:
            continue
        carrying += 1
        certain = [danger.says for danger in read.dangers if danger.certain]
        unsure = [danger.says for danger in read.dangers if not danger.certain]
        severity = Severity.CRITICAL if certain else Severity.HIGH if unsure else Severity.MEDIUM
        title = {
            Severity.CRITICAL: "loading this file would run foreign code",
            Severity.HIGH: "this file may run foreign code: it cannot be read to its end",
            Severity.MEDIUM: "this file is a pickle",
        }[severity]
        said = "; ".join((certain + unsure)[:8]) or f"{len(read.names)} imports, all of them on the list of harmless ones"
        yield Finding(
            id=id,
            severity=severity,
            confidence=Confidence.HIGH if certain or not unsure else Confidence.MEDIUM,
            title=title,
            evidence=Evidence(where=subject.relative(path), says=said, value=float(len(read.dangers)), limit=0.0),
            fix=Fix(says="do not load it; ask for the same weights as safetensors"),
        )
    return {"files": float(len(subject.files)), "pickles": float(carrying)}
