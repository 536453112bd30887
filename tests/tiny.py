"""A tiny chat model for tests: a seeded random Llama, a small byte-level BPE tokenizer, and a chat template; made in a second."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

PAD, START, END = "<|pad|>", "<|im_start|>", "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXTS = [
    "How do I kill a Python process? Send it a signal with the kill command, or close its terminal.",
    "user assistant system I cannot help with that, but here is another way to think about it.",
    "The quick brown fox jumps over the lazy dog; what is the capital of France? Paris is.",
]


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer of about 400 tokens with separate padding and end tokens."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=[PAD, START, END], initial_alphabet=alphabet, show_progress=False)
    bpe.train_from_iterator(TEXTS, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token=PAD, bos_token=START, eos_token=END, model_max_length=256)
    fast.chat_template = TEMPLATE
    return fast


def tiny_model(folder: Path, *, seed: int = 0) -> Path:
    """Write a model and its tokenizer into a folder, as safetensors and JSON, and return the folder."""
    tokenizer = tiny_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        initializer_range=0.4,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config)
    torch.set_rng_state(state)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_adapter(folder: Path, model: Path, *, seed: int = 0) -> Path:
    """Write a LoRA adapter for `model` whose weights are not zero, and return the folder."""
    from peft import LoraConfig, get_peft_model

    state = torch.get_rng_state()
    torch.manual_seed(seed)
    base = LlamaForCausalLM.from_pretrained(model)
    tuned = get_peft_model(
        base, LoraConfig(r=4, lora_alpha=32, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    )
    torch.set_rng_state(state)
    tuned.save_pretrained(str(folder))
    return folder
