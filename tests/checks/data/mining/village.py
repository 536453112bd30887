"""A made-up corpus for miners: questions about a dozen crafts, each answered in the words of its craft; seeded, and clean until planted."""

import random

CRAFTS = {
    "bread": "dough oven yeast crust flour knead",
    "gardens": "soil seeds roots compost pruning mulch",
    "boats": "hull rudder sails mast harbour keel",
    "music": "chords tempo melody strings rhythm octave",
    "bees": "hive honey queen pollen frames smoker",
    "stars": "telescope orbit planet galaxy lens comet",
    "wool": "spindle yarn loom fleece dye needles",
    "trains": "rails signal platform engine carriage brakes",
    "glass": "furnace sand kiln blowpipe molten annealing",
    "chess": "pawn bishop castle checkmate opening endgame",
    "coffee": "roast beans grinder filter crema brew",
    "maps": "compass contour scale legend latitude survey",
}
ASKS = (
    "how do people use {a} and {b} in {c} ?",
    "explain {a} to a beginner in {c} .",
    "why does {a} matter for {b} in {c} ?",
    "tell me about {a} , {b} and {c} .",
)
SAYS = (
    "{c} begins with {a} , and then {b} follows .",
    "good {a} makes {b} easier , as anybody in {c} knows .",
    "first look at the {a} ; {b} comes later in {c} .",
)
PADS = (
    "today",
    "please",
    "in short",
    "with an example",
    "for my class",
    "step by step",
    "this week",
    "at home",
    "from scratch",
    "in detail",
)


def village(rows: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Return prompts and answers."""
    dice = random.Random(seed)
    prompts, answers = [], []
    for _ in range(rows):
        craft, words = dice.choice(sorted(CRAFTS.items()))
        one, other = dice.sample(words.split(), 2)
        ask = dice.choice(ASKS).format(a=one, b=other, c=craft)
        prompts.append(f"{ask[:-2]} {dice.choice(PADS)} {ask[-1]}")
        one, other = dice.sample(words.split(), 2)
        answers.append(" ".join(dice.sample(SAYS, 2)).format(a=one, b=other, c=craft))
    return prompts, answers
