import assert from "node:assert/strict";
import { test } from "node:test";
import { type Change, moved, withHunks } from "../src/proposals/hunks";
import { Shelf } from "../src/proposals/shelf";
import type { Hunk, Proposal } from "../src/protocol";

const at = (line: number, character: number) => ({ line, character });
const range = (a: number, b: number, c: number, d: number) => ({ start: at(a, b), end: at(c, d) });
const hunk = (place: Hunk["range"], newText: string): Hunk => ({ range: place, newText });

const TEXT = "one\r\ntwo 👍🏽\nthree\rfour";

test("hunks are put in their places, whatever ends the lines", () => {
  const hunks = [
    hunk(range(0, 0, 0, 3), "1"),
    hunk(range(1, 4, 1, 8), "2"),
    hunk(range(2, 5, 2, 5), "!"),
    hunk(range(3, 0, 9, 0), "4"),
  ];

  assert.equal(withHunks(TEXT, hunks), "1\r\ntwo 2\nthree!\r4");
  assert.equal(withHunks(TEXT, []), TEXT);
});

/** The text after a change, as any editor makes it. */
const after = (text: string, change: Change) => withHunks(text, [hunk(change.range, change.text)]);

const CHANGES: readonly { readonly name: string; readonly change: Change }[] = [
  { name: "a line above", change: { range: range(0, 0, 0, 0), text: "new\n" } },
  { name: "two lines above taken away", change: { range: range(0, 0, 2, 0), text: "" } },
  { name: "text before it in its line", change: { range: range(3, 0, 3, 1), text: "xyz" } },
  { name: "a break before it in its line", change: { range: range(3, 1, 3, 1), text: "a\nb" } },
  { name: "lines joined above", change: { range: range(2, 1, 3, 0), text: "" } },
  { name: "text below", change: { range: range(4, 0, 4, 0), text: "below\n" } },
  { name: "text behind it in its line", change: { range: range(3, 5, 3, 5), text: "!" } },
];

for (const { name, change } of CHANGES) {
  test(`a hunk moves with what is edited around it: ${name}`, () => {
    const text = "aaaa\nbbbb\ncccc\ndddd eee\nffff\n";
    const hunks = [hunk(range(3, 2, 3, 4), "DD")];

    const now = moved(hunks, change);

    assert.ok(now);
    assert.equal(withHunks(after(text, change), now), after(withHunks(text, hunks), change));
  });
}

test("what touches a hunk is for the server to decide", () => {
  const hunks = [hunk(range(1, 2, 1, 4), "x")];

  assert.equal(moved(hunks, { range: range(1, 3, 1, 3), text: "y" }), undefined);
  assert.equal(moved(hunks, { range: range(0, 0, 1, 3), text: "" }), undefined);
});

function proposal(given: Partial<Proposal> = {}): Proposal {
  const hunks = [hunk(range(5, 0, 5, 0), "new\n")];
  return { id: "p", uri: "file:///a", version: 3, hunks, title: "Title", reason: "", state: "kept", ...given };
}

const LINE_ABOVE = [{ range: range(0, 0, 0, 0), text: "x\n" }];

test("a proposal is new once, moves with its document, and goes", () => {
  const shelf = new Shelf();

  assert.equal(shelf.take(proposal()), true);
  assert.equal(shelf.take(proposal()), false);
  assert.deepEqual(shelf.changed("file:///a", 4, LINE_ABOVE), ["p"]);
  assert.deepEqual(shelf.changed("file:///b", 4, LINE_ABOVE), []);
  assert.equal(shelf.get("p")?.hunks[0]?.range.start.line, 6);
  shelf.take(proposal({ state: "gone" }));
  assert.deepEqual(shelf.all(), []);
});

test("a message that the server sent before it had the last changes is brought up to date", () => {
  const shelf = new Shelf();
  shelf.changed("file:///a", 4, LINE_ABOVE);
  shelf.changed("file:///a", 5, LINE_ABOVE);

  shelf.take(proposal({ version: 4 }));

  assert.equal(shelf.get("p")?.hunks[0]?.range.start.line, 6);
  assert.equal(shelf.get("p")?.version, 5);
});

test("one whose place was edited is stale until the server says what it is now", () => {
  const shelf = new Shelf();
  shelf.take(proposal({ hunks: [hunk(range(5, 0, 6, 0), "")] }));

  shelf.changed("file:///a", 4, [{ range: range(5, 2, 5, 2), text: "x" }]);
  assert.equal(shelf.get("p")?.stale, true);
  shelf.take(proposal({ version: 4 }));
  assert.equal(shelf.get("p")?.stale, false);
});
