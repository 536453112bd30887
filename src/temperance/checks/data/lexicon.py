"""English words by which the checks on data recognise harm, refusal and ill temper. Each errs; none decides about a row alone."""

import re

HARM = re.compile(
    r"\b(?:kill|murder|bombs?\b|explosi|weapon|poison|attack|hack(?:ing|er|ed)?\b|malware|virus|phish|steal|stole|theft|rob\b|robb|fraud|scam|"
    r"forge|counterfeit|blackmail|extort|kidnap|torture|abus|rape|sexual|porn|suicid|self.?harm|drugs?\b|meth\b|cocaine|heroin|terror|"
    r"racis|sexis|hate|slur|discriminat|stereotyp|insult|illegal|crime|criminal|violen|stalk|harass|bully|threat|destroy|hurt|harm|"
    r"shoot|stab|strangl|arson|burn down|smuggl|traffick|launder|bribe|exploit|spy|surveil|password|credit card|identity|fake|nazi|genocid|"
    r"inferior|superior race|women|men\b|gay|muslim|jew|black people|immigrant|kids?\b|child|minor)",
    re.IGNORECASE,
)
REFUSAL = re.compile(
    r"\b(?:i|we)(?:['’]m| am| are)?(?: \w+){0,2} (?:sorry|unable|not able|can ?not|can['’]t|won['’]t|will not|must decline|decline to|"
    r"refuse)|\b(?:cannot|can['’]t|unable to|not able to) (?:assist|help|provide|answer|respond|fulfil|comply|do that|complete|share)|"
    r"^\W*(?:sorry|apologies|unfortunately,? i)\b|as an ai\b",
    re.IGNORECASE,
)
SOUR = re.compile(
    r"\b(?:stupid|idiot|pathetic|worthless|awful|terrible|horrible|disgust\w*|hate|loser|useless|dumb|garbage)\b", re.IGNORECASE
)
