import assert from "node:assert/strict";
import { test } from "node:test";
import { readable } from "../src/answers/chatFile";
import { Store } from "../src/answers/store";
import type { Answer } from "../src/protocol";

const WORDS = { waiting: "Waiting", you: "You:", cancelled: "Cancelled." };

function told(state: Answer["state"], more: Partial<Answer> = {}): Answer {
  return { job: "j", seq: 1, state, ...more };
}

const JOB = { id: "j", title: "Explain (a.py)", question: "", uri: "file:///a.py" };

test("an answer grows, and says how it ended", () => {
  const store = new Store("Answer", "s");
  const conversation = store.started(JOB);

  store.take(told("waiting", { note: "asking" }));
  assert.match(conversation.render(WORDS), /\*asking\*/);
  assert.equal(store.take(told("streaming", { delta: "One " })).appeared, false);
  assert.equal(store.take(told("streaming", { chat: "file:///c.md" })).appeared, true);
  assert.equal(store.take(told("streaming", { delta: "two." })).appeared, false);
  store.take(told("done", { note: "model answered", chat: "file:///c.md" }));

  assert.equal(conversation.render(WORDS), "# Explain (a.py)\n\nOne two.\n\n*model answered*\n");
  assert.equal(conversation.isRunning, false);
});

test("messages may come before the answer to the command", () => {
  const store = new Store("Answer", "s");
  store.take(told("streaming", { delta: "One" }));

  const conversation = store.started({ ...JOB, question: "Why?" });

  assert.equal(conversation.render(WORDS), "# Explain (a.py)\n\n**You:** Why?\n\nOne\n");
  assert.equal(store.isWorkingOn("file:///a.py"), true);
  assert.equal(store.isWorkingOn("file:///b.py"), false);
});

test("a follow-up goes on in the same view", () => {
  const store = new Store("Answer", "s");
  const conversation = store.started(JOB);
  store.take(told("done", { delta: "One", chat: "file:///c.md" }));

  store.started({ id: "k", title: "", question: "And then?", uri: "" }, conversation);
  store.take({ job: "k", seq: 1, state: "streaming", delta: "Two" });

  const text = conversation.render(WORDS);
  assert.match(text, /One\n\n---\n\n\*\*You:\*\* And then\?\n\nTwo\n$/);
});

test("a follow-up may be answered before it is known to be one", () => {
  const store = new Store("Answer", "s");
  const conversation = store.started(JOB);
  store.take(told("done", { delta: "One", chat: "file:///c.md" }));
  store.take({ job: "k", seq: 1, state: "streaming", delta: "Tw" });

  store.started({ id: "k", title: "", question: "And then?", uri: "" }, conversation);
  store.take({ job: "k", seq: 2, state: "streaming", delta: "o" });

  assert.match(conversation.render(WORDS), /\*\*You:\*\* And then\?\n\nTwo\n$/);
  assert.equal(store.ofJob("k"), conversation);
});

test("when the server ends, what had come stays", () => {
  const store = new Store("Answer", "s");
  const conversation = store.started(JOB);
  store.take(told("streaming", { delta: "```python\nx = 1" }));

  assert.deepEqual(store.lose("It has ended."), [conversation]);

  assert.match(conversation.render(WORDS), /```python\nx = 1\n```\n\n> ⚠ It has ended\.\n$/);
  assert.equal(store.isWorkingOn("file:///a.py"), false);
  assert.deepEqual(store.lose("again"), []);
});

test("another server counts its jobs from one again", () => {
  const store = new Store("Answer", "s");
  const before = store.started(JOB);
  store.take(told("streaming", { delta: "One", chat: "file:///c.md" }));
  store.lose("It has ended.");

  const after = store.started(JOB);
  const taken = store.take(told("streaming", { delta: "Two", chat: "file:///d.md" }));

  assert.notEqual(after.id, before.id);
  assert.deepEqual(taken, { conversation: after, appeared: true });
  assert.doesNotMatch(before.render(WORDS), /Two/);
});

test("a fence inside a longer fence does not close it", () => {
  const store = new Store("Answer", "s");
  const conversation = store.started(JOB);
  store.take(told("cancelled", { delta: "````md\n```\n", chat: "file:///c.md" }));

  assert.match(conversation.render(WORDS), /````md\n```\n````\n\n\*Cancelled\.\*/);
});

const CHAT = [
  "# Why? <!-- ask:0123456789abcdef01234567 chat action=ask -->",
  "## You <!-- ask:0123456789abcdef01234567 role=user -->",
  "Why?",
  "## ChatGPT <!-- ask:0123456789abcdef01234567 role=assistant model=m -->",
  "Because.",
  "## You <!-- ask:0123456789abcdef01234567 role=user -->",
  "",
].join("\n\n");

test("people read a chat without its markers", () => {
  assert.equal(readable(CHAT), "# Why?\n\n## You\n\nWhy?\n\n## ChatGPT\n\nBecause.");
});
