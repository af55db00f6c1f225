import assert from "node:assert/strict";
import { test } from "node:test";
import { type Disk, findServer, type Places } from "../src/server/find";

const OWN = { source: "installed", command: "/storage/bin/ask-lsp", args: ["--stdio"] } as const;

function disk(programs: readonly string[], links: Readonly<Record<string, string>> = {}, windows = false): Disk {
  return { windows, isProgram: (file) => programs.includes(file), real: (file) => links[file] ?? file };
}

function places(given: Partial<Places>): Places {
  return {
    setting: "",
    settingArgs: [],
    own: undefined,
    path: "/usr/bin",
    folders: ["/work"],
    trusted: true,
    ...given,
  };
}

const EVERYWHERE = disk(["/usr/bin/ask-lsp", "/work/.venv/bin/ask-lsp", "/work/bin/ask-lsp"]);

test("the setting comes before all others, with its arguments", () => {
  const found = findServer(places({ setting: "/opt/ask-lsp", settingArgs: ["-v"], own: OWN }), EVERYWHERE);

  assert.deepEqual(found, { source: "setting", command: "/opt/ask-lsp", args: ["-v", "--stdio"] });
});

test("the extension's own server comes before PATH", () => {
  assert.equal(findServer(places({ own: OWN }), EVERYWHERE), OWN);
});

test("PATH comes before the workspace's environment", () => {
  assert.equal(findServer(places({}), EVERYWHERE)?.command, "/usr/bin/ask-lsp");
  assert.equal(findServer(places({ path: "" }), EVERYWHERE)?.command, "/work/.venv/bin/ask-lsp");
});

test("a workspace that is not trusted runs nothing", () => {
  assert.equal(findServer(places({ path: "", trusted: false }), EVERYWHERE), undefined);
});

for (const path of ["", ".", "bin", "./bin", "/work/bin", "/work/sub/../bin", "/link"]) {
  test(`PATH with "${path}" finds nothing inside the workspace`, () => {
    const linked = disk(["/work/bin/ask-lsp", "/link/ask-lsp", "bin/ask-lsp"], {
      "/link/ask-lsp": "/work/bin/ask-lsp",
    });

    assert.equal(findServer(places({ path, trusted: false }), linked), undefined);
  });
}

test("a link into the workspace's neighbour is fine", () => {
  const found = findServer(places({ path: "/workshop/bin" }), disk(["/workshop/bin/ask-lsp"]));

  assert.equal(found?.command, "/workshop/bin/ask-lsp");
});

test("Windows has its own separators and endings", () => {
  const files = disk(["C:\\Tools\\ask-lsp.exe", "D:\\work\\.venv\\Scripts\\ask-lsp.exe"], {}, true);
  const at = (path: string) => findServer(places({ path, folders: ["D:\\work"] }), files)?.command;

  assert.equal(at('"C:\\Tools";C:\\Windows'), "C:\\Tools\\ask-lsp.exe");
  assert.equal(at("Tools;D:\\WORK"), "D:\\work\\.venv\\Scripts\\ask-lsp.exe");
});
