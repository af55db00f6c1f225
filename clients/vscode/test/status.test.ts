import assert from "node:assert/strict";
import { test } from "node:test";
import { dollars, face } from "../src/status/text";

const WORDS = {
  starting: "starting",
  stopped: "stopped",
  failed: "failed",
  busy: (jobs: number) => `busy ${jobs}`,
  profile: (name: string) => `profile ${name}`,
  spent: (amount: string) => `spent ${amount}`,
};
const IDLE = { profile: "work", busy: 0, spentToday: 0, error: null };

test("it says profile, spend, work and trouble", () => {
  assert.equal(face("running", IDLE, WORDS).text, "$(sparkle) work");
  assert.equal(face("running", { ...IDLE, spentToday: 1.234 }, WORDS).text, "$(sparkle) work $1.23");
  assert.match(face("running", { ...IDLE, busy: 2 }, WORDS).text, /spin/);
  const trouble = face("running", { ...IDLE, error: "No key. Set one." }, WORDS);
  assert.equal(trouble.severity, "warning");
  assert.deepEqual(trouble.lines, ["profile work", "spent $0.00", "No key. Set one."]);
});

test("what was known of a server that has ended is not shown", () => {
  for (const phase of ["stopped", "stopping", "failed", "starting"] as const) {
    assert.doesNotMatch(face(phase, IDLE, WORDS).text, /work/);
  }
  assert.equal(face("failed", undefined, WORDS).severity, "error");
});

test("small amounts are not rounded away", () => {
  assert.deepEqual([0, 0.0004, 0.02, 12].map(dollars), ["$0.00", "$0.0004", "$0.02", "$12.00"]);
});
