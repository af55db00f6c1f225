import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../src/server/handshake";

function from(version: string | undefined, protocol: unknown) {
  return {
    serverInfo: { name: "ask-lsp", version },
    capabilities: { experimental: protocol === undefined ? undefined : { askLsp: { protocol } } },
  };
}

const CASES = [
  { version: "1.2.3", protocol: 1, verdict: "fits" },
  { version: "1.2.9", protocol: 1, verdict: "fits" },
  { version: "1.1.9", protocol: 1, verdict: "server" },
  { version: "0.9.0", protocol: 1, verdict: "server" },
  { version: "1.10.0", protocol: 1, verdict: "extension" },
  { version: "2.0.0", protocol: 1, verdict: "extension" },
  { version: "1.2.3", protocol: 2, verdict: "extension" },
  { version: "1.2.3", protocol: undefined, verdict: "server" },
  { version: "1.2.3", protocol: "1", verdict: "server" },
  { version: undefined, protocol: 1, verdict: "fits" },
  { version: undefined, protocol: undefined, verdict: "server" },
] as const;

for (const { version, protocol, verdict } of CASES) {
  test(`a server ${version} with protocol ${protocol}: ${verdict}`, () => {
    const told = judge(from(version, protocol), "1.2.3");

    assert.equal(told.fits ? "fits" : told.older, verdict);
  });
}

test("something else that speaks LSP is not taken for ours", () => {
  const told = judge({ serverInfo: { name: "pylsp", version: "9.0" }, capabilities: {} }, "1.2.3");

  assert.deepEqual(told, { fits: false, older: "server", server: undefined });
});
