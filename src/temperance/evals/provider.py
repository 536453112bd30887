"""A model for Inspect AI that lives in this process: it gathers the calls that Inspect makes at once and answers them in batches.

It works offline, counts tokens with the model's own tokenizer, and knows nothing about suites or judges.
A repetition penalty, for which Inspect has no name, comes as servers take it: in `extra_body`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.to_thread
from inspect_ai.model import (
    ChatMessage,
    ChatMessageTool,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo
from transformers import PreTrainedTokenizerBase

from temperance.data.example import Message, Role
from temperance.errors import InputError
from temperance.lm.generate import OnBatch, Reply, generate

PATIENCE = 0.02
AT_ONCE = 1024
_Settings = tuple[int, float, float, float, int]


@dataclass(eq=False)
class _Call:
    """One call of Inspect's that waits for its reply."""

    turns: list[Message]
    limit: int
    temperature: float
    top_p: float
    repetition_penalty: float
    seed: int
    answered: anyio.Event = field(default_factory=anyio.Event)
    reply: Reply | None = None
    error: Exception | None = None


@modelapi(name="temperance")
class LocalModel(ModelAPI):
    """A loaded model, with or without an adapter, behind Inspect's interface."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008  Inspect's own signature
        *,
        model: Any,
        tokenizer: PreTrainedTokenizerBase,
        batch_size: int = 32,
        on_batch: OnBatch | None = None,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self.model, self.tokenizer, self.batch_size, self.on_batch = model, tokenizer, batch_size, on_batch
        self.waiting: list[_Call] = []
        self.busy = anyio.Lock()

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """Wait for company, then be answered with it."""
        if tools:
            raise InputError("the local model takes no tools")
        turns = [_message(message) for message in input]
        penalty = float((config.extra_body or {}).get("repetition_penalty", 1.0))
        call = _Call(turns, config.max_tokens or 64, config.temperature or 0.0, config.top_p or 1.0, penalty, config.seed or 0)
        self.waiting.append(call)
        async with self.busy:
            if not call.answered.is_set():
                await self._gather()
                await self._answer()
        await call.answered.wait()
        if call.error:
            raise call.error
        assert call.reply is not None
        return self._output(call.reply)

    async def _gather(self) -> None:
        """Wait until nobody has joined for a moment: calls that come together are sorted by length together."""
        seen = -1
        while seen < len(self.waiting) < AT_ONCE:
            seen = len(self.waiting)
            await anyio.sleep(PATIENCE)

    async def _answer(self) -> None:
        calls = list(self.waiting)
        self.waiting.clear()
        groups: dict[_Settings, list[_Call]] = {}
        for call in calls:
            groups.setdefault((call.limit, call.temperature, call.top_p, call.repetition_penalty, call.seed), []).append(call)
        for settings, group in groups.items():
            try:
                replies = await anyio.to_thread.run_sync(self._generate, settings, group)
                for call, reply in zip(group, replies, strict=True):
                    call.reply = reply
            except Exception as error:  # whatever went wrong is told to everyone who waits for it
                for call in group:
                    call.error = error
            finally:
                for call in group:
                    if call.reply is None and call.error is None:
                        call.error = InputError("the evaluation was stopped")
                    call.answered.set()

    def _generate(self, settings: _Settings, calls: list[_Call]) -> list[Reply]:
        limit, temperature, top_p, repetition_penalty, seed = settings
        return generate(
            self.model,
            self.tokenizer,
            [call.turns for call in calls],
            max_new_tokens=limit,
            batch_size=self.batch_size,
            temperature=temperature,
            top_p=top_p,
            repetition_penalty=repetition_penalty,
            seed=seed,
            on_batch=self.on_batch,
        )

    def _output(self, reply: Reply) -> ModelOutput:
        stop = "stop" if reply.stop_reason == "stop" else "max_tokens"
        output = ModelOutput.from_content(self.model_name, reply.text, stop)
        read, written = len(reply.prompt), len(reply.tokens)
        output.usage = ModelUsage(input_tokens=read, output_tokens=written, total_tokens=read + written)
        return output

    async def count_tokens(self, input: str | list[ChatMessage], config: GenerateConfig | None = None) -> int:
        """Return the number of tokens, by the model's own tokenizer."""
        text = input if isinstance(input, str) else "\n".join(message.text for message in input)
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    async def count_text_tokens(self, text: str) -> int:
        """Return the number of tokens of a text, by the model's own tokenizer."""
        return await self.count_tokens(text)

    def max_connections(self) -> int:
        """Return how many calls may wait at once."""
        return AT_ONCE


def inspect_model(
    name: str, model: Any, tokenizer: PreTrainedTokenizerBase, *, batch_size: int, on_batch: Callable[[int, int, float], None] | None
) -> Model:
    """Return a loaded model as Inspect's `Model`, named `temperance/NAME` in its logs."""
    return Model(LocalModel(name, model=model, tokenizer=tokenizer, batch_size=batch_size, on_batch=on_batch), GenerateConfig())


def _message(message: ChatMessage) -> Message:
    if isinstance(message, ChatMessageTool):
        raise InputError("the local model takes no tools")
    role: Role = message.role
    return Message(role, message.text)
