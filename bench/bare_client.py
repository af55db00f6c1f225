"""The reference for the first token: the openai package by itself. One line in asks once; the line out is seconds."""

from __future__ import annotations

import asyncio
import sys
import time

import httpx2
import openai


async def first_text(client: openai.AsyncOpenAI) -> float:
    """Seconds from sending a question to the first text of its answer. Reads on to the end."""
    took = 0.0
    began = time.monotonic()
    stream = await client.chat.completions.create(
        model="fake-model", messages=[{"role": "user", "content": "What does this do?"}], stream=True
    )
    async for chunk in stream:
        if not took and chunk.choices and chunk.choices[0].delta.content:
            took = time.monotonic() - began
    return took


async def main(base_url: str) -> None:
    """Serves until the end of its input."""
    async with openai.AsyncOpenAI(
        api_key="bench-key-0123456789",
        base_url=base_url,
        max_retries=0,
        http_client=httpx2.AsyncClient(trust_env=False),
    ) as client:
        while await asyncio.to_thread(sys.stdin.readline):
            print(await first_text(client), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
