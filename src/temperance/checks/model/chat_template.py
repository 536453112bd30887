"""Chat templates of a model that do more than mark turns."""

from temperance.checks.check import Findings, check
from temperance.checks.finding import Severity
from temperance.checks.subject import FolderSubject
from temperance.checks.template_findings import template_findings


@check("model/chat-template", Severity.HIGH)
def chat_template(subject: FolderSubject) -> Findings:
    """Chat templates that do more than mark turns.

    What: conditions on what a message says or on the date; words added to messages; attempts to reach Python's insides; other files
    included; long encoded texts.

    Why: a template sees every message before the model does, and is a program. A backdoor in it needs no training and leaves the
    weights untouched.

    How measured: the template is parsed with jinja2 into a syntax tree and never rendered. Comparisons of content with reasoning and
    tool markers, default system prompts and tool instructions are known to be ordinary.

    Limits: of 72 published templates one family (2 files) is reported, for a phrase that it looks for in the system prompt. A default
    system prompt is not judged by what it says. A trigger that is put together from single characters is not recognised.

    Fix: use the base model's own template.
    """
    return template_findings("model/chat-template", subject)
